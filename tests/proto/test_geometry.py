"""Frames: golden points, identity of there and back, refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitseem_proto import GeometryError, ImageGeometry
from splitseem_proto.vectors import VECTORS

pytestmark = pytest.mark.unit

GOLDEN: dict[str, Any] = json.loads((VECTORS / "geometry.json").read_text())
TOLERANCE_PX = 1e-9  # float64 over images of at most 65535 pixels


def geometry_of(plain: dict[str, Any]) -> ImageGeometry:
    return ImageGeometry(**{name: tuple(values) for name, values in plain.items()})


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_golden_points_convert_both_ways(case: dict[str, Any]) -> None:
    geometry = geometry_of(case["geometry"])
    points_input = geometry.image_to_input(case["points_image"])
    np.testing.assert_allclose(points_input, case["points_input"], rtol=0, atol=TOLERANCE_PX)
    points_image = geometry.input_to_image(case["points_input"])
    np.testing.assert_allclose(points_image, case["points_image"], rtol=0, atol=TOLERANCE_PX)
    assert geometry.inside_input(points_input).tolist() == case["inside_input"]


@pytest.mark.parametrize("case", GOLDEN["refused"], ids=lambda case: case["name"])
def test_golden_refusals(case: dict[str, Any]) -> None:
    with pytest.raises(GeometryError):
        geometry_of(case["geometry"])


sides = st.integers(1, 4000)


@given(
    sides, sides, sides, sides, st.lists(st.tuples(st.floats(-9e3, 9e3), st.floats(-9e3, 9e3)), min_size=1)
)
def test_image_to_input_to_image_is_the_identity(
    height: int, width: int, input_h: int, input_w: int, points: list[tuple[float, float]]
) -> None:
    geometry = ImageGeometry.whole_image((height, width), (input_h, input_w), (input_h, input_w))
    back = geometry.input_to_image(geometry.image_to_input(points))
    np.testing.assert_allclose(back, points, rtol=1e-12, atol=TOLERANCE_PX)


def test_corners_of_the_region_become_corners_of_the_input() -> None:
    geometry = ImageGeometry((200, 300), (30, 40, 120, 60), (32, 64), (32, 64))
    corners = [(30, 40), (150, 100)]
    assert geometry.image_to_input(corners).tolist() == [[0, 0], [64, 32]]


@pytest.mark.parametrize("points", [[1, 2], [[1, 2, 3]], [[np.nan, 0]], [[np.inf, 0]]])
def test_points_that_are_not_finite_pairs_are_refused(points: object) -> None:
    geometry = ImageGeometry.whole_image((2, 2), (2, 2), (2, 2))
    with pytest.raises(GeometryError):
        geometry.image_to_input(points)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(2.5, 2), (True, 2), (2,), "22", None])
def test_sizes_that_are_not_integers_are_refused(size: object) -> None:
    with pytest.raises(GeometryError):
        ImageGeometry((2, 2), (0, 0, 2, 2), size, (2, 2))  # type: ignore[arg-type]


def test_numpy_integers_become_plain_integers() -> None:
    side = np.int64(7)
    geometry = ImageGeometry.whole_image((side, side), (side, side), (side, side))  # type: ignore[arg-type]
    assert all(type(value) is int for value in (*geometry.original_hw, *geometry.roi_xywh))
