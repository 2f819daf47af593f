"""Prompt items -> labelled points. Outside the exported graphs; `client/src/shared/prompts.ts` does the same,
and both are held to `proto/vectors/prompts.json`.

Source: SEEM samples at most 512 points of a stroke (section 3.2). Deviation: evenly, not at random, so that
two runs agree.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MAX_POINTS
from splitseem_model.errors import PromptError
from splitseem_model.thinning import thin
from splitseem_proto import Box, Click, ImageGeometry, Polygon, PromptItem, Scribble, TextPrompt

STROKE_STEPS_PER_DIAGONAL = 100
POLYGON_SHRINK = 0.9
"""Points of an outline are pulled towards its centroid by this factor, so that they lie on the object and not
on its edge."""

XY = tuple[float, float]
Labelled = tuple[float, float, int]


class PointLabel(IntEnum):
    """What a point says. Upstream SEEM codes positive, negative, padding as 1, -1, 0."""

    PADDING = -1
    NEGATIVE = 0
    POSITIVE = 1
    BOX_MIN = 2
    BOX_MAX = 3


@dataclass(frozen=True)
class PromptPoints:
    """All points of one object.

    Attributes:
        coords: float32 `[P, 2]` (x, y) in the padded frame, pixels; labels: int64 `[P]`; 1 <= P <= 512.
    """

    coords: NDArray[np.float32]
    labels: NDArray[np.int64]


def prompt_points(items: Sequence[PromptItem], geometry: ImageGeometry) -> PromptPoints:
    """Turn the prompt items of one object, in order, into points.

    A text has none; when there is nothing but text, the one point is padding.

    Raises:
        PromptError: no item, or a point outside the encoded part of the image.
    """
    diagonal = math.sqrt(geometry.original_hw[0] ** 2 + geometry.original_hw[1] ** 2)
    step = max(diagonal / STROKE_STEPS_PER_DIAGONAL, 1.0)
    points = thin([point for item in items for point in _points_of(item, step)], MAX_POINTS)
    if not items:
        raise PromptError("give at least one click, box, scribble, polygon or text")
    if not points:
        return no_points()
    coords = geometry.image_to_input([(x, y) for x, y, _ in points])
    outside = ~geometry.inside_input(coords)
    if outside.any():
        x, y, _ = points[int(outside.argmax())]
        left, top, width, height = geometry.roi_xywh
        raise PromptError(
            f"({x:g}, {y:g}) is outside the encoded part, which spans"
            f" x {left} to {left + width}, y {top} to {top + height}"
        )
    return PromptPoints(
        coords.astype(np.float32), np.array([label for _, _, label in points], dtype=np.int64)
    )


def no_points() -> PromptPoints:
    """One point of padding: a step has at least one."""
    return PromptPoints(np.zeros((1, 2), dtype=np.float32), np.array([PointLabel.PADDING], dtype=np.int64))


def resample(points_xy: Sequence[XY], step: float, *, closed: bool) -> list[XY]:
    """Points at equal arc length along a polyline, at most `step` pixels apart.

    An open line keeps both ends; a closed one joins its last point to its first and starts there. A line of
    no length is one point.
    """
    corners = [*points_xy, points_xy[0]] if closed else list(points_xy)
    lengths = [math.sqrt((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) for a, b in pairwise(corners)]
    total = 0.0
    for length in lengths:
        total += length
    if total == 0:
        return [corners[0]]
    count = math.ceil(total / step)
    result: list[XY] = []
    segment, passed = 0, 0.0
    for k in range(count if closed else count + 1):
        wanted = total * k / count
        while segment < len(lengths) - 1 and passed + lengths[segment] < wanted:
            passed += lengths[segment]
            segment += 1
        part = 0.0 if lengths[segment] == 0 else min(1.0, (wanted - passed) / lengths[segment])
        (ax, ay), (bx, by) = corners[segment], corners[segment + 1]
        result.append((ax + (bx - ax) * part, ay + (by - ay) * part))
    return result


def _click(item: Click, step: float) -> Iterable[Labelled]:
    return [(item.x, item.y, item.label)]


def _box(item: Box, step: float) -> Iterable[Labelled]:
    return [(item.x0, item.y0, PointLabel.BOX_MIN), (item.x1, item.y1, PointLabel.BOX_MAX)]


def _scribble(item: Scribble, step: float) -> Iterable[Labelled]:
    return [(x, y, item.label) for x, y in resample(item.points_xy, step, closed=False)]


def _polygon(item: Polygon, step: float) -> Iterable[Labelled]:
    count = len(item.points_xy)
    centre_x = sum(x for x, _ in item.points_xy) / count
    centre_y = sum(y for _, y in item.points_xy) / count
    return [
        (
            centre_x + POLYGON_SHRINK * (x - centre_x),
            centre_y + POLYGON_SHRINK * (y - centre_y),
            PointLabel.POSITIVE,
        )
        for x, y in resample(item.points_xy, step, closed=True)
    ]


def _text(item: TextPrompt, step: float) -> Iterable[Labelled]:
    return []


_POINTS_OF: dict[str, Callable[..., Iterable[Labelled]]] = {
    Click.kind: _click,
    Box.kind: _box,
    Scribble.kind: _scribble,
    Polygon.kind: _polygon,
    TextPrompt.kind: _text,
}


def _points_of(item: PromptItem, step: float) -> Iterable[Labelled]:
    return _POINTS_OF[item.kind](item, step)
