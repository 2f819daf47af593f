"""Torch decoder -> bytes of the ONNX graphs."""

import io
import warnings
from dataclasses import dataclass, replace

import onnx
import torch
from torch import Tensor, nn

from splitseem_export.io_spec import (
    GraphSpec,
    TensorSpec,
    general_prepare_spec,
    general_step_spec,
    prepare_spec,
    step_spec,
)
from splitseem_export.precision import stored
from splitseem_export.wrapper import GeneralStepGraph, PrepareGraph, StepGraph
from splitseem_model.decode.decoder import PromptDecoder
from splitseem_model.decode.wiring import WIRINGS

OPSET = 17
"""Highest opset whose operators every execution provider of onnxruntime-web runs."""

_EXAMPLE_CELLS = (2, 3)
"""Height and width of the coarsest level while tracing; all axes that follow from it are dynamic."""
_EXAMPLE_LENGTHS = {"batch": 3, "points": 2, "queries": 3, "texts": 4}


@dataclass(frozen=True)
class DecoderGraphs:
    """A pair of graphs as bytes, with what goes in and out of each."""

    prepare: bytes
    step: bytes
    prepare_spec: GraphSpec
    step_spec: GraphSpec

    def stored(self, precision: str) -> "DecoderGraphs":
        """The same in a precision of `precision.PRECISIONS`."""
        return replace(self, prepare=stored(self.prepare, precision), step=stored(self.step, precision))


def trace_graphs(decoder: PromptDecoder, query_index: tuple[int, ...] | None = None) -> DecoderGraphs:
    """Export both calls of a decoder for one choice of query rows, without text rows.

    Args:
        query_index: the learned queries of the interactive rows; the wiring's own when None.
    """
    config = decoder.config
    index = query_index or WIRINGS[config.wiring].interactive_queries(config.num_queries)
    prepare, step = prepare_spec(config), step_spec(config)
    return DecoderGraphs(
        trace(PrepareGraph(decoder, index), prepare),
        trace(StepGraph(decoder, index), step),
        prepare,
        step,
    )


def trace_general_graphs(decoder: PromptDecoder) -> DecoderGraphs:
    """Export both calls of a decoder for any choice of query rows, text rows and objects."""
    config = decoder.config
    prepare, step = general_prepare_spec(config), general_step_spec(config)
    return DecoderGraphs(
        trace(PrepareGraph(decoder, tuple(range(config.num_queries))), prepare),
        trace(GeneralStepGraph(decoder), step),
        prepare,
        step,
    )


def trace(module: nn.Module, spec: GraphSpec) -> bytes:
    """A module whose arguments and results are those of `spec` -> the bytes of its graph."""
    buffer = io.BytesIO()
    arguments = tuple(_example(tensor) for tensor in spec.inputs)
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated in favour of one that needs onnxscript and makes larger
        # graphs of the same speed; its tracer warns of sizes taken as numbers, which the verification
        # would catch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            arguments,
            buffer,  # type: ignore[arg-type]  # the exporter writes to a buffer too, its annotation leaves it out
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            dynamic_axes={t.name: t.dynamic_axes for t in (*spec.inputs, *spec.outputs) if t.dynamic_axes},
            opset_version=OPSET,
            dynamo=False,
        )
    return _without_paths(buffer.getvalue())


def _without_paths(graph: bytes) -> bytes:
    """Drop the exporter's notes of source files, so that equal models give equal bytes on every machine."""
    model = onnx.load_from_string(graph)
    for node in model.graph.node:
        node.doc_string = ""
    model.doc_string = ""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _example(spec: TensorSpec) -> Tensor:
    height, width = _EXAMPLE_CELLS
    sizes: dict[str, int] = {**_EXAMPLE_LENGTHS, "h4": 8 * height, "w4": 8 * width}
    for level in range(3):
        sizes |= {
            f"h{level}": height << level,
            f"w{level}": width << level,
            f"n{level}": height * width << 2 * level,
        }
    shape = [_size(axis, sizes) for axis in spec.shape]
    if spec.dtype == "int64":
        return torch.ones(shape, dtype=torch.int64)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator)


def _size(axis: int | str, sizes: dict[str, int]) -> int:
    """Length of an axis; "24+points" is a sum."""
    if isinstance(axis, int):
        return axis
    return sum(int(part) if part.isdigit() else sizes[part] for part in axis.split("+"))
