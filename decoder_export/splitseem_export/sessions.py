"""Graphs in ONNX Runtime with tensors in and out, to be compared with the torch core."""

from typing import Self

import torch
from torch import Tensor

from splitseem_export.graphs import DecoderGraphs
from splitseem_export.refiner_graphs import RefinerGraphs
from splitseem_model.decode import calls
from splitseem_model.decode.decoder import Head, StepInputs
from splitseem_model.layers.arrays import Array
from splitseem_model.mask.refiner import RefinerInputs
from splitseem_model.step import graph_runtime
from splitseem_model.step.graph_runtime import Arrays


class GraphPair:
    """`prepare` and `step` of a decoder, whichever rows they hold."""

    def __init__(self, prepare: bytes, step: bytes) -> None:
        self._pair = graph_runtime.GraphPair(prepare, step)

    @classmethod
    def of_graphs(cls, graphs: DecoderGraphs) -> Self:
        """Run graphs that are not written yet."""
        return cls(graphs.prepare, graphs.step)

    def prepare(self, levels: tuple[Tensor, ...], mask_features: Tensor) -> Arrays:
        """As `splitseem_model.step.graph_runtime.GraphPair`."""
        return self._pair.prepare(tuple(level.numpy() for level in levels), mask_features.numpy())

    def step(self, prepared: Arrays, inputs: StepInputs, query_index: Tensor | None = None) -> Head:
        """As there."""
        index = None if query_index is None else tuple(query_index.tolist())
        head = self._pair.step(prepared, arrays_of(inputs), index)
        return Head(*(torch.from_numpy(array) for array in head))


class OnnxRefiner:
    """The two graphs of a mask refiner."""

    def __init__(self, look: bytes, refine: bytes) -> None:
        self._pair = graph_runtime.RefinerPair(look, refine)

    @classmethod
    def of_graphs(cls, graphs: RefinerGraphs) -> Self:
        """Run graphs that are not written yet."""
        return cls(graphs.look, graphs.refine)

    def look(self, mask_features: Tensor, level1: Tensor, level2: Tensor) -> Arrays:
        """As `splitseem_model.step.graph_runtime.RefinerPair`."""
        return self._pair.look(mask_features.numpy(), level1.numpy(), level2.numpy())

    def refine(self, features: Arrays, inputs: RefinerInputs) -> Tensor:
        """As there."""
        given = calls.RefinerInputs(*(tensor.numpy() for tensor in inputs))
        return torch.from_numpy(self._pair.refine(features, given))


def arrays_of(inputs: StepInputs) -> calls.StepInputs[Array]:
    """A step's inputs as arrays."""
    mask, tokens = inputs.previous_mask, inputs.text_tokens
    return calls.StepInputs(
        tuple(level.numpy() for level in inputs.point_features),
        inputs.point_coords.numpy(),
        inputs.point_labels.numpy(),
        inputs.attention_bias.numpy(),
        None if mask is None else mask.numpy(),
        None if tokens is None else tokens.numpy(),
    )
