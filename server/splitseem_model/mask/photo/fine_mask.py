"""What the mask of an image is made of where the photo refines it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import PhotoConfig
from splitseem_model.mask.photo.refinement import PhotoGuide, refine_by_photo
from splitseem_model.prompt.prompts import PointLabel, PromptPoints
from splitseem_proto import ImageGeometry

_SLACK = 1e-3
"""Pixels. A position on the border of two pixels is in the second, however it was rounded on its way."""


@dataclass(frozen=True, eq=False)
class FineMask:
    """A mask before it gets the size of the image.

    Attributes:
        logits: float32 `[h, w]` over the input, foreground > 0; `stride` input pixels a cell.
        held: int64 `[P, 3]`, column, row and label of the image pixels that have that side whatever the
            logits say: two clicks may be closer than a cell.
    """

    logits: NDArray[np.float32]
    stride: int
    held: NDArray[np.int64]


def fine_mask(
    guide: PhotoGuide,
    mask_logits: NDArray[np.float32],
    points: PromptPoints,
    geometry: ImageGeometry,
    config: PhotoConfig,
) -> FineMask:
    """Refine `mask_logits` `[H/4, W/4]`; the points of label 1 and 0 are held."""
    logits = refine_by_photo(guide, mask_logits, points.coords, points.labels, config)
    return FineMask(logits, guide.stride, _held_pixels(points, geometry))


def _held_pixels(points: PromptPoints, geometry: ImageGeometry) -> NDArray[np.int64]:
    sided = (points.labels == PointLabel.POSITIVE) | (points.labels == PointLabel.NEGATIVE)
    left, top, width, height = geometry.roi_xywh
    scale = np.array([width / geometry.input_hw[1], height / geometry.input_hw[0]])
    inside = np.floor(points.coords[sided].astype(np.float64) * scale + _SLACK).astype(np.int64)
    pixels = np.array([left, top]) + np.minimum(inside, [width - 1, height - 1])
    return np.column_stack([pixels, points.labels[sided]])
