"""Which part of a photo a small object is embedded on by itself, so that the model sees all of its pixels.

`client/src/session/closer.ts` does the same.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from splitseem_model.prompt.shapes import places_of
from splitseem_proto import PromptItem

Part = tuple[int, int, int, int]
"""Left, top, width and height in the photo, pixels."""
WIDER = 1.6
"""Side of the part over the longer side of what it is around."""
LARGEST = 0.6
"""Of the photo's longer side, the longer side of a part that is worth it."""
LEAST_SIDE = 64.0
"""Pixels along a part."""
MARGIN = 0.1
"""Around what a part grows to hold, of its longer side."""


def part_around(
    mask: NDArray[np.bool_], items: Sequence[PromptItem], size_hw: tuple[int, int]
) -> Part | None:
    """The part around a mask `[H, W]` and all places that its prompts name; None where the object is not
    small, or there is none."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if len(rows) == 0:
        return None
    places = [place for item in items for place in places_of(item)]
    xs = [float(columns[0]), float(columns[-1] + 1), *(x for x, _ in places)]
    ys = [float(rows[0]), float(rows[-1] + 1), *(y for _, y in places)]
    side = max(WIDER * max(max(xs) - min(xs), max(ys) - min(ys)), LEAST_SIDE)
    left, width = _along((min(xs) + max(xs)) / 2, side, size_hw[1])
    top, height = _along((min(ys) + max(ys)) / 2, side, size_hw[0])
    return None if max(width, height) > LARGEST * max(size_hw) else (left, top, width, height)


def _along(centre: float, side: float, end: int) -> tuple[int, int]:
    first = max(0, math.floor(centre - side / 2))
    return first, min(end, math.ceil(centre + side / 2)) - first


def grown(part: Part, items: Sequence[PromptItem], size_hw: tuple[int, int]) -> Part:
    """The smallest part that holds a part and, with a margin, the places of prompts that lie beyond it."""
    left, top, width, height = part
    margin = MARGIN * max(width, height)
    places = [place for item in items for place in places_of(item)]
    x, w = _spread(left, width, [x for x, _ in places], margin, size_hw[1])
    y, h = _spread(top, height, [y for _, y in places], margin, size_hw[0])
    return (x, y, w, h)


def _spread(first: int, length: int, at: Sequence[float], margin: float, end: int) -> tuple[int, int]:
    before = [place - margin for place in at if place < first]
    after = [place + margin for place in at if place > first + length]
    begin = max(0, math.floor(min([first, *before])))
    return begin, min(end, math.ceil(max([first + length, *after]))) - begin
