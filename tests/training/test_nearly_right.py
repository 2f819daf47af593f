"""Masks to begin a step with: near the truth, never it, the same for the same seed."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_train.tasks.nearly_right import STRIDE, nearly_right

pytestmark = pytest.mark.unit


def overlap(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    drawn = cv2.resize(logits, truth.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0
    return float((drawn & truth).sum() / (drawn | truth).sum())


def disc(side: int, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:side, :side]
    return np.asarray(np.hypot(rows - side / 2, columns - side / 2) < radius)


@pytest.mark.parametrize("radius", [20, 60])
def test_masks_are_near_the_truth_and_differ_from_it(radius: float) -> None:
    truth = disc(256, radius)
    overlaps = [overlap(nearly_right(truth, np.random.default_rng(seed)), truth) for seed in range(40)]
    assert 0.75 < np.mean(overlaps) < 0.95
    assert min(overlaps) > 0.4
    assert len(set(overlaps)) == 40


def test_the_same_seed_gives_the_same_mask() -> None:
    truth = disc(64, 20)
    first, second = (nearly_right(truth, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (64 // STRIDE, 64 // STRIDE)
    assert np.array_equal(first, second)


def test_an_object_of_one_pixel_and_one_that_fills_the_crop_are_drawn() -> None:
    pixel = np.zeros((32, 32), dtype=np.bool_)
    pixel[5, 7] = True
    for truth in (pixel, np.ones((32, 32), dtype=np.bool_)):
        for seed in range(20):
            assert np.isfinite(nearly_right(truth, np.random.default_rng(seed))).all()
