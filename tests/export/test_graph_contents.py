"""What the graphs of a click are made of: nothing that could have been done before."""

import onnx
import pytest

from splitseem_export.graphs import DecoderGraphs, trace_graphs
from splitseem_model.checkpoints.registry import load_model


@pytest.fixture(scope="module")
def graphs() -> DecoderGraphs:
    return trace_graphs(load_model("tiny").decoder)


def nodes_reading_weights(graph: bytes, operators: set[str]) -> list[str]:
    model = onnx.load_from_string(graph).graph
    weights = {tensor.name for tensor in model.initializer if len(tensor.dims) > 1}
    return [node.op_type for node in model.node if node.op_type in operators and weights & set(node.input)]


def test_no_run_cuts_or_turns_its_weights(graphs: DecoderGraphs) -> None:
    for graph in (graphs.prepare, graphs.step):
        assert nodes_reading_weights(graph, {"Slice", "Transpose", "Gather"}) in ([], ["Gather"])


def test_no_map_of_the_image_is_turned_at_a_step(graphs: DecoderGraphs) -> None:
    model = onnx.load_from_string(graphs.step).graph
    maps = {tensor.name for tensor in model.input if tensor.name.startswith(("key", "value", "level_"))}
    assert maps
    readers = {node.op_type for node in model.node if maps & set(node.input)}
    assert readers == {"MatMul"}
