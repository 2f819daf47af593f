"""Focal-T and its pixel decoder against numbers of the official code, and against the official key list."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from splitseem_model.checkpoints.checkpoint import to_upstream_name
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.encode.backbones.focalnet import FocalNet
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.preprocess import normalise, pad_to_multiple

DATA = Path(__file__).parents[1] / "data"
GOLDEN = np.load(DATA / "golden_encoder.npz")

SAMPLED = {  # (channel step, row and column step) of each stored array
    "res2": (32, 2),
    "res3": (32, 1),
    "res4": (32, 1),
    "res5": (32, 1),
    "level0": (16, 1),
    "level1": (32, 1),
    "level2": (32, 2),
    "mask_features": (32, 2),
}
# Two float32 runs of this net differ by 2e-5 after GroupNorm over 20 cells; values are of order 1.
TOLERANCE = 1e-4


def encoder() -> tuple[FocalNet, FPN]:
    backbone, pixel_decoder = FocalNet().eval(), FPN().eval()
    fill_with_golden_weights(backbone, prefix="backbone.")
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.")
    return backbone, pixel_decoder


def model_input() -> Tensor:
    return pad_to_multiple(normalise(GOLDEN["image_u8"].transpose(1, 2, 0)), 32)


@pytest.fixture(scope="module")
def features() -> dict[str, Tensor]:
    backbone, pixel_decoder = encoder()
    with torch.inference_mode():
        pyramid = backbone(model_input())
        mask_features, levels = pixel_decoder(*pyramid)
    return dict(zip(SAMPLED, (*pyramid, *levels, mask_features), strict=True))


@pytest.mark.unit
def test_model_input_equals_upstream() -> None:
    # 1e-6: one rounding of a division of numbers below 3.
    np.testing.assert_allclose(model_input()[:, :, ::16, ::16], GOLDEN["normalized_every16"], atol=1e-6)


@pytest.mark.parametrize("name", SAMPLED)
def test_features_equal_upstream(features: dict[str, Tensor], name: str) -> None:
    channel, cell = SAMPLED[name]
    sampled = features[name][:, ::channel, ::cell, ::cell]
    np.testing.assert_allclose(sampled.numpy(), GOLDEN[name], atol=TOLERANCE)


def test_batch_gives_the_same_features_as_single_images() -> None:
    torch.manual_seed(0)
    backbone = FocalNet(embed_dim=8, depths=(1, 1, 1, 1)).eval()
    pixel_decoder = FPN(in_channels=backbone.out_channels, conv_dim=32, mask_dim=8, encoder_layers=1).eval()
    images = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        batched, _ = pixel_decoder(*backbone(images))
        single, _ = pixel_decoder(*backbone(images[1:]))
    torch.testing.assert_close(batched[1:], single, atol=1e-5, rtol=0)


@pytest.mark.unit
def test_parameter_names_and_shapes_are_the_official_ones() -> None:
    official: dict[str, list[int]] = json.loads((DATA / "upstream_focalt_keys.json").read_text())
    with torch.device("meta"):
        whole = nn.ModuleDict({"backbone": FocalNet(), "pixel_decoder": FPN()})
    ours = {to_upstream_name(name): list(value.shape) for name, value in whole.state_dict().items()}
    parts = ("backbone.", "sem_seg_head.pixel_decoder.")
    assert ours == {name: shape for name, shape in official.items() if name.startswith(parts)}


@pytest.mark.unit
def test_focal_l_has_the_official_number_of_parameters() -> None:
    with torch.device("meta"):
        backbone = FocalNet(
            embed_dim=192,
            depths=(2, 2, 18, 2),
            focal_levels=(4, 4, 4, 4),
            stem_padding=2,
            depthwise=False,
            norm_on_branch=True,
        )
        pixel_decoder = FPN(in_channels=backbone.out_channels)
    assert sum(p.numel() for p in backbone.parameters()) == 205_746_936
    assert sum(p.numel() for p in pixel_decoder.parameters()) == 32_193_536
