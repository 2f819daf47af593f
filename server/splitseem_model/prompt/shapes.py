"""What is drawn -> labelled points: clicks, strokes, boxes and polygons, by rules that a model may choose.

The official models know points alone: whatever was drawn, in training points, scribbles, circles and outlines
of polygons, is a set of positive pixels. A box or the inside of a polygon has to be given that form; which
form is a rule here. `nano` has point labels for the corners of a box.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import DecoderConfig
from splitseem_model.prompt.thinning import thin
from splitseem_proto import (
    Box,
    Click,
    ImageGeometry,
    KnownMask,
    Paint,
    Polygon,
    PromptItem,
    Repair,
    Scribble,
    TextPrompt,
)

STROKE_STEPS_PER_DIAGONAL = 100
MOST_ALONG = 1024
"""Intervals of a line, however long it is; more than 512 points of a prompt are thinned anyway."""
POLYGON_SHRINK = 0.9
"""Points of an outline are pulled towards its centroid by this factor, so that they lie on the object and not
on its edge."""
REGION_POINTS = 64
"""At most this many points fill a region, or stand around it, so that clicks beside it still count."""
_MOST_CELLS = 4096
MASK_POINTS = 4
MIDDLE_SHARE = 0.5
"""Sides of the middle of a box, in sides of the box."""
BOX_RING, POLYGON_RING = 1.1, 1.2
"""Sides of the ring around a region, in sides of the region; a rough polygon may miss parts of the object."""

XY = tuple[float, float]
Labelled = tuple[float, float, int]
BoxRule = Literal["corners", "surround", "middle", "filled", "outline"]
PolygonRule = Literal["surround", "filled", "outline"]


class PointLabel(IntEnum):
    """What a point says. Upstream SEEM codes positive, negative, padding as 1, -1, 0."""

    PADDING = -1
    NEGATIVE = 0
    POSITIVE = 1
    BOX_MIN = 2
    BOX_MAX = 3


@dataclass(frozen=True)
class RegionRules:
    """How regions become points.

    Attributes:
        box: "corners", two points with labels of their own; "surround", positive points in its middle and
            negative ones in a ring around it; "middle", the positive ones alone; "filled", positive points
            all over it; "outline", along its edges, pulled inwards like those of a polygon.
        polygon: "surround", positive points all over it and negative ones in a ring around it; "filled", the
            positive ones alone; "outline", positive ones along its edges, pulled inwards.
    """

    box: BoxRule
    polygon: PolygonRule


MARKED_CORNERS = RegionRules("corners", "surround")


def region_rules(config: DecoderConfig) -> RegionRules:
    """The rules of a model unless asked otherwise.

    One that learned labels for the corners of a box gets them. The others get what did best in their place:
    negative points around the box, except in the first demo's wiring, which was never shown any.
    """
    if config.num_point_labels > PointLabel.BOX_MAX:
        return MARKED_CORNERS
    return RegionRules("middle", "filled") if config.wiring == "demo" else RegionRules("surround", "surround")


@dataclass(frozen=True)
class Canvas:
    """Where points may lie, image frame: `step` pixels between points of a line, and the encoded part."""

    step: float
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, geometry: ImageGeometry) -> "Canvas":
        """Of an image."""
        diagonal = math.sqrt(geometry.original_hw[0] ** 2 + geometry.original_hw[1] ** 2)
        left, top, width, height = geometry.roi_xywh
        step = max(diagonal / STROKE_STEPS_PER_DIAGONAL, 1.0)
        return cls(step, left, top, left + width, top + height)

    def holds(self, point: XY) -> bool:
        """Whether a point lies on the encoded part, borders included."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


@dataclass(frozen=True)
class PromptShape:
    """A kind of prompt, as far as points are concerned.

    Attributes:
        places: what it names, image frame.
        points: what the decoder gets, image frame, before there may be too many.
        edits: whether it changes the mask itself, pixel by pixel, and the decoder is not asked.
    """

    places: Callable[[Any], Sequence[XY]]
    points: Callable[[Any, Canvas, RegionRules], list[Labelled]]
    edits: bool = False


def points_of(item: PromptItem, canvas: Canvas, rules: RegionRules) -> list[Labelled]:
    """The points of one prompt item, image frame; a text has none."""
    return PROMPT_SHAPES[item.kind].points(item, canvas, rules)


def places_of(item: PromptItem) -> Sequence[XY]:
    """The places that a prompt item names, image frame; a text has none."""
    return PROMPT_SHAPES[item.kind].places(item)


