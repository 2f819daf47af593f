"""Name, dtype and axes of every input and output of the two graphs: the one list, read by wrapper, export,
verification and, through the manifest, the client."""

from dataclasses import dataclass
from typing import Literal

from splitseem_model.config import DecoderConfig
from splitseem_model.decoder import NUM_LEVELS
from splitseem_model.wiring import WIRINGS

Axis = int | str
LEVELS = range(NUM_LEVELS)


@dataclass(frozen=True)
class TensorSpec:
    """One graph input or output; a named axis is dynamic."""

    name: str
    dtype: Literal["float32", "int64"]
    shape: tuple[Axis, ...]

    @property
    def dynamic_axes(self) -> dict[int, str]:
        """Position and name of each dynamic axis, as the exporter wants them."""
        return {i: axis for i, axis in enumerate(self.shape) if isinstance(axis, str)}


@dataclass(frozen=True)
class GraphSpec:
    """Inputs and outputs of a graph, in order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def prepare_spec(config: DecoderConfig) -> GraphSpec:
    """`prepare.onnx`: once per image."""
    levels = tuple(_float(f"level{i}", 1, config.dim, f"h{i}", f"w{i}") for i in LEVELS)
    mask_features = _float("mask_features", 1, config.mask_dim, "h4", "w4")
    return GraphSpec((*levels, mask_features), _prepared(config))


def step_spec(config: DecoderConfig) -> GraphSpec:
    """`step.onnx`: once per interaction."""
    queries = num_queries(config)
    rows = queries + (config.num_memories if has_memory(config) else 0)
    columns = f"{rows}+points"
    points = (
        *(_float(f"point_features{i}", 1, "points", config.dim) for i in LEVELS),
        _float("point_coords", 1, "points", 2),
        TensorSpec("point_labels", "int64", (1, "points")),
    )
    memory = (_float("previous_mask", 1, 1, "h4", "w4"),) if has_memory(config) else ()
    outputs = (
        _float("mask_embed", 1, queries, config.mask_dim),
        _float("class_embed", 1, queries, config.class_dim),
        _float("quality", 1, queries),
    )
    bias = _float("attention_bias", 1, rows, columns)
    return GraphSpec((*_prepared(config), *points, *memory, bias), outputs)


def num_queries(config: DecoderConfig) -> int:
    """Q: rows that can answer."""
    return len(WIRINGS[config.wiring].interactive_queries(config.num_queries))


def has_memory(config: DecoderConfig) -> bool:
    """Whether the step takes a previous mask."""
    return WIRINGS[config.wiring].has_memory


def _prepared(config: DecoderConfig) -> tuple[TensorSpec, ...]:
    heads, width = config.num_heads, config.dim // config.num_heads
    layers = range(config.num_layers)
    return (
        *(_float(f"key{i}", 1, heads, width, f"n{i % NUM_LEVELS}") for i in layers),
        *(_float(f"value{i}", 1, heads, f"n{i % NUM_LEVELS}", width) for i in layers),
        *(_float(f"level_mask_features{i}", 1, config.mask_dim, f"n{i}") for i in LEVELS),
        _float("query_state", 1, num_queries(config), config.dim),
    )


def _float(name: str, *shape: Axis) -> TensorSpec:
    return TensorSpec(name, "float32", shape)
