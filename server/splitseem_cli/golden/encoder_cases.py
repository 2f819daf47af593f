"""Checkers of encoder cases: stored image -> backbone maps, levels, mask features."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from splitseem_cli.golden.comparison import Comparison
from splitseem_cli.golden.golden_set import GoldenSet
from splitseem_model.config import FOCAL_L, FOCAL_T, STRIDE, FocalNetConfig
from splitseem_model.golden_weights import fill_with_golden_weights
from splitseem_model.pixel_decoder import FPN
from splitseem_model.preprocess import normalise, pad_to_multiple
from splitseem_model.segmentation import build_backbone

_PYRAMID = ("res2", "res3", "res4", "res5")
_LEVELS = ("ms_0", "ms_1", "ms_2")


@dataclass(frozen=True)
class Encoder:
    """Backbone and pixel decoder of one official model, filled by the weight rule."""

    backbone: nn.Module
    pixel_decoder: nn.Module

    @torch.inference_mode()
    def features(self, pixels: Tensor) -> dict[str, Tensor]:
        """Every map of one model input `[1, 3, H, W]`, by its name in golden files."""
        pyramid = self.backbone(pixels)
        mask_features, levels = self.pixel_decoder(*pyramid)
        names = (*_PYRAMID, *_LEVELS, "mask_features")
        return dict(zip(names, (*pyramid, *levels, mask_features), strict=True))


def check_focal_t(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """A Focal-T case: backbone maps sampled at every 16th channel, the others whole."""
    arrays = golden.arrays(name)
    pixels = _model_input(arrays["image_u8"])
    comparison.check("normalized_padded_every4", pixels[:, :, ::4, ::4])
    for key, value in _focal_t(golden.seed_offset).features(pixels).items():
        comparison.check(key, value)
        comparison.check(f"{key}_every16", value[:, ::16])
    comparison.skip("image_u8")


def check_focal_l(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """The Focal-L case: every map sampled by the manifest's strides."""
    entry: dict[str, Any] = golden.manifest["other_encoders"][name]
    channel, cell = entry["channel_stride"], entry["spatial_stride"]
    pixels = _model_input(golden.arrays(name)["image_u8"])
    for key, value in _focal_l(golden.seed_offset).features(pixels).items():
        comparison.check(key, value[:, ::channel, ::cell, ::cell])
    comparison.skip("image_u8")


def _model_input(image: NDArray[np.uint8]) -> Tensor:
    """uint8 `[3, H, W]` at network resolution -> float32 `[1, 3, H_padded, W_padded]`."""
    return pad_to_multiple(normalise(image.transpose(1, 2, 0)), STRIDE)


def _encoder(config: FocalNetConfig, seed_offset: int) -> Encoder:
    backbone = build_backbone(config).eval()
    pixel_decoder = FPN(in_channels=backbone.out_channels).eval()
    fill_with_golden_weights(backbone, prefix="backbone.", seed_offset=seed_offset)
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.", seed_offset=seed_offset)
    return Encoder(backbone, pixel_decoder)


@cache
def _focal_t(seed_offset: int) -> Encoder:
    return _encoder(FOCAL_T, seed_offset)


def _focal_l(seed_offset: int) -> Encoder:
    return _encoder(FOCAL_L, seed_offset)
