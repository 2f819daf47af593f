"""Graphs in ONNX Runtime on the CPU, tensors by name."""

from typing import Any, Self

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_export.errors import ExportError
from splitseem_export.graphs import DecoderGraphs
from splitseem_export.wrapper import named_inputs
from splitseem_model.decode.decoder import Head, StepInputs
from splitseem_model.step.runtime import Levels

Arrays = dict[str, NDArray[Any]]


class GraphPair:
    """`prepare` and `step` of a decoder, whichever rows they hold."""

    def __init__(self, prepare: bytes, step: bytes) -> None:
        self._prepare, self._step = session(prepare), session(step)

    @classmethod
    def of_graphs(cls, graphs: DecoderGraphs) -> Self:
        """Run graphs that are not written yet."""
        return cls(graphs.prepare, graphs.step)

    def prepare(self, levels: Levels, mask_features: Tensor) -> Arrays:
        """Per image."""
        maps = {f"level{i}": level.numpy() for i, level in enumerate(levels)}
        return run(self._prepare, {**maps, "mask_features": mask_features.numpy()})

    def step(self, prepared: Arrays, inputs: StepInputs, query_index: Tensor | None = None) -> Head:
        """Per interaction; `query_index`, the learned query of every query row, for general graphs only.

        A previous mask is handed to every memory.
        """
        named = named_inputs(inputs) | ({} if query_index is None else {"query_index": query_index})
        feed = prepared | {name: tensor.numpy() for name, tensor in named.items()}
        memories = next((i.shape[1] for i in self._step.get_inputs() if i.name == "previous_mask"), 1)
        if memories != 1 and feed["previous_mask"].shape[1] == 1:
            feed["previous_mask"] = np.repeat(feed["previous_mask"], memories, axis=1)
        outputs = run(self._step, feed)
        return Head(*(torch.from_numpy(outputs[name]) for name in Head._fields))


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Load a graph, to run on one thread.

    Raises:
        ExportError: ONNX Runtime cannot load it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own types are not public
        raise ExportError(f"ONNX Runtime cannot load the graph: {error}") from error


def run(graph: onnxruntime.InferenceSession, feed: Arrays) -> Arrays:
    """All outputs by name; what the graph does not read is left out (the exporter drops idle inputs)."""
    read = {i.name for i in graph.get_inputs()}
    outputs = graph.run(None, {name: array for name, array in feed.items() if name in read})
    return dict(zip([o.name for o in graph.get_outputs()], outputs, strict=True))
