"""The pixels under a stroke of a brush. `client/src/shared/prompt/brush.ts` does the same, operation by
operation; both are held to `proto/vectors/paint.json`.

A pixel is under a stroke when its centre is at most the radius away from the line: the union of a disc at
every point and of a slab along every piece. No radius is so small that the line misses the pixels it crosses.
"""

import math

import numpy as np
from numpy.typing import NDArray

from splitseem_proto import Paint

SMALLEST_RADIUS = math.sqrt(0.5)
"""Pixels. From every place in a pixel its centre is that near."""
_COLUMNS_AT_ONCE = 256

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Lowest and highest y of pieces in columns, `[S, C]`; infinite the other way round where there is none."""


def under_stroke(stroke: Paint, size_hw: tuple[int, int]) -> tuple[slice, NDArray[np.bool_]]:
    """The pixels under a stroke.

    Args:
        size_hw: of the image, pixels.
    Returns:
        the columns of the image in which there may be any, and which of their pixels are, bool `[H, C]`.
    """
    height, width = size_hw
    line = np.array(stroke.points_xy, dtype=np.float64)
    reach = max(stroke.radius, SMALLEST_RADIUS)
    pieces = np.concatenate([line[:-1], line[1:]], axis=1) if len(line) > 1 else line[:, [0, 1, 0, 1]]
    lefts = np.minimum(pieces[:, 0], pieces[:, 2]) - reach
    rights = np.maximum(pieces[:, 0], pieces[:, 2]) + reach
    first = min(max(math.ceil(lefts.min() - 0.5), 0), width)
    end = max(min(math.floor(rights.max() - 0.5) + 1, width), first)
    covered = np.zeros((height, end - first), dtype=np.bool_)
    for left in range(first, end, _COLUMNS_AT_ONCE):
        right = min(left + _COLUMNS_AT_ONCE, end)
        near = (lefts <= right) & (rights >= left)
        covered[:, left - first : right - first] = _columns(pieces[near], reach, left, right, height)
    return slice(first, end), covered


def touches(stroke: Paint, places: NDArray[np.float64], size_hw: tuple[int, int]) -> bool:
    """Whether one of the pixels at `places` `[N, 2]` (x, y), image frame, is under a stroke."""
    columns, covered = under_stroke(stroke, size_hw)
    height, width = size_hw
    pixels = np.clip(np.floor(places), 0, [width - 1, height - 1]).astype(np.int64)
    beside = pixels[:, 0] - columns.start
    within = (beside >= 0) & (beside < covered.shape[1])
    return bool(covered[pixels[within, 1], beside[within]].any())


def _columns(
    pieces: NDArray[np.float64], reach: float, left: int, right: int, height: int
) -> NDArray[np.bool_]:
    """Which pixels of the columns `left` to `right` are covered, `[H, C]`."""
    centres = np.arange(left, right, dtype=np.float64) + 0.5
    ax, ay, bx, by = pieces.T[:, :, None]  # [S, 1] each
    bounds = [_disc(ax, ay, reach, centres), _disc(bx, by, reach, centres)]
    bounds.append(_slab((ax, ay), (bx, by), reach, centres))
    low = np.minimum.reduce([lows for lows, _ in bounds])
    high = np.maximum.reduce([highs for _, highs in bounds])
    with np.errstate(invalid="ignore"):
        first = np.clip(np.ceil(low - 0.5), 0, height)
        end = np.clip(np.floor(high - 0.5) + 1, 0, height)
    piece, column = np.nonzero(first < end)
    changes = np.zeros((height + 1, right - left), dtype=np.int64)
    np.add.at(changes, (first[piece, column].astype(np.int64), column), 1)
    np.add.at(changes, (end[piece, column].astype(np.int64), column), -1)
    covered: NDArray[np.bool_] = changes[:height].cumsum(axis=0) > 0
    return covered


def _disc(
    x: NDArray[np.float64], y: NDArray[np.float64], reach: float, centres: NDArray[np.float64]
) -> Bounds:
    """Of discs `[S, 1]` in columns with these centres `[C]`."""
    across = centres - x
    squared = reach * reach - across * across
    half = np.sqrt(np.maximum(squared, 0.0))
    return np.where(squared < 0, np.inf, y - half), np.where(squared < 0, -np.inf, y + half)


def _slab(
    a: tuple[NDArray[np.float64], NDArray[np.float64]],
    b: tuple[NDArray[np.float64], NDArray[np.float64]],
    reach: float,
    centres: NDArray[np.float64],
) -> Bounds:
    """Of rectangles along the pieces from `a` to `b`, `reach` to either side."""
    along_x, along_y = b[0] - a[0], b[1] - a[1]
    length = np.sqrt(along_x * along_x + along_y * along_y)
    with np.errstate(invalid="ignore", divide="ignore"):
        aside_x, aside_y = -along_y / length * reach, along_x / length * reach
    corners = [
        (a[0] + aside_x, a[1] + aside_y),
        (b[0] + aside_x, b[1] + aside_y),
        (b[0] - aside_x, b[1] - aside_y),
        (a[0] - aside_x, a[1] - aside_y),
    ]
    low, high = np.full((len(length), len(centres)), np.inf), np.full((len(length), len(centres)), -np.inf)
    for (px, py), (qx, qy) in zip(corners, [*corners[1:], corners[0]], strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            y = py + (centres - px) / (qx - px) * (qy - py)
            crosses = (px != qx) & (np.minimum(px, qx) <= centres) & (centres <= np.maximum(px, qx))
        low = np.where(crosses, np.minimum(low, y), low)
        high = np.where(crosses, np.maximum(high, y), high)
    return low, high
