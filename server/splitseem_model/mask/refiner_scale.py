"""On which scale the mask refiner works: on maps of stride 4, or on coarser ones of a large input.

The refiner costs several times the decoder's step, in proportion to the cells. It is trained on inputs of at
most 256 pixels; on a larger one it sees maps averaged to about that size, and the change that it makes is
enlarged. Outside the exported graphs; `client/src/worker/mask/refinerScale.ts` does the same, and both are
held to `proto/vectors/refiner_scale.json`.
"""

import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE, RefinerConfig

RefinerMaps = tuple[Tensor, Tensor, Tensor]
"""What `MaskRefiner.prepare` takes: mask features, level1, level2."""

_COARSEST = 4
"""Stride of the refiner's coarsest map over that of its finest."""


def shrink_factor(config: RefinerConfig, map_hw: tuple[int, int]) -> int:
    """How many cells of stride 4 are one of the refiner's, along a side: 1, 2, 4 ...

    Args:
        map_hw: size of the mask features.
    """
    factor = 1
    while max(map_hw) * MASK_STRIDE > config.fine_side * factor:
        factor *= 2
    return factor


def refiner_maps(config: RefinerConfig, mask_features: Tensor, level1: Tensor, level2: Tensor) -> RefinerMaps:
    """The maps of an image, averaged over blocks of `shrink_factor` cells."""
    factor = shrink_factor(config, (mask_features.shape[2], mask_features.shape[3]))
    return shrunk(mask_features, factor), _shrunk_level(level1, 4, factor), _shrunk_level(level2, 2, factor)


def shrunk(map_stride4: Tensor, factor: int) -> Tensor:
    """Mean of every block of `factor` x `factor` cells of `[B, C, h, w]`; the last row and column are
    repeated until both sides are whole cells of the coarsest map."""
    return _shrunk_level(map_stride4, 1, factor)


def enlarged(change: Tensor, factor: int, size_hw: tuple[int, int]) -> Tensor:
    """`[B, C, h, w]` looked up, bilinearly, at the centres of `factor` times finer cells, cut to a size."""
    if factor == 1:
        return change
    fine = functional.interpolate(change, scale_factor=float(factor), mode="bilinear")
    return fine[:, :, : size_hw[0], : size_hw[1]]


def _shrunk_level(level: Tensor, stride: int, factor: int) -> Tensor:
    """A map whose cells are `stride` cells of the mask features wide."""
    if factor == 1:
        return level
    multiple = factor * _COARSEST // stride
    height, width = level.shape[2:]
    rows = torch.arange(height + -height % multiple).clamp(max=height - 1)
    columns = torch.arange(width + -width % multiple).clamp(max=width - 1)
    return functional.avg_pool2d(level[:, :, rows][:, :, :, columns], factor)
