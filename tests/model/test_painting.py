"""Strokes and masks among prompts: exact pixels, and one mask whatever way it is asked for."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_model.errors import PromptError
from splitseem_model.predictor import Predictor, PreparedImage
from splitseem_model.prompt.brush import under_stroke
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.painted_mask import logits_of_mask
from splitseem_model.step.answering import Step
from splitseem_model.step.replay import replay
from splitseem_proto import Click, KnownMask, Paint, PromptItem, encode_rle

pytestmark = pytest.mark.unit

SIZE = (60, 90)
CLICK, ELSEWHERE = Click(20.5, 30.5), Click(70.5, 20.5, 0)
STROKE = Paint(((40.0, 12.0), (60.0, 15.0)), 4.0)
ERASER = Paint(((18.0, 28.0), (25.0, 33.0)), 3.5, 0)


@pytest.fixture(scope="module", params=["tiny", "nano"])
def predictor(request: pytest.FixtureRequest) -> Predictor:
    return Predictor.load(request.param)


@pytest.fixture(scope="module")
def image(predictor: Predictor) -> PreparedImage:
    return predictor.encode(np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8))


def drawn(stroke: Paint) -> NDArray[np.bool_]:
    mask = np.zeros(SIZE, dtype=np.bool_)
    columns, covered = under_stroke(stroke, SIZE)
    mask[:, columns] = covered
    return mask


def masks(predictor: Predictor, image: PreparedImage, items: Sequence[PromptItem]) -> list[NDArray[np.bool_]]:
    """After every prompt."""
    steps = replay(predictor.step, image, [(item,) for item in items])
    return [predictor.mask(image, step) for step in steps]


def test_strokes_alone_are_the_mask_without_a_decoder(
    predictor: Predictor, image: PreparedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(predictor.decoder), "_decoded", None)
    step = predictor.step(image, [STROKE, ERASER])
    np.testing.assert_array_equal(predictor.mask(image, step), drawn(STROKE) & ~drawn(ERASER))
    assert step.memory is None
    assert step.label is None


def test_a_stroke_changes_the_pixels_under_it_and_no_others(
    predictor: Predictor, image: PreparedImage
) -> None:
    clicked, painted, erased = masks(predictor, image, [CLICK, STROKE, ERASER])
    np.testing.assert_array_equal(painted, clicked | drawn(STROKE))
    np.testing.assert_array_equal(erased, painted & ~drawn(ERASER))


def test_what_the_decoder_said_stays_through_a_stroke(predictor: Predictor, image: PreparedImage) -> None:
    clicked, painted = replay(predictor.step, image, [(CLICK,), (STROKE,)])
    assert (painted.label, painted.score) == (clicked.label, clicked.score)


def test_the_next_click_remembers_the_painted_mask_and_the_stroke_stands(
    predictor: Predictor, image: PreparedImage
) -> None:
    *_, painted, clicked = masks(predictor, image, [CLICK, STROKE, ELSEWHERE])
    memory = MemoryPrompt(logits_of_mask(painted, image.geometry))
    from_memory = predictor.mask(image, predictor.step(image, [CLICK, ELSEWHERE], memory))
    np.testing.assert_array_equal(clicked, from_memory | drawn(STROKE))


def test_a_click_against_a_stroke_takes_it_back_for_good(predictor: Predictor, image: PreparedImage) -> None:
    against = Click(50.5, 13.5, 0)
    *_, painted, taken, later = masks(predictor, image, [CLICK, STROKE, against, ELSEWHERE])
    memory = MemoryPrompt(logits_of_mask(painted, image.geometry))
    without = predictor.step(image, [CLICK, against], memory)
    np.testing.assert_array_equal(taken, predictor.mask(image, without))
    after = predictor.step(image, [CLICK, against, ELSEWHERE], without.memory)
    np.testing.assert_array_equal(later, predictor.mask(image, after))


def test_a_mask_is_the_mask_and_what_came_before_does_not_count(
    predictor: Predictor, image: PreparedImage
) -> None:
    known = KnownMask(**vars(encode_rle(drawn(STROKE) | drawn(ERASER))))
    (alone, *corrected) = masks(predictor, image, [known, CLICK, ERASER])
    np.testing.assert_array_equal(alone, drawn(STROKE) | drawn(ERASER))
    late = masks(predictor, image, [ELSEWHERE, STROKE, known, CLICK, ERASER])
    for one, other in zip([alone, *corrected], late[2:], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "items",
    [
        [CLICK, STROKE, ELSEWHERE, ERASER, Click(50.5, 40.5)],
        [STROKE, ERASER, CLICK, ELSEWHERE],
        [CLICK, ELSEWHERE, STROKE, KnownMask(SIZE, (2000, 1500, 1900)), CLICK, ERASER, ELSEWHERE],
    ],
    ids=["among clicks", "before clicks", "around a mask"],
)
def test_going_on_from_any_memory_gives_the_same_masks(
    predictor: Predictor, image: PreparedImage, items: list[PromptItem]
) -> None:
    prompts: list[tuple[PromptItem, ...]] = [(item,) for item in items]
    steps: list[Step] = list(replay(predictor.step, image, prompts))
    last = predictor.mask(image, steps[-1])
    for seen in range(1, len(items)):
        memory = steps[seen - 1].memory
        bare = None if memory is None else MemoryPrompt(memory.mask_logits, seen)
        begin = 0 if memory is None else seen
        rest = replay(predictor.step, image, prompts[begin:], before=items[:begin], memory=bare)
        np.testing.assert_array_equal(predictor.mask(image, list(rest)[-1]), last)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([KnownMask((90, 60), (5400,))], r"the mask is \[90, 60\], the image \[60, 90\]"),
        ([CLICK, KnownMask((1, 1), (1,)), KnownMask(SIZE, (5400,))], r"the mask is \[1, 1\]"),
        ([Paint(((95.0, 3.0),), 2.0)], "outside the encoded part"),
    ],
)
def test_what_does_not_fit_the_image_is_refused(
    predictor: Predictor, image: PreparedImage, items: list[PromptItem], message: str
) -> None:
    with pytest.raises(PromptError, match=message):
        predictor.step(image, items)


def test_a_long_stroke_over_a_large_photo_is_drawn_in_seconds() -> None:
    zigzag = Paint(tuple((6000.0 * (k % 2), 4.0 * k) for k in range(1000)), 3.0)
    columns, covered = under_stroke(zigzag, (4000, 6000))
    assert covered.shape == (4000, 6000)
    assert columns == slice(0, 6000)
    assert covered[:3990].mean() > 0.9


def test_a_hint_is_a_memory_and_no_place_on_the_object(predictor: Predictor, image: PreparedImage) -> None:
    shown = drawn(STROKE)
    rle = encode_rle(shown)
    hint = KnownMask(rle.size, rle.counts, hint=True)
    alone, clicked = masks(predictor, image, [hint, CLICK])
    np.testing.assert_array_equal(alone, shown)
    step = predictor.step(image, [CLICK], MemoryPrompt(logits_of_mask(shown, image.geometry)))
    np.testing.assert_array_equal(clicked, predictor.mask(image, step))
