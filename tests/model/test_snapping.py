"""Masks whose edges are those of the photo's own pixels."""

import numpy as np
import pytest
from benchmarks.star_edges import distances
from numpy.typing import NDArray

from splitseem_model.mask.photo import pyramid
from splitseem_model.mask.photo.pyramid import PhotoPyramid, halved
from splitseem_model.mask.photo.snapping import SNAP, coarsest_level, snap
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import StepOptions
from splitseem_proto import Click, ImageGeometry

Mask = NDArray[np.bool_]
HEIGHT, WIDTH = 120, 160
NOTHING_HELD = np.zeros((0, 3), np.int64)


def geometry(scale: int) -> ImageGeometry:
    """Of a photo that the model sees at a part of its size."""
    input_hw = (HEIGHT // scale, WIDTH // scale)
    return ImageGeometry((HEIGHT, WIDTH), (0, 0, WIDTH, HEIGHT), input_hw, input_hw)


def painted(mask: Mask, noise: int = 0) -> NDArray[np.uint8]:
    """A photo that is bright in the mask, with noise of that size."""
    colours = np.where(mask[..., None], [200, 160, 90], [70, 90, 120])
    noisy = np.random.default_rng(0).integers(-noise, noise + 1, (*mask.shape, 3))
    return np.clip(colours + noisy, 0, 255).astype(np.uint8)


def edge_length(mask: Mask) -> int:
    """Pairs of neighbours of different sides."""
    return int(sum(np.diff(mask, axis=axis).sum() for axis in (0, 1)))


def rectangle(top: int, left: int, height: int, width: int) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


@pytest.mark.unit
@pytest.mark.parametrize("scale", [1, 2, 5])
@pytest.mark.parametrize("noise", [0, 30])
def test_an_edge_goes_to_that_of_the_photo(scale: int, noise: int) -> None:
    truth = rectangle(30, 40, 60, 80)
    rough = rectangle(30 - scale, 40 + scale, 60 + scale, 80 - 2 * scale)
    snapped = snap(rough, PhotoPyramid(painted(truth, noise)), geometry(scale), NOTHING_HELD)
    assert (snapped != truth).sum() <= (0.1 if noise else 0.02) * (rough != truth).sum()


@pytest.mark.unit
@pytest.mark.parametrize("noise", [0, 80])
@pytest.mark.parametrize("width", [12, 40])
def test_where_the_photo_has_no_edge_the_mask_stays_and_is_no_noisier(noise: int, width: int) -> None:
    mask = rectangle(20, 30, 80, width)
    plain = painted(np.zeros_like(mask), noise)
    snapped = snap(mask, PhotoPyramid(plain), geometry(2), NOTHING_HELD)
    assert (snapped != mask).sum() <= 0.1 * mask.sum()
    assert edge_length(snapped) <= 1.05 * edge_length(mask)


@pytest.mark.unit
@pytest.mark.parametrize("slope", [0.3, 0.5, 0.8])
def test_a_slanted_edge_on_a_plain_photo_moves_less_than_a_pixel_of_the_input(slope: float) -> None:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    slanted = columns < 50.3 + rows * slope
    plain = PhotoPyramid(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    snapped = snap(slanted, plain, geometry(4), NOTHING_HELD)
    assert (snapped != slanted).sum() / HEIGHT <= 0.35 * 4


@pytest.mark.unit
def test_in_a_tiny_photo_a_click_holds_its_own_pixel_alone() -> None:
    disc = np.zeros((8, 8), np.bool_)
    disc[2:6, 3:5] = disc[3:5, 2:6] = True
    tiny = ImageGeometry((8, 8), (0, 0, 8, 8), (384, 384), (384, 384))
    photo = PhotoPyramid(painted(disc))
    assert (snap(disc, photo, tiny, np.array([[4, 4, 1]])) == disc).all()


@pytest.mark.unit
@pytest.mark.parametrize("label", [0, 1])
def test_a_click_keeps_its_side_against_the_photo(label: int) -> None:
    truth, rough = rectangle(30, 40, 60, 80), rectangle(30, 44, 60, 80)
    column = 42 if label == 0 else 121  # the photo says the other thing
    held = np.array([[column, 60, label]])
    snapped = snap(rough, PhotoPyramid(painted(truth)), geometry(4), held)
    assert snapped[60, column] == (label == 1)


@pytest.mark.unit
def test_nothing_is_inside_beyond_the_region_of_interest() -> None:
    truth = rectangle(30, 40, 60, 80)
    part = ImageGeometry((HEIGHT, WIDTH), (50, 40, 60, 40), (20, 30), (32, 32))
    rough = truth & rectangle(40, 50, 40, 60)
    snapped = snap(rough, PhotoPyramid(painted(truth)), part, NOTHING_HELD)
    assert not (snapped & ~rectangle(40, 50, 40, 60)).any()
    assert snapped.sum() > 0.95 * rough.sum()


@pytest.mark.unit
@pytest.mark.parametrize("full", [False, True])
def test_a_mask_without_an_edge_stays(full: bool) -> None:
    mask = np.full((HEIGHT, WIDTH), full)
    assert (snap(mask, PhotoPyramid(painted(rectangle(9, 9, 9, 9))), geometry(2), NOTHING_HELD) == full).all()


@pytest.mark.unit
def test_a_large_photo_is_read_from_its_half_on(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, rough = rectangle(30, 40, 60, 80), rectangle(28, 42, 62, 76)
    monkeypatch.setattr(pyramid, "MOST_PIXELS", HEIGHT * WIDTH - 1)
    photo = PhotoPyramid(painted(truth))
    assert photo.finest == 1
    assert (snap(rough, photo, geometry(4), NOTHING_HELD) == truth).all()


@pytest.mark.unit
def test_halves_are_rounded_means_with_the_last_row_and_column_repeated() -> None:
    pixels = np.array([[[0], [1], [5]], [[0], [1], [6]], [[9], [10], [255]]], np.uint8).repeat(3, 2)
    assert halved(pixels)[..., 0].tolist() == [[1, 6], [10, 255]]


@pytest.mark.unit
@pytest.mark.parametrize(("width", "level"), [(384, 0), (543, 0), (544, 1), (1500, 2), (6000, 4)])
def test_snapping_begins_at_the_scale_of_the_input(width: int, level: int) -> None:
    whole = ImageGeometry((width, width), (0, 0, width, width), (384, 384), (384, 384))
    assert coarsest_level(whole) == level


@pytest.fixture(scope="module")
def nano() -> Predictor:
    return Predictor.load("nano")


@pytest.mark.parametrize(
    ("side", "most"), [(1500, 1.0), pytest.param(6000, 2.5, marks=pytest.mark.slow)], ids=["small", "large"]
)
def test_edges_are_those_of_a_large_photo_after_every_click(nano: Predictor, side: int, most: float) -> None:
    found = list(distances(nano, side))
    assert max(found) <= most
    assert max(found[1:]) <= found[0] + 0.1, "more clicks never make an edge worse"


def test_memory_and_score_know_nothing_of_the_snapping(nano: Predictor) -> None:
    photo = painted(rectangle(30, 40, 60, 80), 20).repeat(8, 0).repeat(8, 1)
    plain = nano.with_options(StepOptions(without=frozenset({SNAP})))
    image, clicks = nano.encode(photo), [Click(640.5, 480.5), Click(80.5, 80.5, 0)]
    steps = [one.step(image, clicks, one.step(image, clicks[:1]).memory) for one in (nano, plain)]
    np.testing.assert_array_equal(steps[0].mask_logits, steps[1].mask_logits)
    assert (nano.mask(image, steps[0]) != plain.mask(image, steps[1])).any()


def test_an_embedding_alone_gives_the_mask_of_its_cells(nano: Predictor) -> None:
    photo = painted(rectangle(30, 40, 60, 80), 20)
    alone = nano.decoder.prepare(nano.encoder.encode(photo))
    step = nano.step(alone, [Click(80.5, 60.5)])
    plain = nano.with_options(StepOptions(without=frozenset({SNAP})))
    np.testing.assert_array_equal(nano.mask(alone, step), plain.mask(nano.encode(photo), step))
