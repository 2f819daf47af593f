"""Outlines that give their mask back."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from splitseem_model.mask.outlines import mask_outlines

pytestmark = pytest.mark.unit


def mask_of(*rows: str) -> NDArray[np.bool_]:
    return np.array([[cell == "x" for cell in row] for row in rows])


def filled(rings: list[list[tuple[int, int]]], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Even-odd filling: a pixel is inside when an odd number of vertical sides lie to its left."""
    crossings = np.zeros(size_hw, np.int64)
    for ring in rings:
        for (x0, y0), (_, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            crossings[min(y0, y1) : max(y0, y1), x0:] += 1
    return np.asarray(crossings % 2, np.bool_)


def test_rectangle_is_its_four_corners_clockwise() -> None:
    assert mask_outlines(mask_of("....", ".xx.", ".xx.", "....")) == [[(1, 1), (3, 1), (3, 3), (1, 3)]]


def test_hole_runs_the_other_way() -> None:
    outer, hole = mask_outlines(mask_of("xxx", "x.x", "xxx"))
    assert outer == [(0, 0), (3, 0), (3, 3), (0, 3)]
    assert hole == [(1, 2), (2, 2), (2, 1), (1, 1)]


def test_pixels_that_touch_at_a_corner_are_two_rings() -> None:
    assert mask_outlines(mask_of("x.", ".x")) == [
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        [(1, 1), (2, 1), (2, 2), (1, 2)],
    ]


def test_empty_mask_has_no_outline() -> None:
    assert mask_outlines(mask_of("..", "..")) == []


@pytest.mark.parametrize("seed", range(5))
def test_outlines_fill_back_to_the_mask(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.random((17, 23)) < 0.5
    blobs = Image.new("1", (61, 40))
    for x, y, r in rng.integers(0, 40, (6, 3)).tolist():
        ImageDraw.Draw(blobs).ellipse([x - r / 3, y - r / 3, x + r / 3, y + r / 3], fill=seed % 2 or x % 2)
    for mask in (noise, np.asarray(blobs), np.ones((3, 4), np.bool_)):
        size_hw = (mask.shape[0], mask.shape[1])
        np.testing.assert_array_equal(filled(mask_outlines(mask), size_hw), mask)
