"""A user who looks closer: which prompts are answered on which part of the photo."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.closer import closer_answers
from splitseem_proto import Click

pytestmark = pytest.mark.unit
SIZE_HW = (200, 300)
PHOTO = np.zeros((*SIZE_HW, 3), np.uint8)


@dataclass
class Recorder:
    """Gives the same mask always, and keeps what it was asked."""

    box: tuple[int, int, int, int]
    asked: list[tuple[Any, int, Any]] = field(default_factory=list)

    def encode(self, photo: NDArray[np.uint8], *, roi_xywh: Any, canvas: None, codec: None) -> Any:
        assert photo.shape == PHOTO.shape
        return image(roi_xywh)

    def step(self, image: Any, items: tuple[Click, ...], memory: Any) -> Any:
        self.asked.append((image.part, len(items), memory))
        return SimpleNamespace(memory=(image.part, len(items)))

    def mask(self, image: Any, step: Any) -> NDArray[np.bool_]:
        mask = np.zeros(SIZE_HW, np.bool_)
        left, top, right, bottom = self.box
        mask[top:bottom, left:right] = True
        return mask


def image(part: Any) -> Any:
    pyramid = SimpleNamespace(level=lambda number: PHOTO)
    return SimpleNamespace(part=part, geometry=SimpleNamespace(original_hw=SIZE_HW), pyramid=pyramid)


def asked(recorder: Recorder, *clicks: Click) -> list[tuple[Any, int, Any]]:
    answers = closer_answers(cast(Any, recorder), image(None), [(click,) for click in clicks])
    assert len(list(answers)) == len(clicks)
    return recorder.asked


def test_a_small_object_is_answered_again_on_the_part_around_it_and_stays_there() -> None:
    part = (28, 9, 65, 64)
    first, second = Click(62.5, 41.25), Click(60, 40)
    assert asked(Recorder((50, 30, 71, 52)), first, second) == [
        (None, 1, None),
        (part, 1, None),
        (part, 2, (part, 1)),
    ]


def test_a_click_beyond_the_part_makes_it_larger_and_all_clicks_are_answered_again() -> None:
    larger = (28, 9, 130, 64)
    assert asked(Recorder((50, 30, 71, 52)), Click(62.5, 41.25), Click(151, 40))[2:] == [
        (larger, 1, None),
        (larger, 2, (larger, 1)),
    ]


def test_a_large_object_stays_on_the_photo() -> None:
    assert asked(Recorder((10, 10, 290, 190)), Click(60, 40), Click(200, 100)) == [
        (None, 1, None),
        (None, 2, (None, 1)),
    ]
