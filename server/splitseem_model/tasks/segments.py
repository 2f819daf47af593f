"""What every task gives: segments with masks, and one map that says which segment a pixel belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import TaskError
from splitseem_proto import CocoRle, ImageGeometry, decode_rle, encode_rle

if TYPE_CHECKING:
    from splitseem_model.tasks.queries import TaskClasses

MODES = ("panoptic", "semantic", "instance")
"""Names of the tasks."""


def check_mode(mode: str) -> None:
    """Raises: TaskError: there is no such task."""
    if mode not in MODES:
        raise TaskError(f"unknown mode {mode!r}; known: {', '.join(MODES)}")


class Found(NamedTuple):
    """A segment without its mask: what its pixels are in a map, the row of its class, how sure it is."""

    id: int
    category: int
    score: float | None = None


@dataclass(frozen=True)
class Segment:
    """One thing, or all of one kind of stuff.

    Attributes:
        id: what its pixels are in the map, from 1.
        category: row of its class in the vocabulary; label: its name; thing: whether it can be counted.
        score: how sure the model is of it, 0..1; None where the task has no such number.
        mask: of the whole image.
    """

    id: int
    category: int
    label: str
    thing: bool
    score: float | None
    mask: CocoRle

    @property
    def area(self) -> int:
        """Pixels."""
        return sum(self.mask.counts[1::2])

    def to_dict(self, *, with_mask: bool = True) -> dict[str, object]:
        """Plain data, for JSON; the mask as COCO run lengths."""
        mask = {"mask": {"size": list(self.mask.size), "counts": list(self.mask.counts)}}
        return {
            "id": self.id,
            "category": self.category,
            "label": self.label,
            "thing": self.thing,
            "score": self.score,
            "area": self.area,
            **(mask if with_mask else {}),
        }


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Everything that was found in an image.

    Attributes:
        ids: int32 `[H, W]`, image frame, the segment of every pixel; 0: none. Where segments overlap, as
            instances do, the first of `segments` is seen.
    """

    ids: NDArray[np.int32]
    segments: tuple[Segment, ...]


def in_image(mask: NDArray[np.bool_], geometry: ImageGeometry) -> CocoRle:
    """A mask of the region of interest as run lengths of the whole image."""
    whole = np.zeros(geometry.original_hw, dtype=np.bool_)
    whole[region_of(geometry)] = mask
    return encode_rle(whole)


def from_map(
    ids: NDArray[np.int32], found: Iterable[Found], classes: TaskClasses, geometry: ImageGeometry
) -> Segmentation:
    """Segments that do not overlap, from the map `[h, w]` of the region of interest."""
    whole = np.zeros(geometry.original_hw, dtype=np.int32)
    whole[region_of(geometry)] = ids
    return Segmentation(whole, tuple(_named(one, classes, encode_rle(whole == one.id)) for one in found))


def from_masks(
    found: Sequence[tuple[Found, CocoRle]], classes: TaskClasses, geometry: ImageGeometry
) -> Segmentation:
    """Segments that overlap; the map has the first on top."""
    ids = np.zeros(geometry.original_hw, dtype=np.int32)
    for one, mask in reversed(found):
        ids[decode_rle(mask)] = one.id
    return Segmentation(ids, tuple(_named(one, classes, mask) for one, mask in found))


def _named(found: Found, classes: TaskClasses, mask: CocoRle) -> Segment:
    row = found.category
    return Segment(found.id, row, classes.names[row], row in classes.things, found.score, mask)


def region_of(geometry: ImageGeometry) -> tuple[slice, slice]:
    """Rows and columns of the region of interest."""
    left, top, width, height = geometry.roi_xywh
    return slice(top, top + height), slice(left, left + width)
