"""Bilinear look-ups at points, with gradients: as `arrays.py`, for training."""

from torch import Tensor
from torch.nn import functional

from splitseem_model.layers.arrays import PointSampling


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
