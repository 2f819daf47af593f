"""Mask logits -> mask of the original image."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE
from splitseem_proto import ImageGeometry


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
    columns = (torch.arange(width, dtype=torch.float32) + 0.5) * (input_w / width)
    rows = (torch.arange(height, dtype=torch.float32) + 0.5) * (input_h / height)
    map_h, map_w = (size * stride for size in mask_logits.shape)
    grid = torch.stack(
        torch.meshgrid(columns / map_w * 2 - 1, rows / map_h * 2 - 1, indexing="xy"), dim=-1
    )  # [height, width, 2]
    logits = functional.grid_sample(
        torch.from_numpy(mask_logits)[None, None], grid[None], padding_mode="border", align_corners=False
    )
    mask = np.zeros(geometry.original_hw, dtype=np.bool_)
    mask[top : top + height, left : left + width] = (logits[0, 0] > 0).numpy()
    return mask


def hold_pixels(mask: NDArray[np.bool_], held: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The mask with some pixels given their side, of two on one pixel the later.

    Args:
        mask: `[H, W]`; held: `[P, 3]`, column, row and label 1 or 0 each.
    """
    obeying = mask.copy()
    for column, row, label in held:
        obeying[row, column] = label == 1
    return obeying
