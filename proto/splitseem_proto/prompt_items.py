"""What a user can give: clicks, boxes, strokes, outlines, words. Coordinates are in the image frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from splitseem_proto.errors import MessageError


@dataclass(frozen=True)
class Click:
    """One position; label 1 for the object, 0 for what is not the object."""

    kind: ClassVar[str] = "click"

    x: float
    y: float
    label: int = 1

    def __post_init__(self) -> None:
        check_finite(self.kind, (self.x, self.y))
        _check_label(self.kind, self.label)


@dataclass(frozen=True)
class Box:
    """A rectangle, x0 < x1 and y0 < y1: around the object with label 1; with label 0 nothing in it is."""

    kind: ClassVar[str] = "box"

    x0: float
    y0: float
    x1: float
    y1: float
    label: int = 1

    def __post_init__(self) -> None:
        check_finite(self.kind, (self.x0, self.y0, self.x1, self.y1))
        _check_label(self.kind, self.label)
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise MessageError(
                f"box ({self.x0}, {self.y0}, {self.x1}, {self.y1}) must have x0 < x1 and y0 < y1"
            )


@dataclass(frozen=True)
class Scribble:
    """A stroke of at least one point; label as for a click."""

    kind: ClassVar[str] = "scribble"

    points_xy: tuple[tuple[float, float], ...]
    label: int = 1

    def __post_init__(self) -> None:
        _check_points(self.kind, self.points_xy, minimum=1)
        _check_label(self.kind, self.label)


@dataclass(frozen=True)
class Polygon:
    """An outline of at least three points, which closes itself; label as for a box."""

    kind: ClassVar[str] = "polygon"

    points_xy: tuple[tuple[float, float], ...]
    label: int = 1

    def __post_init__(self) -> None:
        _check_points(self.kind, self.points_xy, minimum=3)
        _check_label(self.kind, self.label)


@dataclass(frozen=True)
class TextPrompt:
    """Words that name the object; not blank."""

    kind: ClassVar[str] = "text"

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise MessageError("a text prompt must not be blank")


PromptItem = Click | Box | Scribble | Polygon | TextPrompt
PROMPT_ITEMS: Mapping[str, type[PromptItem]] = MappingProxyType(
    {item.kind: item for item in (Click, Box, Scribble, Polygon, TextPrompt)}
)


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
