"""What a prompt costs is bounded, whatever it says."""

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitseem_model.errors import PromptError
from splitseem_model.prompt.prompts import prompt_points
from splitseem_model.prompt.shapes import MOST_ALONG, RegionRules, points_in, resample
from splitseem_proto import Box, Click, ImageGeometry, Paint, Polygon, PromptItem, Scribble

pytestmark = pytest.mark.unit

WHOLE = ImageGeometry.whole_image((100, 200), (100, 200), (128, 224))
SECONDS = 2.0
"""Far more than any of these needs on a busy machine, and far less than they took without bounds."""

FAR = [1e6, 1e30, 1e200, -1e30, 1.7e308, -1.7e308]
SMALL = ImageGeometry.whole_image((9, 26), (64, 185), (64, 192))
"""An image that is enlarged for the encoder."""


def far_items(far: float) -> list[PromptItem]:
    return [
        Click(far, 1.0),
        Box(min(far, 1.0), 1.0, max(far, 1.0), 2.0),
        Scribble(((1.0, 1.0), (far, 1.0))),
        Polygon(((1.0, 1.0), (far, 1.0), (1.0, 9.0))),
        Scribble(((1.0, 1.0), (1.0, far)), 0),
    ]


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("kind", range(5), ids=["click", "box", "scribble", "polygon", "negative scribble"])
@pytest.mark.parametrize(
    "rules", [RegionRules("corners", "surround"), RegionRules("surround", "outline")], ids=str
)
def test_what_lies_outside_is_refused_before_any_work(kind: int, far: float, rules: RegionRules) -> None:
    begin = time.process_time()
    for geometry in (WHOLE, SMALL):
        with pytest.raises(PromptError, match="outside the encoded part"):
            prompt_points([Click(5.0, 5.0), far_items(far)[kind]], geometry, rules)
    assert time.process_time() - begin < SECONDS


def test_what_is_painted_may_lie_beside_the_encoded_part_but_not_beside_the_image() -> None:
    part = ImageGeometry((100, 200), (50, 20, 60, 40), (64, 96), (64, 96))
    inside = Click(60.0, 30.0)
    assert len(prompt_points([inside, Paint(((1.0, 99.0),), 2.0)], part).labels) == 1
    with pytest.raises(PromptError, match="outside the encoded part"):
        prompt_points([inside, Click(1.0, 99.0)], part)
    with pytest.raises(PromptError, match="x 0 to 200"):
        prompt_points([inside, Paint(((1.0, 101.0),), 2.0)], part)


@pytest.mark.parametrize("corners", [2_000, 16_384])
def test_an_outline_of_many_corners_takes_no_time(corners: int) -> None:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 20 + 20 * (np.arange(corners) % 2)
    points = [(100 + r * np.cos(a), 50 + r * np.sin(a)) for r, a in zip(radius, angles, strict=True)]
    begin = time.process_time()
    found = prompt_points([Polygon(tuple((float(x), float(y)) for x, y in points))], WHOLE)
    assert time.process_time() - begin < SECONDS
    assert (found.labels == 1).any()


@pytest.mark.parametrize("closed", [False, True])
def test_a_line_has_no_more_points_than_the_bound(closed: bool) -> None:
    line = [(float(200 * (k % 2)), float(k % 100)) for k in range(3000)]
    assert len(resample(line, 1.0, closed=closed)) <= MOST_ALONG + 1


@pytest.mark.parametrize("end", [1e200, 1e308, float("inf"), float("nan")])
def test_a_line_without_a_finite_length_is_refused(end: float) -> None:
    with pytest.raises(ValueError, match="finite length"):
        resample([(0.0, 0.0), (end, -end)], 1.0, closed=False)


def even_odd(point: tuple[float, float], corners: Sequence[tuple[float, float]]) -> bool:
    """By the definition, edge by edge."""
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in pairwise([*corners, corners[0]]):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossings += 1
    return crossings % 2 == 1


coordinates = st.tuples(st.integers(0, 20).map(float), st.integers(0, 20).map(float))
halves = st.tuples(st.integers(0, 40).map(lambda v: v / 2), st.integers(0, 40).map(lambda v: v / 2))


@given(corners=st.lists(coordinates, min_size=3, max_size=12), points=st.lists(halves, max_size=20))
def test_points_are_inside_by_the_even_odd_rule(
    corners: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    assert points_in(points, corners, inside=True) == [p for p in points if even_odd(p, corners)]
    assert points_in(points, corners, inside=False) == [p for p in points if not even_odd(p, corners)]
