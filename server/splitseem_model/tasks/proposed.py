"""The tasks for models without object queries: from proposals, which have masks, names and scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.tasks.queries import TaskClasses
from splitseem_model.tasks.segments import Found, Segmentation, from_map, from_masks, region_of
from splitseem_proto import ImageGeometry, encode_rle

LEAST_SEEN = 0.5
"""Share of its mask that a segment must have for itself, that is, not claimed by a better one."""


@dataclass(frozen=True, eq=False)
class Proposed:
    """What may be an object: mask bool `[H, W]`, image frame; row of its class; score, 0 to 1."""

    mask: NDArray[np.bool_]
    row: int
    score: float


def instances(
    proposals: Sequence[Proposed], classes: TaskClasses, geometry: ImageGeometry, min_score: float
) -> Segmentation:
    """The proposals that are things and have at least that score, in their order."""
    things = [one for one in proposals if one.row in classes.things and one.score >= min_score]
    found = [(Found(n, one.row, one.score), encode_rle(one.mask)) for n, one in enumerate(things, start=1)]
    return from_masks(found, classes, geometry)


def panoptic(proposals: Sequence[Proposed], classes: TaskClasses, geometry: ImageGeometry) -> Segmentation:
    """Every pixel belongs to the first proposal over it, or to none; of stuff there is one segment a class.

    Args:
        proposals: the best first.
    """
    ids = np.zeros(geometry.original_hw, np.int32)
    found: list[Found] = []
    of_stuff: dict[int, int] = {}
    for one in proposals:
        seen = one.mask & (ids == 0)
        if one.row == classes.background or seen.sum() < max(1.0, LEAST_SEEN * one.mask.sum()):
            continue
        number = of_stuff.get(one.row)
        if number is None:
            found.append(Found(len(found) + 1, one.row, one.score))
            number = found[-1].id
        if one.row not in classes.things:
            of_stuff[one.row] = number
        ids[seen] = number
    return from_map(ids[region_of(geometry)], found, classes, geometry)


def semantic(
    proposals: Sequence[Proposed], rows: NDArray[np.int64], classes: TaskClasses, geometry: ImageGeometry
) -> Segmentation:
    """The class of every pixel: that of the first proposal over it, elsewhere that of the cell it lies in.

    Args:
        rows: classes of cells, `[h, w]`, which cover the region of interest evenly.
    """
    _, _, width, height = geometry.roi_xywh
    down, across = (
        np.arange(side) * cells // side for side, cells in zip((height, width), rows.shape, strict=True)
    )
    classes_of = rows[down[:, None], across[None, :]]
    free = np.ones((height, width), np.bool_)
    for one in proposals:
        seen = one.mask[region_of(geometry)] & free
        classes_of[seen] = one.row
        free &= ~seen
    found = [Found(row + 1, row) for row in np.unique(classes_of).tolist()]
    return from_map((classes_of + 1).astype(np.int32), found, classes, geometry)
