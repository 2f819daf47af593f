"""Masks as polygons: of corners with holes, and of pixels as OpenCV has them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from splitseem_server.adapters import outlines
from splitseem_server.adapters.outlines import chains_of, is_outer, polygons_of
from splitseem_server.errors import InvalidParameter

pytestmark = pytest.mark.unit
Mask = NDArray[np.bool_]


def noise(seed: int, share: float = 0.6) -> Mask:
    """With islands in holes in islands."""
    mask = np.random.default_rng(seed).random((23, 31)) < share
    mask[3:20, 4:27] = True
    mask[5:18, 6:25] = False
    mask[7:16, 8:23] = np.random.default_rng(seed + 9).random((9, 15)) < share
    return mask


def filled(polygons: list[list[list[tuple[int, int]]]], shape: tuple[int, ...]) -> Mask:
    """Even-odd of each part by itself, then all together: a hole in the wrong part would be seen."""
    whole = np.zeros(shape, np.bool_)
    for part in polygons:
        crossings = np.zeros(shape, np.int64)
        for ring in part:
            for (x0, y0), (_, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
                crossings[min(y0, y1) : max(y0, y1), x0:] += 1
        assert not (whole & (crossings % 2 == 1)).any()
        whole |= crossings % 2 == 1
    return whole


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_parts_have_their_own_holes_and_give_the_mask(seed: int, share: float) -> None:
    mask = noise(seed, share)
    parts = polygons_of(mask)
    assert all(is_outer(outer) and not any(map(is_outer, holes)) for outer, *holes in parts)
    np.testing.assert_array_equal(filled(parts, mask.shape), mask)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.8])
def test_chains_fill_to_the_mask_without_its_holes(seed: int, share: float) -> None:
    mask = noise(seed, share)
    drawn = np.zeros(mask.shape, np.uint8)
    for chain in chains_of(mask):
        cv2.fillPoly(drawn, [np.array(chain, np.int32)], 1)
    # Pixels that touch at a corner are apart, so holes that do are one with what is around.
    np.testing.assert_array_equal(drawn, binary_fill_holes(mask, np.ones((3, 3))))


def test_nothing_and_everything_have_outlines() -> None:
    assert polygons_of(np.zeros((3, 4), np.bool_)) == []
    assert chains_of(np.zeros((3, 4), np.bool_)) == []
    assert polygons_of(np.ones((3, 4), np.bool_)) == [[[(0, 0), (4, 0), (4, 3), (0, 3)]]]
    assert chains_of(np.ones((3, 4), np.bool_)) == [[(3, 0), (3, 2), (0, 2), (0, 0)]]
    assert chains_of(np.ones((1, 1), np.bool_)) == [[(0, 0)]]


def test_a_mask_too_ragged_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MOST_SIDES", 20)
    with pytest.raises(InvalidParameter, match="at most 20"):
        polygons_of(noise(0))
