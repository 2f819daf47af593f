"""The finest step of an official pyramid as graphs: mask features of the lateral map."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitseem_export.errors import ParityError
from splitseem_export.export import export_decoder, is_current
from splitseem_export.lateral_graphs import (
    GRAPHS,
    ROWS,
    LateralRuntime,
    lateral_pyramid,
    trace_lateral,
    verify_lateral,
)
from splitseem_export.precision import stored
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.config import DecoderConfig, ModelConfig
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.mask.reader import MaskReader
from splitseem_model.network import SegmentationModel
from splitseem_model.official import FocalNetConfig, FpnConfig
from splitseem_server.files.decoder import load_decoder_files

CONFIG = ModelConfig(
    "small-v1",
    FocalNetConfig(embed_dim=16, depths=(1, 1, 1, 1)),
    FpnConfig(conv_dim=64, encoder_layers=1, heads=4, ffn_dim=64),
    DecoderConfig("v1", dim=64, mask_dim=32, class_dim=64, num_layers=4, num_heads=4, ffn_dim=64),
    canvas=64,
)


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    built = SegmentationModel(CONFIG).eval()
    fill_with_golden_weights(built)
    return built


@pytest.fixture(scope="module")
def fpn(model: SegmentationModel) -> FPN:
    found = lateral_pyramid(model)
    assert found is not None
    return found


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_graphs_make_the_mask_features_of_the_reader(fpn: FPN, precision: str) -> None:
    reports = verify_lateral(fpn, trace_lateral(fpn), precision)
    assert [report["name"] for report in reports] == ["square", "wide", "tall"]


def test_the_graphs_of_other_weights_are_refused(fpn: FPN) -> None:
    torch.manual_seed(0)
    other = trace_lateral(FPN(in_channels=(16, 32, 64, 128), conv_dim=64, mask_dim=32, encoder_layers=1))
    with pytest.raises(ParityError, match="lateral map in float32, case 'square'"):
        verify_lateral(fpn, other, "float32")


def test_tables_of_kernels_are_stored_as_bytes(fpn: FPN) -> None:
    graphs = trace_lateral(fpn)
    for name in GRAPHS[1:]:
        whole, short, bytewise = (len(stored(graphs[name][0], p)) for p in ("float32", "float16", "int8"))
        # A table has 64 or 32 rows of 576 weights.
        weights = 576 * (64 if name == "mask_source" else 32)
        assert whole - short == pytest.approx(2 * weights, rel=0.05)
        assert whole - bytewise == pytest.approx(3 * weights, rel=0.05)


def test_a_constant_map_has_the_norm_of_one(fpn: FPN) -> None:
    lateral, level2 = torch.full((1, 16, 16, 8), 0.5), torch.zeros(1, 64, 8, 4)
    given = {"lateral": lateral.numpy(), "level2": level2.numpy()}
    ours = torch.from_numpy(MaskReader(fpn).read(given).full())
    theirs = LateralRuntime(trace_lateral(fpn)).mask_features(lateral, level2)
    torch.testing.assert_close(theirs, ours, atol=1e-3, rtol=0)


def test_the_export_of_a_pyramid_holds_them(model: SegmentationModel, tmp_path: Path) -> None:
    out = tmp_path / "decoder"
    manifest = json.loads(json.dumps(export_decoder(model, out).manifest))
    assert manifest["config"]["lateral"] == {"rows": ROWS}
    assert set(GRAPHS) <= set(manifest["graphs"])
    names = [[tensor["name"] for tensor in manifest["graphs"][name]["inputs"]] for name in GRAPHS]
    assert names == [["lateral"], ["rows", "level2", "lateral", "affine"], ["rows", "mask_source"]]
    assert {case["precision"] for case in manifest["parity"]["lateral_cases"]} == {"float32", "int8"}
    assert manifest["graphs"]["mask_source"]["file"] in load_decoder_files(out).files
    assert is_current(model, out)


def test_other_models_have_none(model: SegmentationModel) -> None:
    assert lateral_pyramid(load_model("tiny")) is None
    odd = replace(CONFIG, decoder=replace(CONFIG.decoder, mask_dim=24))
    assert lateral_pyramid(SegmentationModel(odd)) is None
