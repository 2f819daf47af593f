"""Mask logits at stride 4 -> the size of the encoded part of the image, by the rule of the official tasks.

Source: upstream `GeneralizedSEEM.forward` and `sem_seg_postprocess` (branch v1.0, commit 7b2e76d): bilinear
(half-pixel) to the padded size, crop to the input, then bicubic with antialiasing to the image. The last step
changes values even where nothing shrinks, because its kernel is another one than that of the plain bicubic.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from splitseem_proto import ImageGeometry

_MASKS_AT_ONCE = 16


def to_image(mask_logits: Tensor, geometry: ImageGeometry) -> Tensor:
    """`[n, H/4, W/4]` -> `[n, h, w]`, the region of interest in image pixels."""
    return _to_height(_widened(mask_logits, geometry), geometry)


def official_mask(mask_logits: NDArray[np.float32], geometry: ImageGeometry) -> NDArray[np.bool_]:
    """One mask `[H/4, W/4]` by the same rule, > 0: bool `[H_image, W_image]`, False outside the region."""
    left, top, width, height = geometry.roi_xywh
    mask = np.zeros(geometry.original_hw, dtype=np.bool_)
    inside = to_image(torch.from_numpy(mask_logits)[None], geometry)[0] > 0
    mask[top : top + height, left : left + width] = inside.numpy()
    return mask


def column_slices(
    mask_logits: Tensor, geometry: ImageGeometry, most_values: int
) -> Iterator[tuple[slice, Tensor]]:
    """The same in slices `[n, h, c]` of whole columns, from left to right, each with its place.

    Args:
        most_values: numbers that a slice may hold, so that large images need no more memory than small ones.
    """
    widened = _widened(mask_logits, geometry)
    width, height = geometry.roi_xywh[2:]
    columns = max(1, most_values // (max(1, len(mask_logits)) * height))
    for start in range(0, width, columns):
        place = slice(start, min(start + columns, width))
        yield place, _to_height(widened[:, :, place], geometry)


def _widened(mask_logits: Tensor, geometry: ImageGeometry) -> Tensor:
    """`[n, H_input, w]`: as wide as the region of interest. The official resize, too, does columns first, so
    doing the rows apart changes no bit."""
    input_h, input_w = geometry.input_hw
    parts = []
    for chunk in torch.split(mask_logits, _MASKS_AT_ONCE):
        padded = interpolate(chunk[None], size=geometry.padded_hw, mode="bilinear", align_corners=False)
        cropped = padded[:, :, :input_h, :input_w]
        parts.append(_bicubic(cropped, (input_h, geometry.roi_xywh[2]))[0])
    return torch.cat(parts)


def _to_height(widened: Tensor, geometry: ImageGeometry) -> Tensor:
    return _bicubic(widened[None], (geometry.roi_xywh[3], widened.shape[2]))[0]


def _bicubic(maps: Tensor, size_hw: tuple[int, int]) -> Tensor:
    return interpolate(maps, size=size_hw, mode="bicubic", align_corners=False, antialias=True)