def resample(points_xy: Sequence[XY], step: float, *, closed: bool) -> list[XY]:
    """Points at equal arc length along a polyline, at most `step` pixels apart, or `MOST_ALONG` intervals.

    An open line keeps both ends; a closed one joins its last point to its first and starts there. A line of
    no length is one point.

    Raises:
        ValueError: the line has no finite length.
    """
    corners = [*points_xy, points_xy[0]] if closed else list(points_xy)
    lengths = [math.sqrt(_square(b[0] - a[0]) + _square(b[1] - a[1])) for a, b in pairwise(corners)]
    total = 0.0
    for length in lengths:
        total += length
    if total == 0:
        return [corners[0]]
    if not math.isfinite(total):
        raise ValueError("a line must have a finite length")
    count = math.ceil(min(total / step, MOST_ALONG))
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


def _square(x: float) -> float:
    """Infinite where it is too large, and no error as `x ** 2` would be."""
    return x * x


def _labelled(points: Iterable[XY], label: int) -> list[Labelled]:
    return [(x, y, label) for x, y in points]


def _scaled(points: Iterable[XY], factor: float, corners: Sequence[XY]) -> list[XY]:
    """Points pulled towards the mean of the corners, or pushed away from it."""
    centre_x = sum(x for x, _ in corners) / len(corners)
    centre_y = sum(y for _, y in corners) / len(corners)
    return [(centre_x + factor * (x - centre_x), centre_y + factor * (y - centre_y)) for x, y in points]


def _outline(corners: Sequence[XY], canvas: Canvas) -> list[Labelled]:
    along = resample(corners, canvas.step, closed=True)
    return _labelled(_scaled(along, POLYGON_SHRINK, corners), PointLabel.POSITIVE)


def _filled(corners: Sequence[XY], canvas: Canvas) -> list[Labelled]:
    """An even grid over the inside, even-odd; along the edges of one that is too thin for that."""
    inside = points_in(_grid(corners), corners, inside=True)
    if not inside:
        return thin(_outline(corners, canvas), REGION_POINTS)
    return _labelled(thin(inside, REGION_POINTS), PointLabel.POSITIVE)


def _excluded(corners: Sequence[XY], canvas: Canvas) -> list[Labelled]:
    """Negative points all over a region that holds nothing of the object, whatever the rules: no model
    learned other labels for it, and a ring around it says nothing."""
    return [(x, y, PointLabel.NEGATIVE) for x, y, _ in _filled(corners, canvas)]


def _grid(corners: Sequence[XY]) -> list[XY]:
    """Centres of cells that tile the bounding box: a pixel each, or larger, so that about `REGION_POINTS` of
    them lie inside."""
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    smallest = max(_area(corners) / REGION_POINTS, (right - left) * (bottom - top) / _MOST_CELLS)
    side = max(math.sqrt(smallest), 1.0)
    columns, rows = max(1, int((right - left) / side)), max(1, int((bottom - top) / side))
    width, height = (right - left) / columns, (bottom - top) / rows
    return [
        (left + (column + 0.5) * width, top + (row + 0.5) * height)
        for row in range(rows)
        for column in range(columns)
    ]


def _area(corners: Sequence[XY]) -> float:
    """Square pixels, where outlines do not cross."""
    edges = pairwise([*corners, corners[0]])
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges)) / 2


def points_in(points: Sequence[XY], corners: Sequence[XY], *, inside: bool) -> list[XY]:
    """The points that are inside an outline by the even-odd rule, or those that are not.

    All points of one row share the crossings of that row with the outline, sorted.
    """
    corners_xy = np.asarray(corners, dtype=np.float64)  # [N, 2]
    (ax, ay), (bx, by) = corners_xy.T, np.roll(corners_xy, -1, axis=0).T
    rows: dict[float, NDArray[np.float64]] = {}
    found: list[XY] = []
    for x, y in points:
        if y not in rows:
            meets = (ay > y) != (by > y)
            share = (y - ay[meets]) / (by[meets] - ay[meets])
            rows[y] = np.sort(ax[meets] + share * (bx[meets] - ax[meets]))
        crossings = rows[y]
        to_the_right = len(crossings) - int(crossings.searchsorted(x, side="right"))
        if (to_the_right % 2 == 1) == inside:
            found.append((x, y))
    return found


def _corners(box: Box) -> list[XY]:
    return [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]


def _box_corners(box: Box, canvas: Canvas) -> list[Labelled]:
    return [(box.x0, box.y0, PointLabel.BOX_MIN), (box.x1, box.y1, PointLabel.BOX_MAX)]


