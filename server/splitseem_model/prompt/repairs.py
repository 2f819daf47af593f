"""Changes of a whole mask: holes filled, specks removed, borders smoothed, in whole numbers.

`client/src/shared/prompt/repairs.ts` does the same; both are held to `proto/vectors/repairs.json`. Pixels of
the mask that touch at a corner belong together; pixels beside it only where they share a side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from splitseem_proto import Repair

Mask = NDArray[np.bool_]
Place = tuple[int, int, int]
"""Column, row and label of a pixel that was said to be in the mask (1) or not (0)."""

_COLUMNS_AT_ONCE = 512


@dataclass(frozen=True)
class StandingRepair:
    """A repair and what was said after it, which it leaves alone."""

    repair: Repair
    held: tuple[Place, ...]


def repaired(mask: Mask, repair: Repair, held: Sequence[Place] = ()) -> Mask:
    """The mask `[H, W]` after a repair; `held`: pixels that keep the side of their label."""
    return _METHODS[repair.method](mask, repair.size, held)


def _fill_holes(mask: Mask, size: int, held: Sequence[Place]) -> Mask:
    """Holes of up to `size` pixels, but for those with a pixel that is held outside."""
    parts = _Parts(~mask, reach=0)
    height, width = mask.shape
    at_border = (parts.columns % max(width - 1, 1) == 0) | (parts.starts == 0) | (parts.ends == height)
    open_air = np.bincount(parts.labels, weights=at_border, minlength=parts.count) > 0
    filled = (parts.areas <= size) & ~open_air
    filled[parts.at([(x, y) for x, y, label in held if label == 0])] = False
    return mask | parts.drawn(filled)


def _remove_specks(mask: Mask, size: int, held: Sequence[Place]) -> Mask:
    """Parts of up to `size` pixels, but for the largest and those with a pixel that is held inside."""
    parts = _Parts(mask, reach=1)
    if parts.count == 0:
        return mask.copy()
    removed = parts.areas <= size
    removed[int(parts.areas.argmax())] = False
    removed[parts.at([(x, y) for x, y, label in held if label == 1])] = False
    return mask & ~parts.drawn(removed)


def _smooth(mask: Mask, size: int, held: Sequence[Place]) -> Mask:
    """What most pixels up to `size` away in x and in y are; where neither is most, what the pixel was."""
    height, width = mask.shape
    rows = np.arange(height)
    top, bottom = np.maximum(rows - size, 0), np.minimum(rows + size + 1, height)
    smooth = np.zeros_like(mask)
    for first in range(0, width, _COLUMNS_AT_ONCE):
        columns = np.arange(first, min(first + _COLUMNS_AT_ONCE, width))
        left, right = np.maximum(columns - size, 0), np.minimum(columns + size + 1, width)
        part = mask[:, left[0] : right[-1]]
        sums = np.zeros((height + 1, part.shape[1] + 1), dtype=np.int64)
        sums[1:, 1:] = part.cumsum(0, dtype=np.int64).cumsum(1)
        here, there = left - left[0], right - left[0]
        inside = (sums[bottom][:, there] - sums[bottom][:, here]) - (sums[top][:, there] - sums[top][:, here])
        twice, all_pixels = 2 * inside, (bottom - top)[:, None] * (right - left)[None]
        smooth[:, columns] = np.where(twice == all_pixels, mask[:, columns], twice > all_pixels)
    for x, y, label in held:
        smooth[y, x] = label == 1
    return smooth


_METHODS: Mapping[str, Callable[[Mask, int, Sequence[Place]], Mask]] = MappingProxyType(
    {"fill-holes": _fill_holes, "remove-specks": _remove_specks, "smooth": _smooth}
)


class _Parts:
    """The parts of a mask that hang together, by its vertical runs; numbered by their first run.

    Attributes:
        columns, starts, ends: of the runs, column by column; ends are one past the last pixel.
        labels: the part of each run.
        areas: of the parts, pixels.
    """

    def __init__(self, mask: Mask, reach: int) -> None:
        """reach: 1 where pixels that touch at a corner hang together, else 0."""
        self._shape = mask.shape
        height, width = mask.shape
        framed = np.zeros((width, height + 2), dtype=np.int8)
        framed[:, 1:-1] = mask.T
        change = np.diff(framed, axis=1)
        self.columns, self.starts = np.nonzero(change == 1)
        self.ends = np.nonzero(change == -1)[1]
        self.labels = _numbered(self._joined(reach))
        self.count = int(self.labels.max()) + 1 if len(self.labels) else 0
        self.areas = np.bincount(self.labels, weights=self.ends - self.starts, minlength=self.count).astype(
            np.int64
        )

    def _joined(self, reach: int) -> list[int]:
        """For every run the first run of its part."""
        stride = self._shape[0] + 4
        own = self.columns * stride + 1
        first = np.searchsorted(own + self.ends, own + stride + self.starts - reach, side="right").tolist()
        end = np.searchsorted(own + self.starts, own + stride + self.ends + reach, side="left").tolist()
        parent = list(range(len(own)))

        def root(run: int) -> int:
            while parent[run] != run:
                parent[run] = parent[parent[run]]
                run = parent[run]
            return run

        for run, (begin, stop) in enumerate(zip(first, end, strict=True)):
            for other in range(begin, stop):
                one, two = root(run), root(other)
                parent[max(one, two)] = min(one, two)
        return [root(run) for run in range(len(parent))]

    def at(self, places: Sequence[tuple[int, int]]) -> list[int]:
        """The parts that hold some of the pixels (x, y)."""
        return [
            int(self.labels[run])
            for x, y in places
            for run in np.nonzero((self.columns == x) & (self.starts <= y) & (y < self.ends))[0]
        ]

    def drawn(self, chosen: Mask) -> Mask:
        """The mask of some of the parts."""
        height, width = self._shape
        marks = np.zeros((width, height + 1), dtype=np.int8)
        runs = chosen[self.labels] if self.count else np.zeros(0, dtype=np.bool_)
        marks[self.columns[runs], self.starts[runs]] += 1
        marks[self.columns[runs], self.ends[runs]] -= 1
        drawn: Mask = marks.cumsum(1, dtype=np.int8)[:, :-1].T == 1
        return drawn


def _numbered(roots: list[int]) -> NDArray[np.int64]:
    numbers = np.unique(np.array(roots, dtype=np.int64), return_inverse=True)[1]
    return numbers.astype(np.int64)
