"""Overlap and click counts, against examples worked by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.metrics import boundary_f, iou, mean_at, noc, num_failures, reached_by_click

pytestmark = pytest.mark.unit

# Clicks to 0.85: 1, 3, never, 4. Clicks to 0.90: 2, never, never, 4.
SEQUENCES = [
    [0.85, 0.95],  # finished after two clicks
    [0.20, 0.80, 0.88, 0.89],
    [0.10, 0.30, 0.50, 0.60],
    [0.50, 0.40, 0.84, 0.90],  # falls once, and gets there on the last click
]


def mask_of(*rows: str) -> np.ndarray:
    return np.array([[cell == "x" for cell in row] for row in rows])


@pytest.mark.parametrize(
    ("mask", "truth", "expected"),
    [
        (mask_of("xx.", "xx."), mask_of(".xx", ".xx"), 2 / 6),
        (mask_of("xx.", "..."), mask_of("xx.", "..."), 1.0),
        (mask_of("x..", "..."), mask_of("..x", "..."), 0.0),
        (mask_of("...", "..."), mask_of("..x", "..."), 0.0),
        (mask_of("...", "..."), mask_of("...", "..."), 1.0),
    ],
    ids=["overlap", "equal", "apart", "empty-mask", "both-empty"],
)
def test_iou_is_intersection_over_union(mask: np.ndarray, truth: np.ndarray, expected: float) -> None:
    assert iou(mask, truth) == expected


def test_ignored_pixels_count_neither_way() -> None:
    mask, truth = mask_of("xxx.", "xx.."), mask_of(".xxx", "xx..")
    assert iou(mask, truth) == 4 / 6
    assert iou(mask, truth, ignore=mask_of("x...", "....")) == 4 / 5
    assert iou(mask, truth, ignore=mask_of("x..x", "....")) == 1.0
    assert iou(mask, truth, ignore=mask_of("xxxx", "xxxx")) == 1.0


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        iou(mask_of("xx"), mask_of("x"))
    with pytest.raises(ValueError, match="one size"):
        iou(mask_of("xx"), mask_of("xx"), ignore=mask_of("x"))


@pytest.mark.parametrize(
    ("threshold", "max_clicks", "mean_clicks", "failures"),
    [
        (0.85, 4, (1 + 3 + 4 + 4) / 4, 1),
        (0.90, 4, (2 + 4 + 4 + 4) / 4, 2),
        (0.85, 20, (1 + 3 + 20 + 4) / 4, 1),
        (0.85, 2, (1 + 2 + 2 + 2) / 4, 3),
        (0.10, 4, 1.0, 0),
    ],
    ids=["85", "90", "failure-counts-20", "cut-at-2", "first-click"],
)
def test_noc_counts_failures_as_the_limit(
    threshold: float, max_clicks: int, mean_clicks: float, failures: int
) -> None:
    assert noc(SEQUENCES, threshold, max_clicks) == mean_clicks
    assert num_failures(SEQUENCES, threshold, max_clicks) == failures


def test_reaching_the_threshold_on_the_last_click_is_no_failure() -> None:
    assert num_failures([[0.5, 0.9]], 0.9, 2) == 0
    assert noc([[0.5, 0.9]], 0.9, 2) == noc([[0.5, 0.5]], 0.9, 2) == 2


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        (1, (0.85 + 0.20 + 0.10 + 0.50) / 4),
        (3, (0.95 + 0.88 + 0.50 + 0.84) / 4),
        (5, (0.95 + 0.89 + 0.60 + 0.90) / 4),
    ],
)
def test_mean_iou_keeps_the_last_value_of_a_finished_object(clicks: int, expected: float) -> None:
    assert mean_at(SEQUENCES, clicks) == pytest.approx(expected, abs=1e-12)  # float64 sums


@pytest.mark.parametrize(
    ("sequences", "clicks"), [([], 5), ([[0.5], []], 5), ([[0.5]], 0)], ids=["none", "empty", "no-clicks"]
)
def test_measuring_nothing_is_refused(sequences: list[list[float]], clicks: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        noc(sequences, 0.85, clicks)


def test_share_of_finished_objects_grows_with_the_clicks() -> None:
    assert reached_by_click(SEQUENCES, 0.85, max_clicks=5) == (0.25, 0.25, 0.5, 0.75, 0.75)
    assert reached_by_click(SEQUENCES, 0.90, max_clicks=3) == (0.0, 0.25, 0.25)


def square(row: int, column: int, side: int = 20) -> NDArray[np.bool_]:
    mask = np.zeros((60, 80), dtype=np.bool_)
    mask[row : row + side, column : column + side] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (square(10, 10), 1.0),
        (square(12, 10), 1.0),
        (square(40, 50), 0.0),
        (np.zeros((60, 80), dtype=np.bool_), 0.0),
    ],
    ids=["equal", "two pixels off", "elsewhere", "empty"],
)
def test_boundaries_are_compared_within_two_pixels(mask: NDArray[np.bool_], expected: float) -> None:
    assert boundary_f(mask, square(10, 10)) == expected


def test_a_boundary_three_pixels_off_on_one_side_loses_that_side() -> None:
    longer = square(10, 10)
    longer[10:30, 30:33] = True
    assert 0.5 < boundary_f(longer, square(10, 10)) < 0.95


def test_the_border_of_the_image_is_no_boundary() -> None:
    whole = np.ones((60, 80), dtype=np.bool_)
    assert boundary_f(whole, whole) == 1.0
    assert boundary_f(whole, square(0, 0, 60)) == 0.0


def test_ignored_pixels_have_no_boundary() -> None:
    longer = square(10, 10)
    longer[10:30, 30:36] = True
    assert boundary_f(longer, square(10, 10), ignore=square(0, 28, 40)) == 1.0


def test_boundaries_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        boundary_f(square(1, 1), np.zeros((3, 3), dtype=np.bool_))
