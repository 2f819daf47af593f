"""What a user can give: clicks, boxes, strokes, outlines, words, paint, masks. Coordinates are in the image
frame.

The fields of a class are those of its kind on the wire; readers, writers and JSON Schema follow from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.errors import MessageError
from splitseem_proto.limits import MAX_DIMENSION, MAX_MASK_PIXELS, MAX_SMOOTHING
from splitseem_proto.wire import (
    EXTENTS,
    REPAIRS,
    Counts,
    Fields,
    Label,
    LaterExtent,
    LaterFlag,
    LaterLabel,
    Method,
    Number,
    Outline,
    Pixels,
    SizeHw,
    Stroke,
    Words,
    wire_fields,
)

_KINDS: dict[str, type[PromptItem]] = {}


class PromptItem:
    """What is common to all kinds; a subclass is a kind, and known to every reader and writer."""

    kind: ClassVar[str]
    wire: ClassVar[Fields]

    def __init_subclass__(cls) -> None:
        cls.wire = wire_fields(cls)
        _KINDS[cls.kind] = cls


PROMPT_KINDS: Mapping[str, type[PromptItem]] = _KINDS
"""Every kind by its name, in the order in which they came."""


@dataclass(frozen=True)
class Click(PromptItem):
    """One position; label 1 for the object, 0 for what is not; extent: a smaller or larger mask is meant."""

    kind: ClassVar[str] = "click"

    x: Number
    y: Number
    label: Label = 1
    extent: LaterExtent = None

    def __post_init__(self) -> None:
        check_finite(self.kind, (self.x, self.y))
        _check_label(self.kind, self.label)
        if self.extent is not None and self.extent not in EXTENTS:
            raise MessageError(f"click: extent {self.extent!r} must be one of {', '.join(EXTENTS)}")


@dataclass(frozen=True)
class Box(PromptItem):
    """A rectangle, x0 < x1 and y0 < y1: around the object with label 1; with label 0 nothing in it is."""

    kind: ClassVar[str] = "box"

    x0: Number
    y0: Number
    x1: Number
    y1: Number
    label: LaterLabel = 1

    def __post_init__(self) -> None:
        check_finite(self.kind, (self.x0, self.y0, self.x1, self.y1))
        _check_label(self.kind, self.label)
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise MessageError(
                f"box ({self.x0}, {self.y0}, {self.x1}, {self.y1}) must have x0 < x1 and y0 < y1"
            )


@dataclass(frozen=True)
class Scribble(PromptItem):
    """A stroke of at least one point; label as for a click."""

    kind: ClassVar[str] = "scribble"

    points_xy: Stroke
    label: Label = 1

    def __post_init__(self) -> None:
        _check_points(self.kind, self.points_xy, minimum=1)
        _check_label(self.kind, self.label)


@dataclass(frozen=True)
class Polygon(PromptItem):
    """An outline of at least three points, which closes itself; label as for a box."""

    kind: ClassVar[str] = "polygon"

    points_xy: Outline
    label: LaterLabel = 1

    def __post_init__(self) -> None:
        _check_points(self.kind, self.points_xy, minimum=3)
        _check_label(self.kind, self.label)


@dataclass(frozen=True)
class TextPrompt(PromptItem):
    """Words that name the object; not blank."""

    kind: ClassVar[str] = "text"

    text: Words

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise MessageError("a text prompt must not be blank")


@dataclass(frozen=True)
class Paint(PromptItem):
    """A stroke of a brush: label 1 sets the pixels under it in the mask, label 0 clears them."""

    kind: ClassVar[str] = "paint"

    points_xy: Stroke
    radius: Number
    label: Label = 1

    def __post_init__(self) -> None:
        _check_points(self.kind, self.points_xy, minimum=1)
        check_finite(self.kind, (self.radius,))
        _check_label(self.kind, self.label)
        if not 0 < self.radius <= MAX_DIMENSION:
            raise MessageError(
                f"paint: radius must be above 0 and at most {MAX_DIMENSION}, got {self.radius:g}"
            )


@dataclass(frozen=True)
class KnownMask(PromptItem):
    """The whole mask, as COCO run lengths of the photo's size; what came before it no longer counts.

    A hint is the mask of another photo: the decoder remembers it, and is given no places of it.
    """

    kind: ClassVar[str] = "mask"

    size: SizeHw
    counts: Counts
    hint: LaterFlag = False

    def __post_init__(self) -> None:
        CocoRle(self.size, self.counts)

    @property
    def rle(self) -> CocoRle:
        """The mask."""
        return CocoRle(self.size, self.counts)


@dataclass(frozen=True)
class Repair(PromptItem):
    """A change of the whole mask: fill-holes or remove-specks of up to size pixels, or smooth within size."""

    kind: ClassVar[str] = "repair"

    method: Method
    size: Pixels

    def __post_init__(self) -> None:
        if self.method not in REPAIRS:
            raise MessageError(f"repair: method {self.method!r} must be one of {', '.join(REPAIRS)}")
        most = MAX_SMOOTHING if self.method == "smooth" else MAX_MASK_PIXELS
        if not 1 <= self.size <= most:
            raise MessageError(f"repair: size of {self.method} must be within 1 to {most}, got {self.size}")


def check_finite(what: str, values: tuple[float, ...]) -> None:
    """Raise `MessageError` unless all values are finite."""
    if not all(math.isfinite(value) for value in values):
        raise MessageError(f"{what}: numbers must be finite, got {list(values)}")


def _check_label(what: str, label: int) -> None:
    if label not in (0, 1):
        raise MessageError(f"{what}: label must be 1 (object) or 0 (not the object), got {label}")


def _check_points(what: str, points_xy: tuple[tuple[float, float], ...], *, minimum: int) -> None:
    if len(points_xy) < minimum:
        raise MessageError(f"{what}: at least {minimum} points are needed, got {len(points_xy)}")
    for point in points_xy:
        check_finite(what, point)
