"""Prompt items -> labelled points. Outside the exported graphs; `client/src/shared/prompt/prompts.ts` does
the same, and both are held to `proto/vectors/prompts.json`.

Source: SEEM samples at most 512 points of a stroke (section 3.2). Deviation: evenly, not at random, so that
two runs agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MAX_POINTS
from splitseem_model.errors import PromptError
from splitseem_model.prompt.shapes import (
    MARKED_CORNERS,
    PROMPT_SHAPES,
    XY,
    Canvas,
    PointLabel,
    RegionRules,
    places_of,
    points_of,
)
from splitseem_model.prompt.thinning import thin
from splitseem_proto import ImageGeometry, PromptItem

__all__ = ["PointLabel", "PromptPoints", "no_points", "prompt_points"]

_FARTHEST = 1e12
"""Pixels: outside of every image."""


@dataclass(frozen=True)
class PromptPoints:
    """All points of one object.

    Attributes:
        coords: float32 `[P, 2]` (x, y) in the padded frame, pixels; labels: int64 `[P]`; 1 <= P <= 512.
    """

    coords: NDArray[np.float32]
    labels: NDArray[np.int64]


def prompt_points(
    items: Sequence[PromptItem], geometry: ImageGeometry, rules: RegionRules = MARKED_CORNERS
) -> PromptPoints:
    """Turn the prompt items of one object, in order, into points.

    A text has none; when there is nothing but text, the one point is padding.

    Raises:
        PromptError: no item, or a point outside the encoded part of the image.
    """
    if not items:
        raise PromptError("give at least one click, box, scribble, polygon or text")
    check_inside(items, geometry)
    canvas = Canvas.of(geometry)
    points = thin([point for item in items for point in points_of(item, canvas, rules)], MAX_POINTS)
    if not points:
        return no_points()
    coords = geometry.image_to_input([(x, y) for x, y, _ in points])
    return PromptPoints(
        coords.astype(np.float32), np.array([label for _, _, label in points], dtype=np.int64)
    )


def check_inside(items: Sequence[PromptItem], geometry: ImageGeometry) -> None:
    """See that all that was drawn lies on the encoded part of an image, borders included.

    What changes the mask itself may lie anywhere on the image. What a prompt costs follows from its length,
    so this comes before any other work.

    Raises:
        PromptError: something does not; the message names the place.
    """
    drawn = [(item, point) for item in items for point in places_of(item)]
    _check_places([point for item, point in drawn if not PROMPT_SHAPES[item.kind].edits], geometry)
    size_hw = geometry.original_hw
    whole = ImageGeometry.whole_image(size_hw, size_hw, size_hw)
    _check_places([point for item, point in drawn if PROMPT_SHAPES[item.kind].edits], whole)


def _check_places(places: Sequence[XY], geometry: ImageGeometry) -> None:
    if not places:
        return
    # What is farther than any image is wide may leave the numbers there are when a small image is enlarged.
    near = np.clip(np.asarray(places, dtype=np.float64), -_FARTHEST, _FARTHEST)
    outside = ~geometry.inside_input(geometry.image_to_input(near))
    if outside.any():
        x, y = places[int(outside.argmax())]
        left, top, width, height = geometry.roi_xywh
        raise PromptError(
            f"({x:g}, {y:g}) is outside the encoded part, which spans"
            f" x {left} to {left + width}, y {top} to {top + height}"
        )


def no_points() -> PromptPoints:
    """One point of padding: a step has at least one."""
    return PromptPoints(np.zeros((1, 2), dtype=np.float32), np.array([PointLabel.PADDING], dtype=np.int64))
