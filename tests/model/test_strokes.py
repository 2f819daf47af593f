"""Strokes as clicks."""

import numpy as np
import pytest

from splitseem_model.prompt.strokes import clicks_of_stroke
from splitseem_proto import Click

pytestmark = pytest.mark.unit


def test_each_pixel_of_a_short_stroke_is_a_click_at_its_centre() -> None:
    stroke = np.zeros((4, 6), np.bool_)
    stroke[1, 5] = stroke[3, 0] = True
    assert clicks_of_stroke(stroke, 1) == (Click(5.5, 1.5, 1), Click(0.5, 3.5, 1))
    assert clicks_of_stroke(stroke, 0) == (Click(5.5, 1.5, 0), Click(0.5, 3.5, 0))


def test_long_stroke_is_thinned_evenly_to_512() -> None:
    clicks = clicks_of_stroke(np.ones((32, 48), np.bool_), 1)  # 1536 pixels: every third, the middle one
    assert len(clicks) == 512
    assert [int(click.y) * 48 + int(click.x) for click in clicks] == list(range(1, 1536, 3))


def test_empty_stroke_is_no_click() -> None:
    assert clicks_of_stroke(np.zeros((4, 6), np.bool_), 1) == ()
