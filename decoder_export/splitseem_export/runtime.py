"""The exported graphs in ONNX Runtime, behind the same interface as the torch core."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Self

import torch
from torch import Tensor

from splitseem_export.graphs import trace_general_graphs, trace_graphs
from splitseem_export.precision import FLOAT32
from splitseem_export.refiner_graphs import RefinerGraphs, trace_refiner
from splitseem_export.sessions import Arrays, GraphPair, run, session
from splitseem_export.step_inputs import with_a_text
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.decode.decoder import Head, StepInputs
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.encode.mask_map import MaskMap
from splitseem_model.mask.refiner import RefinerInputs
from splitseem_model.mask.refiner_scale import RefinerMaps
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.runtime import Levels


@dataclass
class OnnxPrepared:
    """An image as the graphs want it, and what the general ones would be prepared from.

    Attributes:
        tensors: by the click graphs, and by the refiner's.
        general: by the general graphs, once a step needed them.
    """

    levels: Levels
    mask_features: Tensor
    tensors: Arrays
    general: Arrays | None = None


class OnnxRuntime:
    """All graphs on the CPU. Implements `splitseem_model.step.runtime.DecoderRuntime`."""

    def __init__(
        self,
        click: GraphPair,
        click_queries: tuple[int, ...],
        general: Callable[[], GraphPair],
        refiner: "OnnxRefiner | None" = None,
    ) -> None:
        """`click_queries` are the query rows of the click graphs; `general` is called once, by the first step
        with a text or with other rows."""
        self._click = click
        self._click_queries = click_queries
        self._general = cache(general)
        self._refiner = refiner

    @classmethod
    def of_model(cls, model: SegmentationModel, precision: str = FLOAT32) -> Self:
        """Export a model's decoder in memory, its weights in a precision of `PRECISIONS`, and run it."""
        refiner = None
        if model.refiner is not None:
            refiner = OnnxRefiner.of_graphs(trace_refiner(model.refiner).stored(precision))
        decoder = model.config.decoder
        return cls(
            GraphPair.of_graphs(trace_graphs(model.decoder).stored(precision)),
            WIRINGS[decoder.wiring].interactive_queries(decoder.num_queries),
            lambda: GraphPair.of_graphs(trace_general_graphs(model.decoder).stored(precision)),
            refiner,
        )

    def prepare(
        self, levels: Levels, masks: MaskMap, refiner_maps: RefinerMaps | None = None
    ) -> OnnxPrepared:
        """Per image; the graphs want the mask features themselves."""
        mask_features = masks.full()
        tensors = self._click.prepare(levels, mask_features)
        if self._refiner is not None and refiner_maps is not None:
            tensors |= self._refiner.look(*refiner_maps)
        return OnnxPrepared(levels, mask_features, tensors)

    def step(self, prepared: OnnxPrepared, inputs: StepInputs, query_index: tuple[int, ...]) -> Head:
        """Per interaction: the click graph unless there is a text or the rows are others."""
        if inputs.text_tokens is None and query_index == self._click_queries:
            return self._click.step(prepared.tensors, inputs)
        if prepared.general is None:
            prepared.general = self._general().prepare(prepared.levels, prepared.mask_features)
        return self._general().step(prepared.general, with_a_text(inputs), torch.tensor(query_index))

    def refine(self, prepared: OnnxPrepared, inputs: RefinerInputs) -> Tensor:
        """Per interaction, after the query is selected."""
        if self._refiner is None:
            raise ValueError("this model has no refiner")
        return self._refiner.refine(prepared.tensors, inputs)


class OnnxRefiner:
    """The two graphs of a mask refiner on the CPU."""

    def __init__(self, look: bytes, refine: bytes) -> None:
        self._look, self._refine = session(look), session(refine)

    @classmethod
    def of_graphs(cls, graphs: RefinerGraphs) -> Self:
        """Run graphs that are not written yet."""
        return cls(graphs.look, graphs.refine)

    def look(self, mask_features: Tensor, level1: Tensor, level2: Tensor) -> Arrays:
        """Per image."""
        maps = {"mask_features": mask_features, "level1": level1, "level2": level2}
        return run(self._look, {name: tensor.numpy() for name, tensor in maps.items()})

    def refine(self, features: Arrays, inputs: RefinerInputs) -> Tensor:
        """Per interaction; `features` may hold other tensors too."""
        feed = {name: tensor.float().numpy() for name, tensor in inputs._asdict().items()}
        return torch.from_numpy(run(self._refine, features | feed)["refined"])


def load_onnx_predictor(model: str, *, preset: str | None = None, precision: str = FLOAT32) -> Predictor:
    """A predictor whose decoder runs in ONNX Runtime; errors as for `load_model`."""
    loaded = load_model(model, preset)
    return Predictor(loaded, OnnxRuntime.of_model(loaded, precision))
