"""Masks that may not overlap are shared alike in Python and in the page."""

import numpy as np
import pytest
from tests.contract.overlap_vectors import VECTORS, content, text

from splitseem_proto import CocoRle, decode_rle

pytestmark = pytest.mark.unit


def test_the_vectors_are_those_that_the_code_makes() -> None:
    assert VECTORS.read_text() == text()


def test_a_pixel_is_of_one_object_and_none_is_lost() -> None:
    for case in content()["cases"]:
        size = tuple(case["size"])
        whole = [decode_rle(CocoRle(size, tuple(counts))) for counts in case["masks"]]
        apart = [decode_rle(CocoRle(size, tuple(counts))) for counts in case["apart"]]
        np.testing.assert_array_equal(np.any(whole, 0), np.any(apart, 0))
        assert (np.sum(apart, 0) <= (3 if case["overlap"] is None else 1)).all()
        for before, after, locked in zip(whole, apart, case["locked"], strict=True):
            assert not (after & ~before).any()
            if locked and sum(case["locked"]) == 1:
                np.testing.assert_array_equal(after, before)
