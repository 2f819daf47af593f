"""Repairs of whole masks, against scipy, and as prompts among others."""

import numpy as np
import pytest
from scipy import ndimage

from splitseem_model.predictor import Predictor
from splitseem_model.prompt.repairs import repaired
from splitseem_proto import Click, Paint, PromptItem, Repair

CORNERS = np.ones((3, 3), dtype=bool)


def blobs(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(61, 83))
    return np.asarray(ndimage.gaussian_filter(noise, 1.2) > 0.02)


@pytest.mark.parametrize("seed", range(4))
def test_all_holes_are_those_that_scipy_fills(seed: int) -> None:
    mask = blobs(seed)
    filled = ndimage.binary_fill_holes(mask)
    assert np.array_equal(repaired(mask, Repair("fill-holes", mask.size)), filled)
    few = repaired(mask, Repair("fill-holes", 6))
    labels, count = ndimage.label(filled & ~mask)
    small = [n for n in range(1, count + 1) if (labels == n).sum() <= 6]
    assert np.array_equal(few, mask | np.isin(labels, small))


@pytest.mark.parametrize("seed", range(4))
def test_specks_are_the_small_parts_that_scipy_labels(seed: int) -> None:
    mask = blobs(seed)
    labels, count = ndimage.label(mask, CORNERS)
    areas = np.bincount(labels.ravel())[1:]
    kept = [n + 1 for n in range(count) if areas[n] > 30 or n == areas.argmax()]
    assert np.array_equal(repaired(mask, Repair("remove-specks", 30)), np.isin(labels, kept))
    only = repaired(mask, Repair("remove-specks", mask.size))
    assert np.array_equal(only, labels == areas.argmax() + 1)


@pytest.mark.parametrize("radius", [1, 3, 600])
def test_smoothing_is_the_vote_of_the_square_around_a_pixel(radius: int) -> None:
    mask = np.tile(blobs(1), (1, 15)) if radius == 3 else blobs(1)
    expected = np.empty_like(mask)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            part = mask[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1]
            expected[y, x] = mask[y, x] if 2 * part.sum() == part.size else 2 * part.sum() > part.size
    size = min(radius, 256)
    assert np.array_equal(repaired(mask, Repair("smooth", size)), expected)


def test_a_repair_stands_among_prompts_but_for_what_is_said_after_it() -> None:
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8))

    def mask_of(*items: PromptItem) -> np.ndarray:
        memory = None
        for count in range(1, len(items) + 1):
            step = predictor.step(image, items[:count], memory)
            memory = step.memory
        return predictor.mask(image, step)

    ring = Paint(tuple((30 + 12 * np.cos(t), 30 + 12 * np.sin(t)) for t in np.linspace(0, 6.3, 40)), 2.0)
    fill = Repair("fill-holes", 64 * 96)
    drawn = mask_of(ring)
    assert not drawn[30, 30]
    assert np.array_equal(mask_of(ring, fill), ndimage.binary_fill_holes(drawn))
    later = mask_of(ring, fill, Click(90.5, 5.5, 0))
    assert np.array_equal(later, ndimage.binary_fill_holes(later))
    assert later[30, 30]
    hole = mask_of(Click(80.5, 50.5), ring, fill, Click(30.5, 30.5, 0))
    assert not hole[30, 30]
