"""Several answers to a click: what is offered, and that each is what its prompt gives."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from splitseem_model.errors import PromptError
from splitseem_model.predictor import Predictor, PreparedImage
from splitseem_model.step.replay import replay
from splitseem_proto import Box, Click, Paint

pytestmark = pytest.mark.unit

COFFEE = Path(__file__).parents[2] / "client" / "public" / "samples" / "coffee.jpg"
AT = (258.5, 116.5)
"""In the cup: the coffee, the cup or all that stands there may be meant."""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load("nano")


@pytest.fixture(scope="module")
def image(predictor: Predictor) -> PreparedImage:
    with Image.open(COFFEE) as photo:
        return predictor.encode(np.asarray(photo.convert("RGB")))


def test_a_click_has_the_first_answer_and_others_that_differ(
    predictor: Predictor, image: PreparedImage
) -> None:
    first, *others = predictor.alternatives(image, [Click(*AT)])
    np.testing.assert_array_equal(first.mask_logits, predictor.step(image, [Click(*AT)]).mask_logits)
    assert first.extent is None
    assert [one.extent for one in others] == ["smaller", "larger"]
    areas = {one.extent: predictor.mask(image, one).sum() for one in (first, *others)}
    assert areas["smaller"] < areas[None] < 0.85 * areas["larger"]


def test_each_answer_is_what_its_prompt_gives(predictor: Predictor, image: PreparedImage) -> None:
    asked = Click(*AT, 1, "larger")
    for one in predictor.alternatives(image, [asked])[1:]:
        step = predictor.step(image, [Click(*AT, 1, one.extent)])
        np.testing.assert_array_equal(step.mask_logits, one.mask_logits)
        assert (step.extent, step.label) == (one.extent, one.label)


def test_the_next_click_remembers_the_answer_that_was_meant(
    predictor: Predictor, image: PreparedImage
) -> None:
    meant, after = Click(*AT, 1, "smaller"), Click(100.5, 300.5, 0)
    smaller = predictor.step(image, [meant])
    *_, replayed = replay(predictor.step, image, [[meant], [after]])
    expected = predictor.step(image, [Click(*AT), after], smaller.memory)
    np.testing.assert_array_equal(replayed.mask_logits, expected.mask_logits)


def test_strokes_before_a_click_stand_on_all_its_answers(predictor: Predictor, image: PreparedImage) -> None:
    stroke = Paint(((520.0, 20.0),), 4.0)
    for step in predictor.alternatives(image, [Click(300.5, 220.5), stroke, Click(*AT)]):
        assert predictor.mask(image, step)[20, 520]


def test_only_a_click_has_several_answers(predictor: Predictor, image: PreparedImage) -> None:
    with pytest.raises(PromptError, match="only a click has several answers"):
        predictor.alternatives(image, [Click(*AT), Box(100.0, 16.0, 400.0, 280.0)])
