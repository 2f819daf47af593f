"""An image of coarser maps, on which many clicks take less time: the same graphs on a few of its cells.

`client/src/worker/step/coarseDraft.ts` does the same.
"""

from dataclasses import replace

import numpy as np

from splitseem_model.config import MASK_STRIDE, STRIDE
from splitseem_model.encode.mask_features import MaskFeatures
from splitseem_model.layers.arrays import Floats, block_means
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_proto import ImageGeometry

LONGEST_SIDE = 320
"""Pixels: the maps of an input with a longer long side are averaged to at most this."""


def coarse_factor(geometry: ImageGeometry) -> int:
    """How many cells of an input are one, along a side: 1, 2, 4 ..."""
    factor = 1
    while max(geometry.input_hw) > LONGEST_SIDE * factor:
        factor *= 2
    return factor


def coarsened(runtime: DecoderRuntime, image: PreparedImage, factor: int) -> PreparedImage:
    """An image for the decoder alone, without what comes after it; the same one for a factor of 1."""
    if factor == 1:
        return image
    levels = tuple(
        _averaged(level, stride, factor) for level, stride in zip(image.levels, (32, 16, 8), strict=True)
    )
    masks = MaskFeatures(_averaged(image.mask_features, MASK_STRIDE, factor))
    height, width = (cells * MASK_STRIDE * factor for cells in masks.size_hw)
    geometry = replace(image.geometry, padded_hw=(height, width))
    prepared = runtime.prepare(levels, masks)
    return replace(image, geometry=geometry, masks=masks, levels=levels, prepared=prepared, spread=None)


def on_coarse_cells(geometry: ImageGeometry, factor: int) -> ImageGeometry:
    """An input in pixels that are as much wider as the cells: for masks of coarser maps."""
    height, width = (-(-side // factor) for side in geometry.input_hw)
    return replace(geometry, input_hw=(height, width))


def _averaged(level: Floats, stride: int, factor: int) -> Floats:
    """Means of blocks of cells; the last row and column are repeated until the coarsest map is of whole
    cells."""
    multiple = factor * STRIDE // stride
    height, width = level.shape[2:]
    margin = ((0, 0), (0, 0), (0, -height % multiple), (0, -width % multiple))
    return block_means(np.pad(level, margin, mode="edge"), factor)
