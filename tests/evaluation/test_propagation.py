"""Following an object: what each frame is asked, and what happens when it is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.propagation import MODES, deepest_click, propagate
from splitseem_model.errors import PromptError
from splitseem_proto import Box, Click, KnownMask, PromptItem, encode_rle

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

pytestmark = pytest.mark.unit

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class FakeStep:
    mask: NDArray[np.bool_]
    memory: str


@dataclass
class WhitePredictor:
    """Finds what is white in a frame, and keeps what it was asked; frames are named by their red corner."""

    name: str = "white"
    asked: list[tuple[int, tuple[PromptItem, ...], str | None]] = field(default_factory=list)

    def encode(self, image_rgb: Frame, *, canvas: int | None, codec: str | None) -> Frame:
        return image_rgb

    def example(self, image: Frame, items: Sequence[PromptItem]) -> str:
        return f"example of {image[0, 0, 0]}: {len(items)} items"

    def step(
        self,
        image: Frame,
        items: Sequence[PromptItem],
        memory: str | None = None,
        example: str | None = None,
    ) -> FakeStep:
        number = int(image[0, 0, 0])
        self.asked.append((number, tuple(items), memory or example))
        return FakeStep(image.min(axis=2) == 255, f"memory of {number}")

    def mask(self, image: Frame, step: FakeStep) -> NDArray[np.bool_]:
        return step.mask


def frame(number: int, left: int | None) -> Frame:
    """A white square of 5 x 5 pixels at column `left`, or nothing."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[0, 0, 0] = number
    if left is not None:
        pixels[10:15, left : left + 5] = 255
    return pixels


def follow(
    frames: Sequence[Frame], prompts: Sequence[Sequence[PromptItem]], mode: str = "memory"
) -> tuple[WhitePredictor, list[NDArray[np.bool_]]]:
    predictor = WhitePredictor()
    return predictor, list(propagate(cast("Predictor", predictor), frames, prompts, mode))


FIRST = Click(3.0, 12.0)


def test_every_frame_has_a_mask() -> None:
    _, masks = follow([frame(0, 2), frame(1, 6), frame(2, 9)], [[FIRST]])
    assert [int(mask.any(axis=0).argmax()) for mask in masks] == [2, 6, 9]


def test_next_frame_is_clicked_where_the_mask_is_deepest_and_remembers_it() -> None:
    predictor, _ = follow([frame(0, 2), frame(1, 6), frame(2, 9)], [[FIRST]])
    assert predictor.asked == [
        (0, (FIRST,), None),
        (1, (Click(4.5, 12.5),), "memory of 0"),
        (2, (Click(8.5, 12.5),), "memory of 1"),
    ]


def test_mode_hint_asks_the_next_frame_with_the_mask_as_a_hint_among_its_prompts() -> None:
    predictor, masks = follow([frame(0, 2), frame(1, None), frame(2, 9)], [[FIRST]], "hint")
    rle = encode_rle(masks[0])
    hint, click = KnownMask(rle.size, rle.counts, hint=True), Click(4.5, 12.5)
    assert predictor.asked[1:] == [
        (1, (hint,), None),
        (1, (hint, click), "memory of 1"),
        (2, (hint,), None),  # where it was seen last
        (2, (hint, click), "memory of 2"),
    ]


def test_mode_click_remembers_nothing() -> None:
    predictor, _ = follow([frame(0, 2), frame(1, 6)], [[FIRST]], "click")
    assert predictor.asked[1] == (1, (Click(4.5, 12.5),), None)


def test_mode_example_asks_every_frame_for_what_the_prompts_mark_in_the_first() -> None:
    predictor, masks = follow([frame(0, 2), frame(1, None), frame(2, 9)], [[FIRST]], "example")
    assert predictor.asked == [
        (0, (FIRST,), None),
        (1, (), "example of 0: 1 items"),
        (2, (), "example of 0: 1 items"),
    ]
    assert [bool(mask.any()) for mask in masks] == [True, False, True]


def test_prompts_of_the_first_frame_are_steps() -> None:
    box = Box(1.0, 9.0, 8.0, 16.0)
    predictor, _ = follow([frame(0, 2)], [[FIRST], [box]])
    assert predictor.asked == [(0, (FIRST,), None), (0, (FIRST, box), "memory of 0")]


def test_lost_object_is_looked_for_where_it_was_seen_last() -> None:
    predictor, masks = follow([frame(0, 2), frame(1, None), frame(2, 9)], [[FIRST]])
    assert [bool(mask.any()) for mask in masks] == [True, False, True]
    assert predictor.asked[2] == (2, (Click(4.5, 12.5),), "memory of 0")


def test_object_not_found_at_first_is_asked_for_again() -> None:
    predictor, _ = follow([frame(0, None), frame(1, 6)], [[FIRST]])
    assert predictor.asked[1] == (1, (FIRST,), None)


@pytest.mark.parametrize("mode", MODES)
def test_no_frame_gives_no_mask(mode: str) -> None:
    assert follow([], [[FIRST]], mode)[1] == []


@pytest.mark.parametrize(
    ("mode", "prompts", "message"),
    [
        ("guess", [[FIRST]], "unknown mode 'guess'; known: hint, memory, click, example"),
        ("memory", [], "at least one prompt"),
    ],
)
def test_impossible_wish_is_refused_before_a_frame_is_read(
    mode: str, prompts: list[list[PromptItem]], message: str
) -> None:
    with pytest.raises(PromptError, match=message):
        propagate(cast("Predictor", WhitePredictor()), [frame(0, 2)], prompts, mode)


def test_deepest_click_is_at_the_centre_of_a_disk_and_nowhere_in_an_empty_mask() -> None:
    rows, columns = np.mgrid[:30, :40] + 0.5
    assert deepest_click((columns - 20.5) ** 2 + (rows - 10.5) ** 2 < 49) == Click(20.5, 10.5)
    assert deepest_click(np.zeros((3, 4), np.bool_)) is None
