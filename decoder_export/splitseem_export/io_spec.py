"""Name, dtype and axes of every input and output of the graphs: the one list, read by wrapper, export,
verification and, through the manifest, the client.

There are two pairs of graphs. `prepare` and `step` hold only the queries that answer points, so that a
click is quick. `general_prepare` and `general_step` take any choice of query rows, text rows and objects.
"""

from dataclasses import dataclass
from typing import Literal

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.layers.levels import NUM_LEVELS

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
    levels = tuple(_float(f"level{i}", 1, config.level_channels[i], f"h{i}", f"w{i}") for i in LEVELS)
    mask_features = _float("mask_features", 1, config.mask_dim, "h4", "w4")
    return GraphSpec((*levels, mask_features), _prepared(config))


def step_spec(config: DecoderConfig) -> GraphSpec:
    """`step.onnx`: once per interaction; of several objects at once, "batch" of them."""
    queries = num_queries(config)
    rows = queries + _num_memories(config)
    memory = (_float("previous_mask", "batch", 1, "h4", "w4"),) if has_memory(config) else ()
    bias = _float("attention_bias", "batch", rows, f"{rows}+points")
    inputs = (*_prepared(config), *_points(config, "batch"), *memory, bias)
    return GraphSpec(inputs, _head(config, queries, "batch"))


def general_prepare_spec(config: DecoderConfig) -> GraphSpec:
    """`general_prepare.onnx`: as `prepare.onnx`, but for all learned queries, in their order."""
    return GraphSpec(prepare_spec(config).inputs, _prepared(config, config.num_queries))


def general_step_spec(config: DecoderConfig) -> GraphSpec:
    """`general_step.onnx`: once per interaction, with the learned queries that `query_index` names.

    There is at least one text row; no row sees one that is padding. A memory has a mask of its own, so that
    memories can belong to several objects.
    """
    memories = _num_memories(config)
    rows = f"queries+{memories}+texts"
    memory = (_float("previous_mask", 1, memories, "h4", "w4"),) if memories else ()
    inputs = (
        *_prepared(config, config.num_queries),
        TensorSpec("query_index", "int64", ("queries",)),
        *_points(config),
        *memory,
        _float("text_tokens", 1, "texts", config.dim),
        _float("attention_bias", 1, rows, f"{rows}+points"),
    )
    return GraphSpec(inputs, _head(config, "queries"))


def num_queries(config: DecoderConfig) -> int:
    """Q: rows that can answer."""
    return len(WIRINGS[config.wiring].interactive_queries(config.num_queries))


def has_memory(config: DecoderConfig) -> bool:
    """Whether the step takes a previous mask."""
    return WIRINGS[config.wiring].has_memory


def _num_memories(config: DecoderConfig) -> int:
    return config.num_memories if has_memory(config) else 0


def _points(config: DecoderConfig, batch: Axis = 1) -> tuple[TensorSpec, ...]:
    return (
        *(_float(f"point_features{i}", batch, "points", config.level_channels[i]) for i in LEVELS),
        _float("point_coords", batch, "points", 2),
        _float("point_labels", batch, "points"),
    )


def _head(config: DecoderConfig, queries: Axis, batch: Axis = 1) -> tuple[TensorSpec, ...]:
    return (
        _float("mask_embed", batch, queries, config.mask_dim),
        _float("class_embed", batch, queries, config.class_dim),
        _float("quality", batch, queries),
    )


def _prepared(config: DecoderConfig, queries: int | None = None) -> tuple[TensorSpec, ...]:
    """What goes from prepare to step; `queries` learned queries, those that answer points when None."""
    heads, width = config.num_heads, config.dim // config.num_heads
    layers = range(config.num_layers)
    return (
        *(_float(f"key{i}", 1, heads, width, f"n{i % NUM_LEVELS}") for i in layers),
        *(_float(f"value{i}", 1, heads, f"n{i % NUM_LEVELS}", width) for i in layers),
        *(_float(f"level_mask_features{i}", 1, config.mask_dim, f"n{i}") for i in LEVELS),
        _float("query_state", 1, queries or num_queries(config), config.dim),
    )


def _float(name: str, *shape: Axis) -> TensorSpec:
    return TensorSpec(name, "float32", shape)