def _box_filled(box: Box, canvas: Canvas) -> list[Labelled]:
    return _filled(_corners(box), canvas)


def _box_outline(box: Box, canvas: Canvas) -> list[Labelled]:
    return _outline(_corners(box), canvas)


def _box_middle(box: Box, canvas: Canvas) -> list[Labelled]:
    corners = _corners(box)
    return _filled(_scaled(corners, MIDDLE_SHARE, corners), canvas)


def _box_surround(box: Box, canvas: Canvas) -> list[Labelled]:
    corners = _corners(box)
    return [*_box_middle(box, canvas), *_ring(corners, BOX_RING, canvas)]


def _surrounded(corners: Sequence[XY], canvas: Canvas) -> list[Labelled]:
    return [*_filled(corners, canvas), *_ring(corners, POLYGON_RING, canvas)]


def _ring(corners: Sequence[XY], growth: float, canvas: Canvas) -> list[Labelled]:
    """Negative points around a region; where an outline is hollow, grown parts of it would lie inside."""
    grown = resample(_scaled(corners, growth, corners), canvas.step, closed=True)
    around = points_in([point for point in grown if canvas.holds(point)], corners, inside=False)
    return _labelled(thin(around, REGION_POINTS), PointLabel.NEGATIVE)


_BOX_RULES: Mapping[BoxRule, Callable[[Box, Canvas], list[Labelled]]] = MappingProxyType(
    {
        "corners": _box_corners,
        "surround": _box_surround,
        "middle": _box_middle,
        "filled": _box_filled,
        "outline": _box_outline,
    }
)
_POLYGON_RULES: Mapping[PolygonRule, Callable[[Sequence[XY], Canvas], list[Labelled]]] = MappingProxyType(
    {"surround": _surrounded, "filled": _filled, "outline": _outline}
)


def _box_points(box: Box, canvas: Canvas, rules: RegionRules) -> list[Labelled]:
    return _BOX_RULES[rules.box](box, canvas) if box.label else _excluded(_corners(box), canvas)


def _polygon_points(polygon: Polygon, canvas: Canvas, rules: RegionRules) -> list[Labelled]:
    corners = polygon.points_xy
    return _POLYGON_RULES[rules.polygon](corners, canvas) if polygon.label else _excluded(corners, canvas)


def _mask_points(mask: KnownMask, canvas: Canvas, rules: RegionRules) -> list[Labelled]:
    """A few pixels of a mask, spread over it column by column: without any, one click may lose the object.

    A hint is of another image, so it says no places in this one.
    """
    if mask.hint:
        return []
    ends = np.cumsum(mask.counts[1::2], dtype=np.int64)
    starts = np.cumsum(mask.counts, dtype=np.int64)[::2]
    area = int(ends[-1]) if len(ends) else 0
    ranks = thin(range(area), MASK_POINTS)
    runs = np.searchsorted(ends, ranks, side="right")
    places = starts[runs] + ranks - np.concatenate([[0], ends])[runs] if area else np.empty(0, np.int64)
    height = mask.size[0]
    return [(place // height + 0.5, place % height + 0.5, PointLabel.POSITIVE) for place in places.tolist()]


PROMPT_SHAPES: Mapping[str, PromptShape] = {
    Click.kind: PromptShape(
        places=lambda click: [(click.x, click.y)],
        points=lambda click, *_: [(click.x, click.y, click.label)],
    ),
    Box.kind: PromptShape(places=lambda box: [(box.x0, box.y0), (box.x1, box.y1)], points=_box_points),
    Scribble.kind: PromptShape(
        places=lambda stroke: stroke.points_xy,
        points=lambda stroke, canvas, _: _labelled(
            resample(stroke.points_xy, canvas.step, closed=False), stroke.label
        ),
    ),
    Polygon.kind: PromptShape(places=lambda polygon: polygon.points_xy, points=_polygon_points),
    TextPrompt.kind: PromptShape(places=lambda _: [], points=lambda *_: []),
    Paint.kind: PromptShape(places=lambda stroke: stroke.points_xy, points=lambda *_: [], edits=True),
    KnownMask.kind: PromptShape(places=lambda _: [], points=_mask_points, edits=True),
    Repair.kind: PromptShape(places=lambda _: [], points=lambda *_: [], edits=True),
}
"""Every kind of prompt by its name; `client/src/shared/prompt/kinds.ts` has the same rows."""
