"""Mask logits -> mask of the original image."""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE
from splitseem_model.layers.arrays import Floats
from splitseem_proto import ImageGeometry

Indices = NDArray[np.int64]
_ROWS = 64
"""Of an image that are done at a time, so that they stay in the processor's cache."""


def mask_of_image(
    mask_logits: NDArray[np.float32], geometry: ImageGeometry, stride: int = MASK_STRIDE
) -> NDArray[np.bool_]:
    """One bilinear look-up per image pixel, > 0.

    The centre of an image pixel at padded coordinates (x, y) reads index (x / stride - 0.5,
    y / stride - 0.5), clamped to the map.

    Args:
        mask_logits: `[h, w]` over the input, with or without its padding; `stride` input pixels a cell.
    Returns:
        bool `[H_image, W_image]`; False outside the region of interest.
    """
    left, top, width, height = geometry.roi_xywh
    input_h, input_w = geometry.input_hw
    cells_h, cells_w = mask_logits.shape
    above, below, down = _between(height, input_h / height / stride, cells_h)
    before, after, across = _between(width, input_w / width / stride, cells_w)
    wide = mask_logits[:, before] * (1 - across) + mask_logits[:, after] * across  # [h, width]
    mask = np.zeros(geometry.original_hw, dtype=np.bool_)
    for start in range(0, height, _ROWS):
        rows = slice(start, min(start + _ROWS, height))
        part = down[rows, None]
        logits = wide[above[rows]] * (1 - part) + wide[below[rows]] * part
        mask[top + rows.start : top + rows.stop, left : left + width] = logits > 0
    return mask


def _between(pixels: int, cells_a_pixel: float, cells: int) -> tuple[Indices, Indices, Floats]:
    """For the centre of every pixel along an axis: the two cells around it, and how far it is to the
    second."""
    place = np.clip((np.arange(pixels) + 0.5) * cells_a_pixel - 0.5, 0, cells - 1)
    low = np.floor(place).astype(np.int64)
    return low, np.minimum(low + 1, cells - 1), (place - low).astype(np.float32)


def hold_pixels(mask: NDArray[np.bool_], held: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The mask with some pixels given their side, of two on one pixel the later.

    Args:
        mask: `[H, W]`; held: `[P, 3]`, column, row and label 1 or 0 each.
    """
    obeying = mask.copy()
    for column, row, label in held:
        obeying[row, column] = label == 1
    return obeying
