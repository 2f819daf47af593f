"""The exported graphs in ONNX Runtime, on the CPU, behind the interface of `runtime.py`; without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnxruntime

from splitseem_model.decode.calls import Head, RefinerInputs, StepInputs
from splitseem_model.encode.mask_features import MaskMap
from splitseem_model.errors import GraphError
from splitseem_model.layers.arrays import CLOSED, Array, Floats
from splitseem_model.mask.refiner_scale import RefinerMaps
from splitseem_model.step.runtime import Levels

Arrays = dict[str, Array]
"""What goes into a graph or comes out, by name."""


class GraphPair:
    """`prepare` and `step` of a decoder, whichever rows they hold."""

    def __init__(self, prepare: bytes, step: bytes) -> None:
        self._prepare, self._step = session(prepare), session(step)

    def prepare(self, levels: Levels, mask_features: Floats) -> Arrays:
        """Per image."""
        maps = {f"level{i}": level for i, level in enumerate(levels)}
        return run(self._prepare, {**maps, "mask_features": mask_features})

    def step(
        self, prepared: Arrays, inputs: StepInputs[Array], query_index: tuple[int, ...] | None = None
    ) -> Head[Array]:
        """Per interaction; `query_index`, the learned query of every query row, for general graphs only.

        A previous mask is handed to every memory.
        """
        feed = prepared | named_inputs(inputs)
        if query_index is not None:
            feed["query_index"] = np.array(query_index, np.int64)
        memories = next((i.shape[1] for i in self._step.get_inputs() if i.name == "previous_mask"), 1)
        if memories != 1 and feed["previous_mask"].shape[1] == 1:
            feed["previous_mask"] = np.repeat(feed["previous_mask"], memories, axis=1)
        outputs = run(self._step, feed)
        return Head(*(outputs[name] for name in Head._fields))


@dataclass
class GraphPrepared:
    """An image as the graphs want it, and what the general ones would be prepared from.

    Attributes:
        tensors: by the click graphs, and by the refiner's.
        general: by the general graphs, once a step needed them.
    """

    levels: Levels
    mask_features: Floats
    tensors: Arrays
    general: Arrays | None = None


class GraphRuntime:
    """All graphs of a model. Implements `runtime.DecoderRuntime`."""

    def __init__(
        self,
        click: GraphPair,
        click_queries: tuple[int, ...],
        general: Callable[[], GraphPair],
        refiner: "RefinerPair | None" = None,
    ) -> None:
        """`click_queries` are the query rows of the click graphs; `general` is called once, by the first step
        with a text or with other rows."""
        self._click = click
        self._click_queries = click_queries
        self._general = cache(general)
        self._refiner = refiner

    def prepare(
        self, levels: Levels, masks: MaskMap, refiner_maps: RefinerMaps | None = None
    ) -> GraphPrepared:
        """Per image; the graphs want the mask features themselves."""
        mask_features = masks.full()
        tensors = self._click.prepare(levels, mask_features)
        if self._refiner is not None and refiner_maps is not None:
            tensors |= self._refiner.look(*refiner_maps)
        return GraphPrepared(levels, mask_features, tensors)

    def step(
        self, prepared: GraphPrepared, inputs: StepInputs[Array], query_index: tuple[int, ...]
    ) -> Head[Array]:
        """Per interaction: the click graph unless there is a text or the rows are others."""
        if inputs.text_tokens is None and query_index == self._click_queries:
            return self._click.step(prepared.tensors, inputs)
        if prepared.general is None:
            prepared.general = self._general().prepare(prepared.levels, prepared.mask_features)
        return self._general().step(prepared.general, with_a_text(inputs), query_index)

    def refine(self, prepared: GraphPrepared, inputs: RefinerInputs[Array]) -> Floats:
        """Per interaction, after the query is selected."""
        if self._refiner is None:
            raise ValueError("this model has no refiner")
        return self._refiner.refine(prepared.tensors, inputs)


class RefinerPair:
    """`look` and `refine` of a mask refiner."""

    def __init__(self, look: bytes, refine: bytes) -> None:
        self._look, self._refine = session(look), session(refine)

    def look(self, mask_features: Floats, level1: Floats, level2: Floats) -> Arrays:
        """Per image."""
        return run(self._look, {"mask_features": mask_features, "level1": level1, "level2": level2})

    def refine(self, features: Arrays, inputs: RefinerInputs[Array]) -> Floats:
        """Per interaction; `features` may hold other tensors too."""
        feed = {name: np.asarray(array, np.float32) for name, array in inputs._asdict().items()}
        return run(self._refine, features | feed)["refined"]


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Load a graph, to run on one thread.

    Raises:
        GraphError: ONNX Runtime cannot load it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own types are not public
        raise GraphError(f"ONNX Runtime cannot load the graph: {error}") from error


def run(graph: onnxruntime.InferenceSession, feed: Mapping[str, Array]) -> Arrays:
    """All outputs by name; what the graph does not read is left out (the exporter drops idle inputs)."""
    read = {i.name for i in graph.get_inputs()}
    outputs = graph.run(None, {name: array for name, array in feed.items() if name in read})
    return dict(zip([o.name for o in graph.get_outputs()], outputs, strict=True))


def named_inputs(inputs: StepInputs[Array]) -> Arrays:
    """The step's own tensors under the names that the graphs have for them."""
    optional = {"previous_mask": inputs.previous_mask, "text_tokens": inputs.text_tokens}
    return {
        **{f"point_features{i}": features for i, features in enumerate(inputs.point_features)},
        "point_coords": inputs.point_coords,
        "point_labels": inputs.point_labels.astype(np.float32),
        **{name: array for name, array in optional.items() if array is not None},
        "attention_bias": inputs.attention_bias,
    }


def with_a_text(inputs: StepInputs[Array]) -> StepInputs[Array]:
    """The same with a text row that sees itself and that no other row sees, where there is no text."""
    if inputs.text_tokens is not None:
        return inputs
    given = inputs.attention_bias
    batch, rows, columns = given.shape
    bias = np.full((batch, rows + 1, columns + 1), CLOSED, np.float32)
    bias[:, :rows, :rows] = given[:, :, :rows]
    bias[:, :rows, rows + 1 :] = given[:, :, rows:]
    bias[:, rows, rows] = 0.0
    tokens = np.zeros((batch, 1, inputs.point_features[0].shape[2]), np.float32)
    return inputs._replace(attention_bias=bias, text_tokens=tokens)
