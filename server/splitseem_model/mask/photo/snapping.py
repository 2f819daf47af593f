"""Masks whose edges are those of the photo's own pixels.

A mask is drawn on cells that are several pixels of the photo wide. Here its edge is drawn again, from the
scale of the model's input to that of the photo, each level half as fine as the next. Around the edge, small
windows learn by least squares how colours tell the mask's inside from its outside, and pixels near it take
the side that their colours have. Where colours tell little, pixels do as those around them, which smooths.
Pixels farther away are never looked at.

`client/src/worker/mask/photo/snapping.ts` does the same; both are held to `proto/vectors/snapping.json`.

Source: guided filter (He, Sun, Tang, 2010), from the equations; windows lie on a grid of blocks, and what
    they learn is interpolated between them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from splitseem_model.mask.photo.pyramid import PhotoPyramid, Pixels
from splitseem_proto import ImageGeometry

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]

SNAP = "snap"
"""What it is called where parts of the way to a mask are left out."""
BLOCK = 4
"""Pixels a block is wide; a window is 3 x 3 blocks."""
BAND = 3
"""Pixels that are at most so far, along either axis, from one of the other side may change theirs."""
RIDGE = 1e-4 * 255**2
"""What variances of colours, 0 to 255, are raised by: fainter differences tell nothing."""
HELD_RADIUS = 1.5
"""Pixels of a level around a click that have its side."""
HELD_INPUT_RADIUS = 12
"""Pixels of the input that these are at most, three cells: in a tiny photo a pixel beside the click may be
beyond the edge."""

ENOUGH = 0.2
"""Share of the sides' variance that colours have to explain to be believed wholly; below, in proportion,
pixels do as those around them. It keeps what is thin where colours tell nothing."""
AROUND = 2
"""Pixels to either side that count as around a pixel."""
_TINY = 1e-9
_PARTS = (0.375, 0.125, 0.125, 0.375)
"""Of each pixel along a block, what the nearest other block counts in it."""


def snap(mask: Mask, photo: PhotoPyramid, geometry: ImageGeometry, held: Indices) -> Mask:
    """The mask with its edge at that of the photo.

    Args:
        mask: `[H, W]`, as it was enlarged from cells.
        photo: of the same size.
        held: `[P, 3]`, column, row and label 1 or 0 of the pixels of clicks; of two on one, the later counts.
    Returns:
        bool `[H, W]`; False outside the region of interest.
    """
    if not mask.any() or mask.all():
        return mask
    coarsest = max(coarsest_level(geometry), photo.finest)
    inside, radius = _at_level(mask, coarsest), held_radius(geometry)
    for number in range(coarsest, photo.finest - 1, -1):
        pixels = photo.level(number)
        if number < coarsest:
            inside = _doubled(inside, pixels.shape[:2])
        _hold(inside, held, number, radius)
        _sharpen(inside, pixels)
        _hold(inside, held, number, radius)
    if photo.finest:
        inside = _doubled(inside, mask.shape)
    left, top, width, height = geometry.roi_xywh
    snapped = np.zeros_like(mask)
    snapped[top : top + height, left : left + width] = inside[top : top + height, left : left + width]
    return snapped


def coarsest_level(geometry: ImageGeometry) -> int:
    """The level whose pixels are about as wide as those of the input."""
    return max(0, math.floor(math.log2(_scale(geometry)) + 0.5))


def held_radius(geometry: ImageGeometry) -> float:
    """Pixels of a level around a click that have its side."""
    return min(HELD_RADIUS, HELD_INPUT_RADIUS * _scale(geometry))


def _scale(geometry: ImageGeometry) -> float:
    """Pixels of the photo that one of the input is wide."""
    return max(geometry.roi_xywh[2:]) / max(geometry.input_hw)


def _at_level(mask: Mask, number: int) -> Mask:
    """True where more than half of the pixels that a level's pixel stands for are, missing ones repeated."""
    side = 2**number
    height, width = mask.shape
    whole = np.pad(mask, ((0, -height % side), (0, -width % side)), mode="edge")
    counts = whole.reshape(whole.shape[0] // side, side, -1, side).sum((1, 3), dtype=np.int64)
    return np.asarray(2 * counts > side * side)


def _doubled(inside: Mask, size_hw: tuple[int, ...]) -> Mask:
    return inside.repeat(2, 0).repeat(2, 1)[: size_hw[0], : size_hw[1]].copy()


def _hold(inside: Mask, held: Indices, number: int, radius: float) -> None:
    height, width = inside.shape
    for column, row, label in held:
        x, y = (column + 0.5) / 2**number, (row + 0.5) / 2**number
        rows = np.arange(max(math.floor(y - radius), 0), min(math.floor(y + radius) + 1, height))
        columns = np.arange(max(math.floor(x - radius), 0), min(math.floor(x + radius) + 1, width))
        near = (rows[:, None] + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2 <= radius**2
        inside[np.ix_(rows, columns)] = np.where(near, label == 1, inside[np.ix_(rows, columns)])


def _sharpen(inside: Mask, pixels: Pixels) -> None:
    """Give the pixels near the edge the side that their colours have, in place."""
    grid_hw = (-(-inside.shape[0] // BLOCK), -(-inside.shape[1] // BLOCK))
    near = _near_edge(inside, grid_hw)
    learnt = _around(near, grid_hw)
    rules, place = _rules(inside, pixels, learnt, grid_hw), np.zeros(grid_hw, np.int64)
    place[tuple(learnt.T)] = np.arange(len(learnt))
    rows, columns, exists = _pixels_of(near, inside.shape)  # [N, 4, 4]
    in_band, around = _neighbourhoods(inside, near)
    features = np.concatenate(
        [pixels[rows, columns], np.ones_like(around)[..., None], around[..., None]], axis=-1, dtype=np.float64
    )
    sides = _values(rules, place, near, features) > 0
    changes = exists & in_band
    inside[rows[changes], columns[changes]] = sides[changes]


def _near_edge(inside: Mask, grid_hw: tuple[int, int]) -> Indices:
    """Blocks with a pixel that may change, and a few more, `[N, 2]`."""
    marked = np.zeros(grid_hw, np.bool_)
    for axis in (0, 1):
        places = np.nonzero(np.diff(inside, axis=axis))
        for step in (0, 1):
            ends = [along + (step if axis == which else 0) for which, along in enumerate(places)]
            marked[ends[0] // BLOCK, ends[1] // BLOCK] = True
    return _around(np.argwhere(marked), grid_hw)


def _around(blocks: Indices, grid_hw: tuple[int, int]) -> Indices:
    """The blocks and their neighbours, each once, `[N, 2]`."""
    marked = np.zeros(grid_hw, np.bool_)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            rows, columns = blocks[:, 0] + down, blocks[:, 1] + right
            exists = (rows >= 0) & (rows < grid_hw[0]) & (columns >= 0) & (columns < grid_hw[1])
            marked[rows[exists], columns[exists]] = True
    return np.argwhere(marked)


def _pixels_of(blocks: Indices, size_hw: tuple[int, ...]) -> tuple[Indices, Indices, Mask]:
    """Rows, columns and whether they exist of the pixels of blocks, `[N, 4, 4]` each; those that do not
    repeat the last."""
    rows = (blocks[:, :1] * BLOCK + np.arange(BLOCK))[:, :, None] + np.zeros((1, 1, BLOCK), np.int64)
    columns = (blocks[:, 1:] * BLOCK + np.arange(BLOCK))[:, None, :] + np.zeros((1, BLOCK, 1), np.int64)
    exists = (rows < size_hw[0]) & (columns < size_hw[1])
    return np.minimum(rows, size_hw[0] - 1), np.minimum(columns, size_hw[1] - 1), exists


def _neighbourhoods(inside: Mask, blocks: Indices) -> tuple[Mask, Array]:
    """Of the pixels of blocks, `[N, 4, 4]` each: whether there is a pixel of the other side at most `BAND`
    pixels away along either axis, and the mean side, -1 to 1, of the pixels around."""
    height, width = inside.shape
    span = np.arange(-BAND, BLOCK + BAND)
    rows = np.clip(blocks[:, :1] * BLOCK + span, 0, height - 1)
    columns = np.clip(blocks[:, 1:] * BLOCK + span, 0, width - 1)
    patches = inside[rows[:, :, None], columns[:, None, :]].astype(np.int64)  # [N, 10, 10]
    counts = _window_sums(patches, BAND)
    inner = slice(BAND - AROUND, AROUND - BAND)
    near = _window_sums(patches[:, inner, inner], AROUND)
    return (counts > 0) & (counts < (2 * BAND + 1) ** 2), near * 2 / (2 * AROUND + 1) ** 2 - 1


def _window_sums(patches: Indices, reach: int) -> Indices:
    for axis in (1, 2):
        count = patches.shape[axis] - 2 * reach
        patches = np.sum([patches.take(range(k, k + count), axis) for k in range(2 * reach + 1)], axis=0)
    return patches


def _rules(inside: Mask, pixels: Pixels, blocks: Indices, grid_hw: tuple[int, int]) -> Array:
    """What the window around each block has learnt, `[N, 5]`: weights of red, green and blue, a constant, and
    the weight of the sides that the pixels around have."""
    summed = _around(blocks, grid_hw)
    place = np.full(
        (grid_hw[0] + 2, grid_hw[1] + 2), len(summed), np.int64
    )  # a margin of blocks without pixels
    place[summed[:, 0] + 1, summed[:, 1] + 1] = np.arange(len(summed))
    sums = np.zeros((len(summed) + 1, 14))
    rows, columns, exists = _pixels_of(summed, inside.shape)
    colours = pixels[rows, columns] * exists[..., None].astype(np.float64)
    sides = np.where(inside[rows, columns], 1.0, -1.0) * exists
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    products = (
        *(exists, sides, red, green, blue, red * sides, green * sides, blue * sides),
        *(red * red, red * green, red * blue, green * green, green * blue, blue * blue),
    )
    for column, product in enumerate(products):
        sums[:-1, column] = product.sum((1, 2))
    total = np.zeros((len(blocks), sums.shape[1]))
    for down in range(3):
        for right in range(3):
            total += sums[place[blocks[:, 0] + down, blocks[:, 1] + right]]
    return _least_squares(total)


def _least_squares(total: Array) -> Array:
    """Sums over windows `[N, 14]` -> `[N, 5]`."""
    mean = total[:, 1:] / total[:, :1]
    side, (red, green, blue) = mean[:, 0], mean[:, 1:4].T
    ours = [mean[:, 4 + c] - colour * side for c, colour in enumerate((red, green, blue))]
    rr, gg, bb = (mean[:, at] - colour * colour + RIDGE for at, colour in ((7, red), (10, green), (12, blue)))
    rg, rb, gb = mean[:, 8] - red * green, mean[:, 9] - red * blue, mean[:, 11] - green * blue
    # The inverse of a symmetric matrix, by its cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    of_red = (c_rr * ours[0] + c_rg * ours[1] + c_rb * ours[2]) / determinant
    of_green = (c_rg * ours[0] + c_gg * ours[1] + c_gb * ours[2]) / determinant
    of_blue = (c_rb * ours[0] + c_gb * ours[1] + c_bb * ours[2]) / determinant
    constant = side - of_red * red - of_green * green - of_blue * blue
    explained = of_red * ours[0] + of_green * ours[1] + of_blue * ours[2]
    sure = np.minimum(1.0, (explained + _TINY) / (ENOUGH * (1 - side * side) + _TINY))
    return np.stack([of_red * sure, of_green * sure, of_blue * sure, constant * sure, 1 - sure], 1)


def _values(rules: Array, place: Indices, blocks: Indices, features: Array) -> Array:
    """What the rules, interpolated, say of pixels of blocks `[N, 4, 4, 5]`, above 0 inside: `[N, 4, 4]`."""
    values = np.empty(features.shape[:3])
    last = np.array(place.shape) - 1
    for y in range(BLOCK):
        for x in range(BLOCK):
            other = np.clip(blocks + np.where(np.array([y, x]) < BLOCK // 2, -1, 1), 0, last)
            down, right = _PARTS[y], _PARTS[x]
            own_row = _mixed(
                rules, place[blocks[:, 0], blocks[:, 1]], place[blocks[:, 0], other[:, 1]], right
            )
            other_row = _mixed(
                rules, place[other[:, 0], blocks[:, 1]], place[other[:, 0], other[:, 1]], right
            )
            rule = own_row * (1 - down) + other_row * down
            values[:, y, x] = (rule * features[:, y, x]).sum(1)
    return values


def _mixed(rules: Array, one: Indices, other: Indices, part: float) -> Array:
    return rules[one] * (1 - part) + rules[other] * part
