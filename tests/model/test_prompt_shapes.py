"""Boxes and polygons as points, by every rule."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from splitseem_model.config import preset
from splitseem_model.errors import PromptError
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.prompt.prompts import prompt_points
from splitseem_model.prompt.shapes import REGION_POINTS, PointLabel, RegionRules, region_rules
from splitseem_model.step.options import StepOptions
from splitseem_proto import Box, Click, ImageGeometry, Polygon, PromptItem

pytestmark = pytest.mark.unit

WHOLE = ImageGeometry.whole_image((100, 200), (100, 200), (128, 224))
BOX = Box(40, 20, 100, 60)
LETTER_L = Polygon(((20.0, 10.0), (40.0, 10.0), (40.0, 70.0), (90.0, 70.0), (90.0, 90.0), (20.0, 90.0)))


def points(
    items: Sequence[PromptItem], rules: RegionRules, geometry: ImageGeometry = WHOLE
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    found = prompt_points(items, geometry, rules)
    return found.coords, found.labels


def test_filled_box_is_an_even_grid_all_over_it() -> None:
    coords, labels = points([BOX], RegionRules("filled", "outline"))
    assert (labels == PointLabel.POSITIVE).all()
    assert 45 <= len(coords) <= REGION_POINTS
    assert coords.min(axis=0) == pytest.approx([43, 23], abs=1)
    assert coords.max(axis=0) == pytest.approx([97, 57], abs=1)
    assert coords.mean(axis=0) == pytest.approx([70, 40], abs=1e-3)


def test_outline_of_a_box_is_pulled_inwards() -> None:
    coords, labels = points([BOX], RegionRules("outline", "outline"))
    assert (labels == PointLabel.POSITIVE).all()
    assert coords.min(axis=0) == pytest.approx([43, 22], abs=1e-3)
    assert coords.max(axis=0) == pytest.approx([97, 58], abs=1e-3)


def test_surrounded_box_has_its_middle_and_a_ring() -> None:
    coords, labels = points([BOX], RegionRules("surround", "outline"))
    middle, ring = coords[labels == PointLabel.POSITIVE], coords[labels == PointLabel.NEGATIVE]
    assert middle.min(axis=0) == pytest.approx([56.5, 31.5], abs=1)
    assert middle.max(axis=0) == pytest.approx([83.5, 48.5], abs=1)
    assert ring.min(axis=0) == pytest.approx([37, 18], abs=1e-3)
    assert ring.max(axis=0) == pytest.approx([103, 62], abs=1e-3)


def test_middle_of_a_box_is_that_without_the_ring() -> None:
    coords, labels = points([BOX], RegionRules("middle", "outline"))
    surrounded, signs = points([BOX], RegionRules("surround", "outline"))
    assert (labels == PointLabel.POSITIVE).all()
    assert np.array_equal(coords, surrounded[signs == PointLabel.POSITIVE])


def test_ring_stays_on_the_encoded_part() -> None:
    corner = ImageGeometry((100, 200), (40, 20, 100, 50), (100, 200), (128, 224))
    _, labels = points([BOX], RegionRules("surround", "outline"), corner)
    _, all_labels = points([BOX], RegionRules("surround", "outline"))
    assert 0 < (labels == PointLabel.NEGATIVE).sum() < (all_labels == PointLabel.NEGATIVE).sum()


def test_filled_polygon_leaves_out_what_is_outside() -> None:
    coords, _ = points([LETTER_L], RegionRules("filled", "filled"))
    assert 45 <= len(coords) <= REGION_POINTS
    notch = (coords[:, 0] > 40) & (coords[:, 1] < 70)
    assert not notch.any()
    outline, _ = points([LETTER_L], RegionRules("filled", "outline"))
    assert len(outline) > REGION_POINTS


def test_surrounded_polygon_is_filled_and_has_a_ring_that_keeps_out_of_its_hollow() -> None:
    coords, labels = points([LETTER_L], RegionRules("filled", "surround"))
    inside, ring = coords[labels == PointLabel.POSITIVE], coords[labels == PointLabel.NEGATIVE]
    assert np.array_equal(inside, points([LETTER_L], RegionRules("filled", "filled"))[0])
    assert 10 <= len(ring) <= REGION_POINTS
    upright = (ring[:, 0] > 20) & (ring[:, 0] < 40) & (ring[:, 1] > 10) & (ring[:, 1] < 90)
    foot = (ring[:, 0] > 20) & (ring[:, 0] < 90) & (ring[:, 1] > 70) & (ring[:, 1] < 90)
    assert not (upright | foot).any()
    assert ring[:, 0].max() > 90


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param(((5.0, 5.0), (100.0, 50.0), (5.0, 5.0)), id="a line"),
        pytest.param(((7.0, 7.0), (7.0, 7.0), (7.0, 7.0)), id="a point"),
        pytest.param(((0.0, 0.0), (200.0, 100.0), (200.0, 0.0), (0.0, 100.0)), id="crossed"),
    ],
)
def test_odd_polygons_have_points_too(corners: tuple[tuple[float, float], ...]) -> None:
    coords, _ = points([Polygon(corners)], RegionRules("filled", "filled"))
    assert 1 <= len(coords) <= REGION_POINTS


@given(
    st.tuples(st.floats(0, 199), st.floats(0, 99)),
    st.tuples(st.floats(0.5, 200), st.floats(0.5, 100)),
    st.sampled_from(["filled", "outline", "surround", "middle"]),
)
def test_points_of_a_box_stay_on_the_image_and_leave_room_for_a_click(
    corner: tuple[float, float], size: tuple[float, float], rule: str
) -> None:
    box = Box(*corner, min(200.0, corner[0] + size[0]), min(100.0, corner[1] + size[1]))
    rules = RegionRules(rule, "outline")  # type: ignore[arg-type]
    coords, labels = points([box, Click(1, 1, 0)], rules)
    assert WHOLE.inside_input(coords).all()
    assert (labels == PointLabel.POSITIVE).any()
    assert labels[-1] == PointLabel.NEGATIVE
    assert coords[-1] == pytest.approx([1, 1])


def test_polygons_are_surrounded_boxes_too_unless_nano_marks_their_corners() -> None:
    assert region_rules(preset("nano").decoder) == RegionRules("corners", "surround")
    assert region_rules(preset("focalt-v1").decoder) == RegionRules("surround", "surround")
    assert region_rules(preset("focalt-demo").decoder) == RegionRules("middle", "filled")


def test_rules_can_be_chosen() -> None:
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.random.default_rng(0).integers(0, 255, (100, 200, 3), dtype=np.uint8))
    corners = predictor.step(image, [BOX])
    filled = predictor.with_options(StepOptions(region_rules=RegionRules("filled", "outline"))).step(
        image, [BOX]
    )
    assert not np.array_equal(corners.mask_logits, filled.mask_logits)
    assert np.array_equal(predictor.step(image, [BOX]).mask_logits, corners.mask_logits)


def test_corners_are_refused_by_a_model_that_has_no_labels_for_them(
    official_like: Callable[[str], SegmentationModel],
) -> None:
    predictor = Predictor(official_like("v0"))
    image = predictor.encode(np.zeros((50, 60, 3), np.uint8))
    assert np.isfinite(predictor.step(image, [Box(5, 5, 40, 40)]).mask_logits).all()
    with pytest.raises(PromptError, match="tiny has no point labels for the corners of a box"):
        predictor.with_options(StepOptions(region_rules=RegionRules("corners", "outline")))
