"""On which scale the mask refiner works: on maps of stride 4, or on coarser ones of a large input.

The refiner costs several times the decoder's step, in proportion to the cells. It is trained on inputs of at
most 256 pixels; on a larger one it sees maps averaged to about that size, and the change that it makes is
enlarged. Outside the exported graphs; `client/src/worker/mask/refinerScale.ts` does the same, and both are
held to `proto/vectors/refiner_scale.json`.
"""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE, RefinerConfig
from splitseem_model.layers.arrays import Floats, block_means

Indices = NDArray[np.int64]
RefinerMaps = tuple[Floats, Floats, Floats]
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


def refiner_maps(config: RefinerConfig, mask_features: Floats, level1: Floats, level2: Floats) -> RefinerMaps:
    """The maps `[1, C, h, w]` of an image, averaged over blocks of `shrink_factor` cells."""
    factor = shrink_factor(config, (mask_features.shape[2], mask_features.shape[3]))
    return shrunk(mask_features, factor), _shrunk_level(level1, 4, factor), _shrunk_level(level2, 2, factor)


def shrunk(map_stride4: Floats, factor: int) -> Floats:
    """Mean of every block of `factor` x `factor` cells of `[B, C, h, w]`; the last row and column are
    repeated until both sides are whole cells of the coarsest map."""
    return _shrunk_level(map_stride4, 1, factor)


def enlarged(change: Floats, factor: int, size_hw: tuple[int, int]) -> Floats:
    """`[B, C, h, w]` looked up, bilinearly, at the centres of `factor` times finer cells, cut to a size."""
    if factor == 1:
        return change
    (above, below, down), (before, after, across) = (
        _between(count, factor, most) for count, most in zip(change.shape[2:], size_hw, strict=True)
    )
    rows = change[:, :, above] * (1 - down)[:, None] + change[:, :, below] * down[:, None]
    return np.asarray(rows[..., before] * (1 - across) + rows[..., after] * across, np.float32)


def _between(cells: int, factor: int, most: int) -> tuple[Indices, Indices, Floats]:
    """For each of at most `most` finer cells along an axis: the two cells around it, and how far it is to the
    second."""
    finer = np.arange(min(cells * factor, most), dtype=np.float32)
    place = np.clip((finer + 0.5) / factor - 0.5, 0, cells - 1)
    low = np.floor(place).astype(np.int64)
    return low, np.minimum(low + 1, cells - 1), np.asarray(place - low, np.float32)


def _shrunk_level(level: Floats, stride: int, factor: int) -> Floats:
    """A map whose cells are `stride` cells of the mask features wide."""
    if factor == 1:
        return level
    multiple = factor * _COARSEST // stride
    height, width = level.shape[2:]
    margin = ((0, 0), (0, 0), (0, -height % multiple), (0, -width % multiple))
    return block_means(np.pad(level, margin, mode="edge"), factor)
