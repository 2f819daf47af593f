"""Run lengths: worked by hand, round trip, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from splitseem_proto import CocoRle, RleError, decode_rle, encode_rle

pytestmark = pytest.mark.unit

BY_HAND = {
    "one_background_pixel": ([[0]], (1,)),
    "one_foreground_pixel": ([[1]], (0, 1)),
    "nothing": ([[0, 0], [0, 0], [0, 0]], (6,)),
    "everything": ([[1, 1], [1, 1]], (0, 4)),
    "columns_come_first": ([[0, 1], [0, 1]], (2, 2)),
    "row": ([[1, 1, 1], [0, 0, 0]], (0, 1, 1, 1, 1, 1, 1)),
    "begins_with_foreground": ([[1, 0], [0, 0]], (0, 1, 3)),
}


@pytest.mark.parametrize(("rows", "counts"), BY_HAND.values(), ids=BY_HAND.keys())
def test_counts_worked_by_hand(rows: list[list[int]], counts: tuple[int, ...]) -> None:
    mask = np.array(rows, dtype=bool)
    rle = encode_rle(mask)
    assert rle == CocoRle((mask.shape[0], mask.shape[1]), counts)
    np.testing.assert_array_equal(decode_rle(rle), mask)


@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 30), st.integers(1, 30))))
def test_round_trip(mask: NDArray[np.bool_]) -> None:
    np.testing.assert_array_equal(decode_rle(encode_rle(mask)), mask)


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ((2, 2), (3,)),
        ((2, 2), (5,)),
        ((2, 2), ()),
        ((2, 2), (-1, 5)),
        ((2, 2), (2, 0, 2)),
        ((0, 2), ()),
        ((65535, 65535), (65535**2,)),
    ],
)
def test_counts_that_are_no_mask_are_refused(size: tuple[int, int], counts: tuple[int, ...]) -> None:
    with pytest.raises(RleError):
        CocoRle(size, counts)


@pytest.mark.parametrize("mask", [np.ones((2, 2)), np.ones(4, dtype=bool), np.ones((0, 3), dtype=bool)])
def test_arrays_that_are_no_mask_are_refused(mask: NDArray[np.bool_]) -> None:
    with pytest.raises(RleError):
        encode_rle(mask)
