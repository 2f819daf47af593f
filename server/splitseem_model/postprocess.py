"""Mask logits at stride 4 -> mask of the original image."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from splitseem_proto import ImageGeometry


def mask_of_image(mask_logits: NDArray[np.float32], geometry: ImageGeometry) -> NDArray[np.bool_]:
    """One bilinear look-up per image pixel, > 0.

    The centre of an image pixel at padded coordinates (x, y) reads index (x / 4 - 0.5, y / 4 - 0.5), clamped
    to the map.

    Args:
        mask_logits: `[H/4, W/4]` over the padded input.
    Returns:
        bool `[H_image, W_image]`; False outside the region of interest.
    """
    left, top, width, height = geometry.roi_xywh
    input_h, input_w = geometry.input_hw
    columns = (torch.arange(width, dtype=torch.float32) + 0.5) * (input_w / width)
    rows = (torch.arange(height, dtype=torch.float32) + 0.5) * (input_h / height)
    padded_h, padded_w = geometry.padded_hw
    grid = torch.stack(
        torch.meshgrid(columns / padded_w * 2 - 1, rows / padded_h * 2 - 1, indexing="xy"), dim=-1
    )  # [height, width, 2]
    logits = functional.grid_sample(
        torch.from_numpy(mask_logits)[None, None], grid[None], padding_mode="border", align_corners=False
    )
    mask = np.zeros(geometry.original_hw, dtype=np.bool_)
    mask[top : top + height, left : left + width] = (logits[0, 0] > 0).numpy()
    return mask
