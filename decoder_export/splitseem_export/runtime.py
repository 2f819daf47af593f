"""The exported graphs in ONNX Runtime, behind the same interface as the torch core."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from splitseem_export.errors import ExportError
from splitseem_export.graphs import DecoderGraphs, trace_graphs
from splitseem_export.refiner_graphs import RefinerGraphs, trace_refiner
from splitseem_export.wrapper import named_inputs
from splitseem_model.decoder import Head, StepInputs
from splitseem_model.predictor import Predictor
from splitseem_model.refiner import RefinerInputs
from splitseem_model.registry import load_model
from splitseem_model.segmentation import SegmentationModel

Prepared = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]


class OnnxRuntime:
    """All graphs on the CPU. Implements `splitseem_model.predictor.DecoderRuntime`."""

    def __init__(
        self,
        prepare: bytes | Path,
        step: bytes | Path,
        threads: int = 1,
        refiner: "OnnxRefiner | None" = None,
    ) -> None:
        self._prepare = _session(prepare, threads)
        self._step = _session(step, threads)
        self._refiner = refiner

    @classmethod
    def of_graphs(cls, graphs: DecoderGraphs) -> "OnnxRuntime":
        """Run graphs that are not written yet."""
        return cls(graphs.prepare, graphs.step)

    @classmethod
    def of_model(cls, model: SegmentationModel) -> "OnnxRuntime":
        """Export a model's decoder in memory and run it."""
        graphs = trace_graphs(model.decoder)
        refiner = None if model.refiner is None else OnnxRefiner.of_graphs(trace_refiner(model.refiner))
        return cls(graphs.prepare, graphs.step, refiner=refiner)

    def prepare(self, levels: Sequence[Tensor], mask_features: Tensor) -> Prepared:
        """Per image."""
        named = {f"level{i}": level.numpy() for i, level in enumerate(levels)}
        outputs = self._prepare.run(None, {**named, "mask_features": mask_features.numpy()})
        prepared = dict(zip([o.name for o in self._prepare.get_outputs()], outputs, strict=True))
        return (
            prepared if self._refiner is None else prepared | self._refiner.look(mask_features, *levels[1:])
        )

    def step(self, prepared: Prepared, inputs: StepInputs, query_index: Tensor | None = None) -> Head:
        """Per interaction; `query_index` for general graphs only."""
        named = named_inputs(inputs) | ({} if query_index is None else {"query_index": query_index})
        feed = prepared | {name: tensor.numpy() for name, tensor in named.items()}
        # The exporter drops an input that no operator reads.
        read = {i.name for i in self._step.get_inputs()}
        outputs = self._step.run(None, {name: array for name, array in feed.items() if name in read})
        return Head(*(torch.from_numpy(array) for array in outputs))

    def refine(self, prepared: Prepared, inputs: RefinerInputs) -> Tensor:
        """Per interaction, after the query is selected."""
        if self._refiner is None:
            raise ValueError("this model has no refiner")
        return self._refiner.refine(prepared, inputs)


class OnnxRefiner:
    """The two graphs of a mask refiner on the CPU."""

    def __init__(self, look: bytes | Path, refine: bytes | Path, threads: int = 1) -> None:
        self._look = _session(look, threads)
        self._refine = _session(refine, threads)

    @classmethod
    def of_graphs(cls, graphs: RefinerGraphs) -> "OnnxRefiner":
        """Run graphs that are not written yet."""
        return cls(graphs.look, graphs.refine)

    def look(self, mask_features: Tensor, level1: Tensor, level2: Tensor) -> Prepared:
        """Per image."""
        maps = {"mask_features": mask_features, "level1": level1, "level2": level2}
        outputs = self._look.run(None, {name: tensor.numpy() for name, tensor in maps.items()})
        return dict(zip([o.name for o in self._look.get_outputs()], outputs, strict=True))

    def refine(self, features: Prepared, inputs: RefinerInputs) -> Tensor:
        """Per interaction; `features` may hold other tensors too."""
        feed = {i.name: features[i.name] for i in self._refine.get_inputs() if i.name in features}
        feed |= {name: tensor.numpy() for name, tensor in inputs._asdict().items()}
        return torch.from_numpy(self._refine.run(None, feed)[0])


def load_onnx_predictor(model: str, *, preset: str | None = None) -> Predictor:
    """A predictor whose decoder runs in ONNX Runtime; errors as for `load_model`."""
    loaded = load_model(model, preset)
    return Predictor(loaded, OnnxRuntime.of_model(loaded))


def _session(graph: bytes | Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own types are not public
        raise ExportError(f"ONNX Runtime cannot load the graph: {error}") from error
