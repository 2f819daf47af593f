"""Prompt items become points: counts, places, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from splitseem_model.errors import PromptError
from splitseem_model.prompt.prompts import prompt_points
from splitseem_model.prompt.shapes import PointLabel, resample
from splitseem_model.prompt.thinning import thin
from splitseem_proto import Box, Click, ImageGeometry, Polygon, PromptItem, TextPrompt

pytestmark = pytest.mark.unit
GEOMETRY = ImageGeometry.whole_image((100, 200), (192, 384), (192, 384))
COORDINATE = st.floats(0, 100, allow_nan=False)


def test_a_click_lands_at_its_scaled_place() -> None:
    points = prompt_points([Click(10.5, 20.5)], GEOMETRY)
    np.testing.assert_allclose(points.coords, [[10.5 * 1.92, 20.5 * 1.92]], rtol=1e-6)
    assert points.labels.tolist() == [PointLabel.POSITIVE]


def test_a_box_is_its_two_corners() -> None:
    assert prompt_points([Box(1, 2, 30, 40)], GEOMETRY).labels.tolist() == [
        PointLabel.BOX_MIN,
        PointLabel.BOX_MAX,
    ]


def test_positive_points_of_a_polygon_lie_inside_and_negative_ones_outside() -> None:
    square = Polygon(((20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)))
    points = prompt_points([square], GEOMETRY)
    from_middle = abs(points.coords / 1.92 - 50).max(axis=1)
    assert (from_middle[points.labels == 1] < 30).all()
    assert from_middle[points.labels == 0] == pytest.approx(36)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        pytest.param([], "at least one click", id="nothing given"),
        pytest.param([Click(200.5, 10)], "outside", id="right of the image"),
        pytest.param([Click(10, -0.1)], "outside", id="above the image"),
    ],
)
def test_refusals(items: list[PromptItem], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        prompt_points(items, GEOMETRY)


def test_a_text_alone_is_one_padding_point() -> None:
    assert prompt_points([TextPrompt("a dog")], GEOMETRY).labels.tolist() == [PointLabel.PADDING]


def test_a_text_adds_no_point_to_clicks() -> None:
    points = prompt_points([Click(1, 2), TextPrompt("a dog"), Click(3, 4, 0)], GEOMETRY)
    assert points.labels.tolist() == [PointLabel.POSITIVE, PointLabel.NEGATIVE]


def test_a_click_outside_the_region_of_interest_is_refused() -> None:
    cropped = ImageGeometry((100, 200), (50, 20, 60, 60), (384, 384), (384, 384))
    with pytest.raises(PromptError, match="x 50 to 110, y 20 to 80"):
        prompt_points([Click(10.5, 30.5)], cropped)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=12), st.floats(1, 20))
@example([(0.0, 0.0), (0.0, 5.7e-208)], 1.0)  # the square of this length is no longer a number above 0
def test_resampled_lines_keep_both_ends_and_the_step(corners: list[tuple[float, float]], step: float) -> None:
    points = resample(corners, step, closed=False)
    total = sum(math.dist(a, b) for a, b in pairwise(corners))
    assert points[0] == pytest.approx(corners[0])
    assert points[-1] == pytest.approx(corners[-1], abs=1e-6)
    assert all(math.dist(a, b) <= step + 1e-6 for a, b in pairwise(points))
    assert len(points) <= total / step + 2 + 1e-6, "no more points than the step asks for"


def test_a_line_of_no_length_is_one_point() -> None:
    assert resample([(3.0, 4.0), (3.0, 4.0)], 1.0, closed=False) == [(3.0, 4.0)]


@given(st.integers(0, 3000))
def test_thinning_keeps_order_and_at_most_512(count: int) -> None:
    points = [(float(i), 0.0, 1) for i in range(count)]
    kept = thin(points, 512)
    assert len(kept) == min(count, 512)
    assert kept == sorted(set(kept))
