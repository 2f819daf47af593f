"""Corrected masks obey their clicks and stay as they were elsewhere."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from splitseem_model.config import CorrectionConfig
from splitseem_model.mask.correction import correct_at_points, feature_spread

pytestmark = pytest.mark.unit
CONFIG = CorrectionConfig()
HEIGHT, WIDTH = 24, 32
Logits = NDArray[np.float32]


def two_halves() -> NDArray[np.float32]:
    """Mask features that differ between the left and the right half, with a little noise."""
    features = torch.randn(1, 8, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)) * 0.1
    features[..., : WIDTH // 2] += 1
    features[..., WIDTH // 2 :] -= 1
    return features.numpy()


def corrected(logits: Logits, points: list[tuple[float, float, int]]) -> Logits:
    features = two_halves()
    coords = np.array([(x, y) for x, y, _ in points], dtype=np.float32)
    labels = np.array([label for _, _, label in points], dtype=np.int64)
    spread = feature_spread(features, CONFIG)
    return correct_at_points(logits, features, spread, coords, labels, 4 * WIDTH, CONFIG)


def empty() -> Logits:
    return np.full((HEIGHT, WIDTH), -3.0, dtype=np.float32)


def test_a_click_on_an_empty_mask_fills_its_side_and_not_the_other() -> None:
    mask = corrected(empty(), [(50.0, 48.0, 1)]) > 0
    assert mask[12, 12]
    assert mask[:, : WIDTH // 2].sum() > 20
    assert not mask[:, WIDTH // 2 :].any()


def test_far_from_every_click_nothing_changes() -> None:
    change = corrected(empty(), [(20.0, 48.0, 1)]) - empty()
    assert abs(change[:, -4:]).max() < 1e-3


def test_a_mask_that_obeys_with_margin_is_returned_as_it_is() -> None:
    logits = np.full((HEIGHT, WIDTH), 8.0, dtype=np.float32)
    assert corrected(logits, [(50.0, 48.0, 1)]) is logits


def test_a_click_that_is_obeyed_holds_the_mask_against_another() -> None:
    both = corrected(empty(), [(30.0, 48.0, 1), (44.0, 48.0, 0)])
    assert both[12, 7] > 0
    assert both[12, 10] < 0


@pytest.mark.parametrize("points", [[], [(4.0, 4.0, 2), (80.0, 60.0, 3)], [(4.0, 4.0, -1)]])
def test_without_clicks_nothing_happens(points: list[tuple[float, float, int]]) -> None:
    assert np.array_equal(corrected(empty(), [*points, (0.0, 0.0, -1)]), empty())


POINT = st.tuples(st.integers(0, 4 * WIDTH), st.integers(0, 4 * HEIGHT), st.integers(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(POINT, min_size=1, max_size=20), st.integers(0, 1000))
def test_clicks_a_few_cells_apart_are_all_obeyed(points: list[tuple[int, int, int]], seed: int) -> None:
    apart: list[tuple[float, float, int]] = []
    for x, y, label in points:
        if all(np.hypot(x - a, y - b) > 12 for a, b, _ in apart):
            apart.append((float(x), float(y), label))
    logits = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32) * 4
    result = corrected(logits, apart)
    grid = torch.tensor([[[2 * x / (4 * WIDTH) - 1, 2 * y / (4 * HEIGHT) - 1] for x, y, _ in apart]])[:, None]
    there = torch.nn.functional.grid_sample(
        torch.from_numpy(result)[None, None], grid.float(), padding_mode="border", align_corners=False
    )
    obeyed = (there[0, 0, 0] > 0) == torch.tensor([label == 1 for _, _, label in apart])
    assert obeyed.all()
