"""Masks without mask features: everything that is made of their source equals what is made of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from splitseem_eval.metrics import iou
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.config import DecoderConfig, ModelConfig
from splitseem_model.encode.backbones.focalnet import FocalNet
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.folded_pyramid import FoldedPyramid
from splitseem_model.encode.mask_features import MaskFeatures
from splitseem_model.encode.mask_map import MaskConv, MaskSource, level_averages
from splitseem_model.encode.network import EncoderOptions
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.errors import ImageInputError
from splitseem_model.layers.arrays import Array, PointSampling
from splitseem_model.layers.levels import average_to_levels
from splitseem_model.mask.reader import MaskReader
from splitseem_model.network import SegmentationModel
from splitseem_model.official import DeformableConfig, FocalNetConfig, FpnConfig, SamVitConfig
from splitseem_model.predictor import Predictor
from splitseem_proto import Click, MessageError, pack, unpack

pytestmark = pytest.mark.unit

PADDED_HW = (64, 96)
# Sums of 288 products of numbers of order 1, in another order.
TOLERANCE = 2e-5

FOCAL = ModelConfig(
    "small-v0",
    FocalNetConfig(embed_dim=16, depths=(1, 1, 1, 1)),
    FpnConfig(conv_dim=64, encoder_layers=1, heads=4, ffn_dim=64),
    DecoderConfig("v0", dim=64, mask_dim=32, class_dim=64, num_layers=4, num_heads=4, ffn_dim=64),
    canvas=64,
)
SAM = replace(
    FOCAL,
    name="small-v1",
    backbone=SamVitConfig(dim=16, depth=1, heads=2, global_blocks=(0,), input_side=64, out_dims=(8, 8, 8, 8)),
    pixel_decoder=DeformableConfig(conv_dim=64, encoder_layers=1, heads=4, points=2, ffn_dim=64),
    canvas_side="longest",
)


@pytest.fixture(params=[1, 3], ids=["1x1", "3x3"])
def maps(request: pytest.FixtureRequest) -> tuple[MaskFeatures, MaskSource]:
    """Mask features, and their source, of one image."""
    torch.manual_seed(0)
    conv = nn.Conv2d(32, 12, request.param, padding=request.param // 2).requires_grad_(False)
    source = torch.randn(1, 32, PADDED_HW[0] // 4, PADDED_HW[1] // 4).relu()
    assert conv.bias is not None
    folded = MaskConv(conv.weight, conv.bias)
    return MaskFeatures(conv(source).numpy()), MaskSource(source, level_averages(source, folded), folded)


def assert_equal(ours: Array, expected: Array) -> None:
    np.testing.assert_allclose(ours, expected, atol=TOLERANCE, rtol=0)


def test_averages_are_those_of_the_features(maps: tuple[MaskFeatures, MaskSource]) -> None:
    features, source = maps
    assert features.level_averages is None
    averages = average_to_levels(torch.from_numpy(features.full()))
    for ours, expected in zip(source.level_averages, averages, strict=True):
        assert_equal(ours, expected.numpy())


def test_mask_logits_are_those_of_the_features(maps: tuple[MaskFeatures, MaskSource]) -> None:
    features, source = maps
    mask_embed = torch.randn(1, 5, 12).numpy()
    assert_equal(source.logits(mask_embed), features.logits(mask_embed))
    assert_equal(source.full(), features.full())


@pytest.mark.parametrize("rule", ["corner", "centre"])
def test_points_are_sampled_as_on_the_features(
    maps: tuple[MaskFeatures, MaskSource], rule: PointSampling
) -> None:
    features, source = maps
    height, width = PADDED_HW
    corners = [[0.5, 0.5], [width - 0.5, 0.5], [0.5, height - 0.5], [width - 0.5, height - 0.5]]
    coords = np.array([[*corners, [2, 3], [41.3, 17.9], [95.9, 30], [0, 64]]], np.float32)
    assert_equal(source.at_points(coords, PADDED_HW, rule), features.at_points(coords, PADDED_HW, rule))


def test_no_point_gives_no_sample(maps: tuple[MaskFeatures, MaskSource]) -> None:
    assert maps[1].at_points(np.zeros((1, 0, 2), np.float32), PADDED_HW, "corner").shape == (1, 0, 12)


@pytest.mark.parametrize("size_hw", [(32, 32), (64, 96)])
def test_folded_pyramid_equals_the_pyramid(size_hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    backbone = FocalNet(embed_dim=8, depths=(1, 1, 1, 1)).eval()
    fpn = FPN(in_channels=backbone.out_channels, conv_dim=64, mask_dim=16, encoder_layers=1).eval()
    fill_with_golden_weights(backbone, prefix="backbone.")
    fill_with_golden_weights(fpn, prefix="pixel_decoder.")
    with torch.inference_mode():
        pyramid = backbone(torch.randn(2, 3, *size_hw))
        expected, expected_levels = fpn.fuse(*pyramid)
        ours, levels = FoldedPyramid(fpn).fuse(*pyramid)
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=0)  # after a norm over a few hundred cells
    for level, expected_level in zip(levels, expected_levels, strict=True):
        torch.testing.assert_close(level, expected_level, atol=TOLERANCE, rtol=0)


@pytest.fixture(params=[FOCAL, SAM], ids=["FPN", "deformable"])
def model(request: pytest.FixtureRequest) -> SegmentationModel:
    config: ModelConfig = request.param
    built = SegmentationModel(config).eval()
    fill_with_golden_weights(built)
    return built


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (50, 61, 3), dtype=np.uint8)


def test_predictor_gives_the_same_mask_either_way(model: SegmentationModel) -> None:
    steps = []
    for mask_source in (False, True):
        predictor = Predictor(model, encoding=EncoderOptions(mask_source=mask_source, onednn=False))
        image = predictor.encode(photo(), codec="float32")
        first = predictor.step(image, [Click(30.5, 20.5)])
        steps.append(predictor.step(image, [Click(30.5, 20.5), Click(3.5, 44.5, 0)], first.memory))
    plain, folded = steps
    np.testing.assert_allclose(folded.mask_logits, plain.mask_logits, atol=1e-3)
    assert folded.score == pytest.approx(plain.score, abs=1e-3)
    assert iou(folded.mask_logits > 0, plain.mask_logits > 0) > 0.999


def test_embedding_with_mask_source_survives_the_wire(model: SegmentationModel) -> None:
    predictor = Predictor(model)
    embedding = predictor.encoder.encode(photo())
    names = [tensor.name for tensor in embedding.tensors]
    assert names == [
        *("level0", "level1", "level2"),
        *("mask_source", "mask_level0", "mask_level1", "mask_level2"),
    ]
    assert unpack(pack(embedding)) == embedding
    with pytest.raises(MessageError, match="mask_level1"):
        replace(embedding, tensors=tuple(t for t in embedding.tensors if t.name != "mask_level1"))


@pytest.fixture
def focal() -> Predictor:
    built = SegmentationModel(FOCAL).eval()
    fill_with_golden_weights(built)
    return Predictor(built, encoding=EncoderOptions(onednn=False))


def test_lateral_map_gives_the_same_mask(focal: Predictor) -> None:
    features, lateral = (
        focal.encode(photo(), codec="float32", maps=maps) for maps in ("features", "lateral")
    )
    clicks = [Click(30.5, 20.5), Click(3.5, 44.5, 0)]
    assert_equal(lateral.masks.full() / 10, features.masks.full() / 10)  # after a norm over few cells
    expected, ours = focal.step(features, clicks), focal.step(lateral, clicks)
    assert iou(ours.mask_logits > 0, expected.mask_logits > 0) > 0.999


def test_embedding_with_a_lateral_map_is_small_and_survives_the_wire(focal: Predictor) -> None:
    features, lateral = (focal.encoder.encode(photo(), maps=maps) for maps in (None, "lateral"))
    assert [tensor.name for tensor in lateral.tensors] == ["level0", "level1", "level2", "lateral"]
    assert (features.codec, lateral.codec) == ("int8", "uint10")
    assert lateral.tensor("lateral").array.shape == (1, 16, 16, 24)
    assert unpack(pack(lateral)) == lateral
    with pytest.raises(MessageError, match="level2"):
        replace(lateral, tensors=tuple(t for t in lateral.tensors if t.name != "level2"))


def test_lateral_maps_are_for_models_that_make_masks_of_them(model: SegmentationModel) -> None:
    predictor = Predictor(model)
    given = predictor.encoder.maps
    assert given == ("features", "source", *(["lateral"] if model.config.name == "small-v0" else []))
    with pytest.raises(ImageInputError, match=f"{model.config.name} gives features, source"):
        predictor.encoder.encode(photo(), maps="every")
    with pytest.raises(ImageInputError, match="tiny gives features"):
        Predictor(load_model("tiny")).encoder.encode(photo(), maps="lateral")
    with pytest.raises(ValueError, match="SlimPyramid makes no masks of a lateral map"):
        MaskReader(load_model("tiny").pixel_decoder).read(
            {"lateral": np.zeros(1, np.float32), "level2": np.zeros(1, np.float32)}
        )


def test_model_that_wants_its_features_gets_them() -> None:
    names = [tensor.name for tensor in Predictor(load_model("tiny")).encoder.encode(photo()).tensors]
    assert "mask_features" in names
    with pytest.raises(ValueError, match="SlimPyramid of tiny does not give its mask source"):
        ImageEncoder(load_model("tiny"), options=EncoderOptions(mask_source=True))


def test_half_precision_gives_float32_tensors_close_to_the_others(model: SegmentationModel) -> None:
    exact, rough = (
        ImageEncoder(model, options=EncoderOptions(mask_source=True, precision=precision)).encode(
            photo(), codec="float32"
        )
        for precision in ("float32", "bfloat16")
    )
    for ours, expected in zip(rough.tensors, exact.tensors, strict=True):
        spread = float(expected.array.std())
        assert float(np.abs(ours.array - expected.array).mean()) < 0.05 * spread
