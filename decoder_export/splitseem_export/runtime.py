"""A model's decoder exported in memory, and run in ONNX Runtime."""

from splitseem_export.graphs import DecoderGraphs, trace_general_graphs, trace_graphs
from splitseem_export.precision import FLOAT32
from splitseem_export.refiner_graphs import trace_refiner
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.graph_runtime import GraphPair, GraphRuntime, RefinerPair


def onnx_runtime_of(model: SegmentationModel, precision: str = FLOAT32) -> GraphRuntime:
    """Export a model's decoder, its weights in a precision of `PRECISIONS`, to run it."""
    refiner = None
    if model.refiner is not None:
        graphs = trace_refiner(model.refiner).stored(precision)
        refiner = RefinerPair(graphs.look, graphs.refine)
    decoder = model.config.decoder
    return GraphRuntime(
        _pair(trace_graphs(model.decoder).stored(precision)),
        WIRINGS[decoder.wiring].interactive_queries(decoder.num_queries),
        lambda: _pair(trace_general_graphs(model.decoder).stored(precision)),
        refiner,
    )


def _pair(graphs: DecoderGraphs) -> GraphPair:
    return GraphPair(graphs.prepare, graphs.step)


def load_onnx_predictor(model: str, *, preset: str | None = None, precision: str = FLOAT32) -> Predictor:
    """A predictor whose decoder runs in ONNX Runtime; errors as for `load_model`."""
    loaded = load_model(model, preset)
    return Predictor(loaded, onnx_runtime_of(loaded, precision))
