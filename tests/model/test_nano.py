"""The bundled model on rendered shapes: a click finds them, a second click changes what it should."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.metrics import iou
from splitseem_model.predictor import Predictor
from splitseem_proto import Box, Click, PromptItem, Scribble

HEIGHT, WIDTH = 240, 320
Mask = NDArray[np.bool_]
SAMPLES = Path(__file__).parents[2] / "client" / "public" / "samples"


@pytest.fixture(scope="module")
def nano() -> Predictor:
    return Predictor.load("nano")


def disk(x: float, y: float, radius: float) -> Mask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    mask: Mask = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return mask


def scene(*shapes: tuple[Mask, tuple[int, int, int]]) -> NDArray[np.uint8]:
    """Shapes of one colour on a grey ground with mild noise."""
    noise = np.random.default_rng(0).normal(0, 6, (HEIGHT, WIDTH, 3))
    pixels = np.full((HEIGHT, WIDTH, 3), 150.0)
    for mask, colour in shapes:
        pixels[mask] = colour
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def answer(nano: Predictor, image: NDArray[np.uint8], *prompts: PromptItem) -> Mask:
    """The mask after the prompts, one step each."""
    prepared = nano.encode(image)
    memory = None
    for count in range(1, len(prompts) + 1):
        step = nano.step(prepared, prompts[:count], memory)
        memory = step.memory
    return nano.mask(prepared, step)


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param(Click(160, 120), id="click"),
        pytest.param(Box(105, 65, 215, 175), id="box"),
        pytest.param(Scribble(((130, 120), (190, 120))), id="scribble"),
    ],
)
def test_one_prompt_finds_a_disk(nano: Predictor, prompt: PromptItem) -> None:
    truth = disk(160, 120, 55)
    assert iou(answer(nano, scene((truth, (200, 40, 40))), prompt), truth) > 0.9


def test_a_negative_click_takes_a_second_disk_away(nano: Predictor) -> None:
    left, right = disk(90, 120, 45), disk(230, 120, 45)
    image = scene((left, (200, 40, 40)), (right, (40, 60, 200)))
    mask = answer(nano, image, Click(90, 120), Click(230, 120, 0))
    assert iou(mask, left) > 0.8
    assert iou(mask, right) < 0.2


def test_every_click_is_obeyed(nano: Predictor) -> None:
    truth = disk(160, 120, 55)
    clicks = [Click(160, 120), Click(150, 100, 0), Click(60, 60), Click(300, 200, 0)]
    mask = answer(nano, scene((truth, (200, 40, 40))), *clicks)
    assert [bool(mask[int(c.y), int(c.x)]) for c in clicks] == [True, False, True, False]


@pytest.mark.parametrize("x", [0.3, 0.5, 0.7])
def test_the_sample_of_a_cat_is_called_a_cat_wherever_it_is_clicked(nano: Predictor, x: float) -> None:
    with Image.open(SAMPLES / "chelsea.jpg") as opened:
        photo = np.asarray(opened.convert("RGB"))
    height, width, _ = photo.shape
    step = nano.step(nano.encode(photo), [Click(x * width, 0.5 * height, 1)])
    assert step.label == "cat"


def test_a_tiny_disc_is_met_exactly(nano: Predictor) -> None:
    disc = np.zeros((8, 8), np.bool_)
    disc[2:6, 3:5] = disc[3:5, 2:6] = True
    photo = np.where(disc[..., None], (220, 200, 40), (40, 60, 90)).astype(np.uint8)
    prepared = nano.encode(photo)
    assert (nano.mask(prepared, nano.step(prepared, [Click(4, 4, 1)])) == disc).all()


def test_nano_is_as_small_as_promised(nano: Predictor) -> None:
    from splitseem_model.checkpoints.registry import bundled_weights, load_model

    path = bundled_weights("nano")
    assert path is not None
    assert path.stat().st_size <= 25_000_000
    model = load_model("nano")
    encoder = [*model.backbone.parameters(), *model.pixel_decoder.parameters()]
    assert sum(p.numel() for p in encoder) <= 6_000_000
