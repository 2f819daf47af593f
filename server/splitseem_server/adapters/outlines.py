"""Masks as polygons, in the conventions of those who read them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from splitseem_model.mask.outlines import Ring, mask_outlines
from splitseem_server.errors import InvalidParameter

Mask = NDArray[np.bool_]

MOST_SIDES = 1_000_000
"""Sides of pixels between a mask and what is around it; more are no outline that anybody draws."""


def polygons_of(mask: Mask) -> list[list[Ring]]:
    """The parts of a mask, through the corners of pixels: an outer ring and those of the holes in it. Outer
    rings run clockwise, with y pointing down, those of holes the other way round.

    Raises:
        InvalidParameter: a mask so ragged that its outline takes too much.
    """
    rings = _rings(mask)
    around = _around(rings)
    parts = {number: [ring] for number, ring in enumerate(rings) if is_outer(ring)}
    for number, ring in enumerate(rings):
        if number not in parts:
            parts[around[number]].append(ring)
    return list(parts.values())


def chains_of(mask: Mask) -> list[Ring]:
    """Of every border that is in no other one the pixels along it, corners only, as contours of OpenCV are:
    filling them, borders included, gives the mask without its holes.

    Raises:
        InvalidParameter: as `polygons_of`.
    """
    rings = _rings(mask)
    around = _around(rings)
    return [_chain(ring) for number, ring in enumerate(rings) if is_outer(ring) and around[number] < 0]


def is_outer(ring: Ring) -> bool:
    """Whether a ring runs clockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _sides(ring)) > 0


def _rings(mask: Mask) -> list[Ring]:
    sides = sum(int(np.diff(np.pad(mask, 1), axis=axis).sum()) for axis in (0, 1))
    if sides > MOST_SIDES:
        raise InvalidParameter(f"the outline of the mask has {sides} sides, at most {MOST_SIDES}")
    return mask_outlines(mask)


def _sides(ring: Ring) -> pairwise[tuple[tuple[int, int], tuple[int, int]]]:
    return pairwise([*ring, ring[0]])


def _around(rings: Sequence[Ring]) -> dict[int, int]:
    """Of every hole the ring of its part, of every part the hole that it lies in; -1 for none."""
    beside = _left_of(rings)
    found: dict[int, int] = {}
    # What is to the left begins further up, or as far up and to the left.
    for number in sorted(beside, key=lambda number: _first(rings[number])[::-1]):
        left = beside[number]
        same = left >= 0 and is_outer(rings[left]) == is_outer(rings[number])
        found[number] = found[left] if same else left
    return found


def _first(ring: Ring) -> tuple[int, int]:
    """The first corner in reading order, left of whose pixel the ring runs down or up."""
    return min(ring, key=lambda corner: corner[::-1])


def _left_of(rings: Sequence[Ring]) -> dict[int, int]:
    """The ring that is met first on the way to the left from the first corner of each; -1 for none."""
    pieces = [
        (x0, min(y0, y1), abs(y1 - y0), number)
        for number, ring in enumerate(rings)
        for (x0, y0), (x1, y1) in _sides(ring)
        if x0 == x1
    ]
    if not pieces:
        return {}
    columns, tops, heights, owners = np.array(pieces).T
    ends = np.cumsum(heights)
    rows = np.arange(ends[-1]) + np.repeat(tops - (ends - heights), heights)
    width = int(columns.max()) + 1
    places = rows * width + np.repeat(columns, heights)
    order = np.argsort(places)
    places, owners = places[order], np.repeat(owners, heights)[order]
    firsts = np.array([_first(ring) for ring in rings])
    before = np.searchsorted(places, firsts[:, 1] * width + firsts[:, 0]) - 1
    met = (before >= 0) & (places[before] // width == firsts[:, 1])
    return dict(enumerate(np.where(met, owners[before], -1).tolist()))


def _chain(ring: Ring) -> Ring:
    """The pixels to the right of a clockwise ring, without those on straight lines."""
    walked: Ring = []
    for (x0, y0), (x1, y1) in _sides(ring):
        # The pixels at both ends of a straight piece; those between lie on the line.
        dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
        left, up = int(dy > 0 or dx < 0), int(dx < 0 or dy < 0)
        walked += [(x0 - left, y0 - up), (x1 - dx - left, y1 - dy - up)]
    kept = [point for point, before in zip(walked, [walked[-1], *walked], strict=False) if point != before]
    return kept or walked[:1]
