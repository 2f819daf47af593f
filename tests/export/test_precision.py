"""Smaller graphs: what they keep of the weights, and what of them is left to do at every run."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto

from splitseem_export.errors import ExportError, ParityError
from splitseem_export.export import export_decoder, is_current
from splitseem_export.graphs import DecoderGraphs, trace_graphs
from splitseem_export.precision import FLOAT32, PRECISIONS, folded, in_blocks, quantised, stored
from splitseem_export.refiner_graphs import trace_refiner
from splitseem_export.sessions import GraphPair
from splitseem_export.verify import verify
from splitseem_export.verify_stored import verify_stored
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.config import TINY
from splitseem_model.network import SegmentationModel
from splitseem_server.files.decoder import load_decoder_files


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    return load_model("tiny")


@pytest.fixture(scope="module")
def graphs(model: SegmentationModel) -> DecoderGraphs:
    return trace_graphs(model.decoder)


def test_folding_changes_no_answer(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    assert all(report.ok for report in verify(model.decoder, GraphPair.of_graphs(graphs.stored(FLOAT32))))


def test_every_precision_is_smaller_than_the_one_before(graphs: DecoderGraphs) -> None:
    sizes = [len(graphs.stored(name).step) for name in (FLOAT32, "float16", "int8")]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_weights_are_expanded_before_the_first_run(graphs: DecoderGraphs, precision: str) -> None:
    model = onnx.load_from_string(folded(graphs.stored(precision).step)).graph
    assert {t.data_type for t in model.initializer} <= {TensorProto.FLOAT, TensorProto.INT64}


@pytest.mark.parametrize("precision", list(PRECISIONS))
def test_inputs_and_outputs_keep_their_names(graphs: DecoderGraphs, precision: str) -> None:
    before, after = (onnx.load_from_string(g).graph for g in (graphs.step, graphs.stored(precision).step))
    assert [t.name for t in before.input] == [t.name for t in after.input]
    assert [t.name for t in before.output] == [t.name for t in after.output]


def test_the_same_graph_gives_the_same_bytes(graphs: DecoderGraphs) -> None:
    assert stored(graphs.prepare, "int8") == stored(graphs.prepare, "int8")


@pytest.mark.parametrize("precision", ["int3", "int4", "int8-dynamic"])
def test_an_unknown_precision_is_refused_with_the_known_ones(graphs: DecoderGraphs, precision: str) -> None:
    with pytest.raises(ExportError, match=f"{precision}.*known: float32, float16, int8$"):
        stored(graphs.prepare, precision)


def test_every_block_of_a_channel_has_a_scale_of_its_own() -> None:
    torch.manual_seed(0)
    weights = torch.randn(64, 5).numpy() * np.array([1, 10, 0.1, 3, 0], np.float32)
    weights[32:] *= 100
    blocks, axis = in_blocks(weights, (0,))
    assert (blocks.shape, axis) == ((2, 32, 5), 1)
    whole, scale = quantised(blocks, axis)
    assert scale.shape == (2, 1, 5)
    error = np.abs(whole * scale.astype(np.float32) - blocks).max(1)
    assert (error <= 0.01 * np.abs(blocks).max(1)).all()


def test_what_cannot_be_cut_evenly_is_one_block() -> None:
    blocks, axis = in_blocks(np.zeros((8, 9, 3, 3), np.float32), (1, 2, 3))
    assert (blocks.shape, axis) == ((8, 1, 81), 2)


def test_convolutions_are_not_rounded_to_integers(model: SegmentationModel) -> None:
    assert model.refiner is not None
    graphs = trace_refiner(model.refiner)
    assert graphs.stored("int8").refine == graphs.stored("float16").refine


def test_too_great_a_change_writes_nothing(model: SegmentationModel, graphs: DecoderGraphs) -> None:
    torch.manual_seed(9)
    other = SegmentationModel(TINY).eval()
    with pytest.raises(ParityError, match="weights in int8 change too much, nothing was written"):
        verify_stored(other, graphs, None, "int8")


def test_every_provider_has_its_files(model: SegmentationModel, tmp_path: Path) -> None:
    precisions = {"wasm": "int8", "webgpu": "float16"}
    out = tmp_path / "decoder"
    manifest = export_decoder(model, out, precisions).manifest
    assert manifest["precisions"] == precisions
    for graph in manifest["graphs"].values():
        assert graph["precision"] == "int8"
        assert graph["variants"].keys() == {"float16"}
        assert (out / graph["variants"]["float16"]["file"]).is_file()
    parity = manifest["parity"]["precisions"]
    assert parity.keys() == {"int8", "float16"}
    assert parity["int8"]["mask_iou"] >= parity["int8"]["min_mask_iou"]
    assert is_current(model, out, precisions)
    assert not is_current(model, out)
    assert load_decoder_files(out).files.keys() == {
        file.name for file in out.iterdir() if file.name != "manifest.json"
    }
