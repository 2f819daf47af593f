"""Masks that follow the photo: its tensor, its colours and edges, and clicks that are obeyed."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_model.config import PhotoConfig
from splitseem_model.encode.photo_pixels import photo_of_input, photo_tensor
from splitseem_model.encode.preprocess import preprocess
from splitseem_model.mask.photo.edges import EdgeFilter
from splitseem_model.mask.photo.fine_mask import fine_mask
from splitseem_model.mask.photo.refinement import guide_of, refine_by_photo
from splitseem_model.mask.postprocess import hold_pixels
from splitseem_model.predictor import Predictor
from splitseem_model.prompt.prompts import prompt_points
from splitseem_proto import CODECS, Click, ImageGeometry, decode_tensor

pytestmark = pytest.mark.unit
CONFIG = PhotoConfig()
HEIGHT, WIDTH = 48, 64
GEOMETRY = ImageGeometry((96, 128), (0, 0, 128, 96), (96, 128), (96, 128))
Points = list[tuple[float, float, int]]


def disk() -> NDArray[np.bool_]:
    """The object, `[HEIGHT, WIDTH]`."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray((columns - 30) ** 2 + (rows - 22) ** 2 < 14**2)


def photo() -> NDArray[np.float64]:
    """A red disk on green, a little noisy."""
    noise = np.random.default_rng(0).integers(-15, 16, (HEIGHT, WIDTH, 3))
    colours = np.where(disk()[:, :, None], [190, 60, 50], [50, 150, 60])
    return np.clip(colours + noise, 0, 255).astype(np.float64)


def coarse(mask: NDArray[np.bool_], logit: float = 3.0) -> NDArray[np.float32]:
    """Logits at stride 4, that is half the size of the photo."""
    share = mask.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    logits: NDArray[np.float32] = ((share * 2 - 1) * logit).astype(np.float32)
    return logits


def refined(logits: NDArray[np.float32], points: Points, config: PhotoConfig = CONFIG) -> NDArray[np.float32]:
    coords = np.array([(x, y) for x, y, _ in points], dtype=np.float32).reshape(-1, 2)
    labels = np.array([label for _, _, label in points], dtype=np.int64)
    return refine_by_photo(guide_of(photo(), GEOMETRY, config), logits, coords, labels, config)


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_a_rough_mask_snaps_to_the_object() -> None:
    rough = np.roll(disk(), (3, -4), axis=(0, 1))
    assert iou(rough, disk()) < 0.7
    assert iou(refined(coarse(rough), [(60.0, 44.0, 1)]) > 0, disk()) > 0.97


def test_without_colours_and_neighbours_a_sure_mask_stays() -> None:
    config = replace(CONFIG, colour_weight=0.0, smoothness=0.0)
    logits = refined(coarse(disk()), [], config)
    assert iou(logits > 0, disk()) > 0.95
    np.testing.assert_allclose(logits.max(), 3.0 * config.trust, rtol=1e-6)


