"""Bilinear look-ups at points: how a prompt meets a feature map. Outside the exported graphs, the same in
TypeScript."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

PointSampling = Literal["corner", "centre"]


def sample_points(
    feature_map: Tensor, coords: Tensor, padded_hw: tuple[int, int], rule: PointSampling
) -> Tensor:
    """Sample a map at points.

    Args:
        feature_map: `[B, C, h, w]` over the padded input.
        coords: `[B, P, 2]` (x, y) in the padded frame, pixels.
        padded_hw: size of the padded input.
        rule: "centre" looks up index x / stride - 0.5, clamped to the map; "corner" (upstream) index
            (x - 0.5) / W * (w - 1).
    Returns:
        `[B, P, C]`.
    """
    size = coords.new_tensor([padded_hw[1], padded_hw[0]])
    place = (coords - 0.5 if rule == "corner" else coords) / size
    grid = (place * 2 - 1).unsqueeze(2)  # [B, P, 1, 2]
    sampled = functional.grid_sample(
        feature_map, grid, mode="bilinear", padding_mode="border", align_corners=rule == "corner"
    )
    return sampled.squeeze(3).transpose(1, 2)  # [B, P, C]


def signed_point_logits(
    mask_embed: Tensor, point_mask_features: Tensor, point_labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Mask logits of every query at the clicked points, turned so that larger is better.

    Args:
        mask_embed: `[B, Q, C]`; point_mask_features: `[B, P, C]`; point_labels: `[B, P]`.
    Returns:
        `[B, Q, P]` logits, negated at negative points, and `[B, P]` float, 1 where the label is 1 or 0 and 0
        elsewhere.
    """
    logits = mask_embed @ point_mask_features.transpose(1, 2)
    sign = torch.where(point_labels == 0, -1.0, 1.0)
    counted = ((point_labels == 0) | (point_labels == 1)).to(logits.dtype)
    return logits * sign[:, None, :], counted
