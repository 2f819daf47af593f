"""Checker of encoder cases: stored image -> backbone maps, levels, mask features, by any official encoder."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import PRESETS, preset
from splitseem_model.encode.folded_pyramid import FoldedPyramid
from splitseem_model.encode.mask_map import MaskSource, level_averages, mask_conv
from splitseem_model.encode.parts import build_backbone, build_pixel_decoder
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.preprocess import normalise, pad_to_multiple
from splitseem_parity.comparison import Comparison, tolerance_of
from splitseem_parity.golden_set import GoldenSet, NotSupported

_MAPS = ("res2", "res3", "res4", "res5", "ms_0", "ms_1", "ms_2", "mask_features")

_NOISES = 8
"""Two float32 runs differ by a few times what one of them differs from a float64 run."""
_SAM_TOLERANCE = 1e-3
"""Sets record no noise of the SAM encoders. The stored and our own float32 results are each up to 1.5e-4 from
a float64 run for ViT-B (the maximum over all cells is 3e-4); ViT-L is twice as deep."""


@dataclass(frozen=True)
class Encoder:
    """Backbone and pixel decoder of one official model, filled by the weight rule."""

    backbone: nn.Module
    pixel_decoder: nn.Module
    size_multiple: int

    @torch.inference_mode()
    def features(self, pixels: Tensor) -> dict[str, Tensor]:
        """Every map of one model input `[1, 3, H, W]`, by its name in golden files."""
        pyramid = self.backbone(pixels)
        mask_features, levels = self.pixel_decoder(*pyramid)
        return dict(zip(_MAPS, (*pyramid, *levels, mask_features), strict=True))

    @torch.inference_mode()
    def folded_mask_features(self, maps: dict[str, Tensor]) -> Tensor | None:
        """The mask features by way of their source, see `mask_map.py`; None where there is no other way."""
        if not isinstance(self.pixel_decoder, FPN):
            return None
        source, _ = FoldedPyramid(self.pixel_decoder).fuse(*(maps[name] for name in _MAPS[:4]))
        conv = mask_conv(self.pixel_decoder)
        return torch.from_numpy(MaskSource(source, level_averages(source, conv), conv).full())


def check_encoder(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """Compare every map that the case holds: whole, at every 16th channel, or by the strides of the manifest.

    Raises:
        NotSupported: the name of the case, `encoder_<backbone>` or `encoder_<backbone>_<image>`, is that of
            no official backbone.
    """
    arrays = golden.arrays(name)
    entry: dict[str, Any] = golden.manifest.get("other_encoders", {}).get(name, {})
    channel, cell = entry.get("channel_stride", 1), entry.get("spatial_stride", 1)
    backbone = name.split("_")[1]
    encoder = golden_encoder(backbone, golden.seed_offset)
    pixels = pad_to_multiple(normalise(arrays["image_u8"].transpose(1, 2, 0)), encoder.size_multiple)
    comparison.check("normalized_padded_every4", pixels[:, :, ::4, ::4])
    maps = encoder.features(pixels)
    for key, value in maps.items():
        tolerance = _tolerance(backbone, key, entry)
        comparison.check(key, value[:, ::channel, ::cell, ::cell], tolerance)
        comparison.check(f"{key}_every16", value[:, ::16], tolerance)
    folded = encoder.folded_mask_features(maps)
    if folded is not None:
        tolerance = _tolerance(backbone, "mask_features", entry)
        comparison.check("mask_features", folded[:, ::channel, ::cell, ::cell], tolerance)
    comparison.skip("image_u8")


def _tolerance(backbone: str, key: str, entry: dict[str, Any]) -> float:
    if backbone.startswith("samvit"):
        return _SAM_TOLERANCE
    noise: float = entry.get("noise_f32_vs_f64", {}).get(key, 0.0)
    return max(tolerance_of(key), _NOISES * noise)


@lru_cache(maxsize=1)
def golden_encoder(backbone_name: str, seed_offset: int) -> Encoder:
    """Encoder of one backbone; the cases of a backbone follow each other."""
    if f"{backbone_name}-v1" not in PRESETS:
        raise NotSupported(f"no backbone {backbone_name} in this version")
    config = preset(f"{backbone_name}-v1")
    decoder = config.decoder
    backbone = build_backbone(config.backbone).eval()
    pixel_decoder = build_pixel_decoder(
        config.pixel_decoder, backbone.out_channels, decoder.dim, decoder.mask_dim
    ).eval()
    fill_with_golden_weights(backbone, prefix="backbone.", seed_offset=seed_offset)
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.", seed_offset=seed_offset)
    return Encoder(backbone, pixel_decoder, config.size_multiple)