@pytest.mark.parametrize("label", [1, 0])
@pytest.mark.parametrize(("x", "y"), [(60.0, 44.0), (4.0, 90.0), (0.0, 0.0), (128.0, 96.0)])
def test_a_click_is_obeyed_around_it_against_every_opinion(x: float, y: float, label: int) -> None:
    against = np.full((HEIGHT // 2, WIDTH // 2), -8.0 if label else 8.0, dtype=np.float32)
    logits = refined(against, [(x, y, label)])
    rows, columns = (
        {max(int(at / 2 - 0.5), 0), min(int(at / 2 + 0.5), size - 1)}
        for at, size in ((y, HEIGHT), (x, WIDTH))
    )
    sign = 1 if label else -1
    assert all(sign * logits[row, column] >= CONFIG.held_logit for row in rows for column in columns)


def test_corners_of_a_box_and_padding_hold_nothing() -> None:
    logits = coarse(disk())
    others: Points = [(10.0, 10.0, 2), (100.0, 80.0, 3), (0.0, 0.0, -1)]
    assert np.array_equal(refined(logits, others), refined(logits, []))


def test_the_filter_keeps_constants_and_stops_at_edges() -> None:
    smooth = EdgeFilter(photo(), CONFIG)
    np.testing.assert_allclose(smooth(np.ones((HEIGHT, WIDTH))), 1.0, rtol=1e-12)
    smoothed = smooth(disk().astype(np.float64))
    assert smoothed[disk()].mean() > 0.8
    assert smoothed[~disk()].mean() < 0.2


def test_two_clicks_on_neighbouring_pixels_are_both_held() -> None:
    points = prompt_points([Click(60.5, 44.5, 1), Click(61.5, 44.5, 0)], GEOMETRY)
    fine = fine_mask(guide_of(photo(), GEOMETRY, CONFIG), coarse(disk()), points, GEOMETRY, CONFIG)
    mask = hold_pixels(np.zeros(GEOMETRY.original_hw, dtype=np.bool_), fine.held)
    assert mask[44, 60]
    assert not mask[44, 61]


@pytest.mark.parametrize("x", [10.0, 10.5, 10.99, 300.0])
def test_held_pixels_are_those_of_the_image_that_were_clicked(x: float) -> None:
    geometry = ImageGeometry((200, 301), (1, 0, 299, 200), (171, 256), (192, 256))
    points = prompt_points([Click(x, 200.0, 1)], geometry)
    guide = guide_of(np.zeros((86, 128, 3)), geometry, CONFIG)
    fine = fine_mask(guide, np.zeros((48, 64), np.float32), points, geometry, CONFIG)
    assert fine.held.tolist() == [[min(int(x), 299), 199, 1]]


@pytest.mark.parametrize("codec", list(CODECS))
def test_every_codec_keeps_the_photo_exactly(codec: str) -> None:
    values = np.arange(256, dtype=np.float32).reshape(1, 1, 16, 16).repeat(3, axis=1)
    assert np.array_equal(decode_tensor(photo_tensor(values, codec)), values)


def test_the_photo_is_the_rounded_mean_of_blocks_of_the_input() -> None:
    image = np.random.default_rng(1).integers(0, 256, (21, 33, 3), dtype=np.uint8)
    pixels, geometry = preprocess(image, canvas=33, canvas_side="longest")
    stored = photo_of_input(pixels.numpy(), geometry, 2)
    assert stored.shape == (1, 3, 11, 17)
    block = image[4:6, 8:10].reshape(-1, 3).astype(np.int64)
    assert stored[0, :, 2, 4].tolist() == ((block.sum(axis=0) * 2 + 4) // 8).tolist()
    assert stored[0, :, 10, 16].tolist() == image[20, 32].tolist()


def test_a_predictor_obeys_clicks_on_any_pixels() -> None:
    rng = np.random.default_rng(2)
    predictor = Predictor.load("tiny")
    image = predictor.encode(rng.integers(0, 256, (61, 83, 3), dtype=np.uint8))
    clicks = [
        Click(x + 0.5, y + 0.5, k % 2) for k, (x, y) in enumerate(rng.integers(0, 61, (12, 2)).tolist())
    ]
    mask = predictor.mask(image, predictor.step(image, clicks))
    assert all(mask[int(click.y), int(click.x)] == bool(click.label) for click in clicks)


def test_the_network_s_own_logits_stay_the_memory() -> None:
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.full((61, 83, 3), 90, dtype=np.uint8))
    step = predictor.step(image, [Click(20.5, 30.5, 1)])
    plain = replace(image, photo=None)
    unrefined = predictor.step(plain, [Click(20.5, 30.5, 1)])
    assert step.fine is not None
    assert unrefined.fine is None
    assert step.memory is not None
    assert np.array_equal(step.memory.mask_logits, unrefined.mask_logits)
