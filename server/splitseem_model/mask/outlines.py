"""Masks as polygons that follow the edges of their pixels exactly."""

import numpy as np
from numpy.typing import NDArray

Ring = list[tuple[int, int]]

STEPS_XY = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Right, down, left, up: each is a right turn from the one before, with y pointing down."""


def mask_outlines(mask: NDArray[np.bool_]) -> list[Ring]:
    """The borders of a mask as closed rings of corners (x, y) in the image frame, in reading order.

    The mask lies to the right of every ring: outer borders run clockwise, those of holes the other way round.
    Both fill rules therefore give the mask back. Pixels that touch only at a corner are separate.

    Args:
        mask: bool `[H, W]`.
    """
    edges = _directed_edges(mask)
    starts = sorted((y, x) for x, y, direction in edges if direction == 0)
    return [_trace((x, y, 0), edges) for y, x in starts if (x, y, 0) in edges]


def _directed_edges(mask: NDArray[np.bool_]) -> set[tuple[int, int, int]]:
    """Every pixel side between mask and background as (x, y, direction) of its start."""
    padded = np.pad(mask, 1)
    # Side of a pixel -> the neighbour across it, and where the side starts relative to the pixel.
    sides = (
        (padded[:-2, 1:-1], 0, 0),
        (padded[1:-1, 2:], 1, 0),
        (padded[2:, 1:-1], 1, 1),
        (padded[1:-1, :-2], 0, 1),
    )
    return {
        (x + start_x, y + start_y, direction)
        for direction, (neighbour, start_x, start_y) in enumerate(sides)
        for y, x in np.argwhere(mask & ~neighbour).tolist()
    }


def _trace(start: tuple[int, int, int], edges: set[tuple[int, int, int]]) -> Ring:
    """Follow the border from `start`, a corner, back to it; takes the edges it walks out of `edges`."""
    ring: Ring = []
    x, y, direction = start
    turned = True
    while True:
        edges.discard((x, y, direction))
        if turned:
            ring.append((x, y))
        x, y = x + STEPS_XY[direction][0], y + STEPS_XY[direction][1]
        # Right first: where two pixels touch at a corner, the ring stays with its own.
        candidates = ((x, y, (direction + turn) % 4) for turn in (1, 0, 3))
        following = next(edge for edge in candidates if edge in edges or edge == start)
        if following == start:
            return ring
        turned = following[2] != direction
        direction = following[2]
