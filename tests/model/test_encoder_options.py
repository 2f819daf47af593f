"""Ways to compute an encoder give the masks of the usual one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.metrics import iou
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.network import EncoderOptions
from splitseem_model.predictor import Predictor
from splitseem_proto import Click

HEIGHT, WIDTH = 90, 122
CANVAS = 128


def photo() -> NDArray[np.uint8]:
    """A disk and a rectangle on a grey ground, with mild noise."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    pixels = np.full((HEIGHT, WIDTH, 3), 150.0)
    pixels[(columns - 35) ** 2 + (rows - 45) ** 2 < 20**2] = (200, 40, 40)
    pixels[20:70, 75:110] = (40, 60, 200)
    pixels += np.random.default_rng(0).normal(0, 6, pixels.shape)
    clipped: NDArray[np.uint8] = np.clip(pixels, 0, 255).astype(np.uint8)
    return clipped


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(load_model("nano"))


def masks(predictor: Predictor, options: EncoderOptions) -> list[NDArray[np.bool_]]:
    """Of clicks on the disk, the rectangle and the ground."""
    encoder = ImageEncoder(load_model("nano"), options=options)
    image = predictor.decoder.prepare(encoder.encode(photo(), canvas=CANVAS, codec="float32"))
    clicks = [Click(x, y) for x, y in ((35, 45), (90, 45), (60, 80), (5, 5), (118, 85))]
    return [predictor.mask(image, predictor.step(image, [click])) for click in clicks]


def agreement(predictor: Predictor, options: EncoderOptions) -> list[float]:
    pairs = zip(masks(predictor, options), masks(predictor, EncoderOptions()), strict=True)
    return [iou(one, other) for one, other in pairs]


def test_channels_last_gives_the_same_masks(predictor: Predictor) -> None:
    assert min(agreement(predictor, EncoderOptions(channels_last=True))) >= 0.999


def test_float16_gives_nearly_the_same_masks(predictor: Predictor) -> None:
    found = agreement(predictor, EncoderOptions(precision="float16"))
    assert np.median(found) >= 0.999
    assert min(found) >= 0.97


def test_what_changes_bytes_has_a_name() -> None:
    assert EncoderOptions().numerics == EncoderOptions(onednn=False, compile=True).numerics == ""
    assert EncoderOptions(channels_last=True).numerics == "channels_last"
    both = EncoderOptions(precision="float16", channels_last=True)
    assert ImageEncoder(load_model("tiny"), options=both).numerics == "float16,channels_last"
