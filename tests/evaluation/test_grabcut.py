"""The baseline: GrabCut finds what colour tells apart, and behaves like a predictor."""

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.grabcut import GrabCutPredictor
from splitseem_eval.metrics import iou
from splitseem_model.errors import PromptError
from splitseem_proto import Box, Click, TextPrompt

pytestmark = pytest.mark.unit


def red_disk() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    rows, columns = np.mgrid[:150, :200] + 0.5
    truth = (columns - 90) ** 2 + (rows - 70) ** 2 < 40**2
    pixels = np.random.default_rng(0).integers(90, 130, (150, 200, 3), dtype=np.uint8)
    pixels[truth] = (220, 30, 30)
    return pixels, truth


def test_a_click_finds_a_disk_of_another_colour() -> None:
    pixels, truth = red_disk()
    baseline = GrabCutPredictor()
    image = baseline.encode(pixels)
    step = baseline.step(image, [Click(90, 70)])
    assert iou(baseline.mask(image, step), truth) > 0.95


def test_the_same_clicks_give_the_same_mask() -> None:
    baseline = GrabCutPredictor()
    image = baseline.encode(red_disk()[0])
    first, second = (baseline.step(image, [Click(90, 70), Click(5, 5, 0)]) for _ in range(2))
    assert np.array_equal(first.mask_logits, second.mask_logits)


def test_a_photo_of_one_pixel_is_answered() -> None:
    baseline = GrabCutPredictor()
    image = baseline.encode(np.zeros((1, 1, 3), dtype=np.uint8))
    assert baseline.mask(image, baseline.step(image, [Click(0.5, 0.5)])).shape == (1, 1)


def test_a_photo_of_one_colour_is_answered() -> None:
    baseline = GrabCutPredictor()
    image = baseline.encode(np.full((192, 320, 3), 128, dtype=np.uint8))
    mask = baseline.mask(image, baseline.step(image, [Click(100.5, 90.5)]))
    assert mask[90, 100]
    assert not mask.all()


def test_a_box_finds_what_is_in_it_and_nothing_outside() -> None:
    pixels, truth = red_disk()
    pixels[100:140, 150:190] = (220, 30, 30)  # of the same colour
    baseline = GrabCutPredictor()
    image = baseline.encode(pixels)
    assert iou(baseline.mask(image, baseline.step(image, [Box(48, 28, 132, 112)])), truth) > 0.95


def test_prompts_other_than_clicks_and_boxes_are_refused() -> None:
    baseline = GrabCutPredictor()
    with pytest.raises(PromptError, match="clicks and boxes only, not a text"):
        baseline.step(baseline.encode(red_disk()[0]), [TextPrompt("disk")])
