"""A mask is a function of the embedding and the ordered prompts: the one loop that says so."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from splitseem_model.predictor import Predictor
from splitseem_model.step.replay import replay
from splitseem_proto import Click, PromptItem

pytestmark = pytest.mark.unit

FIRST, SECOND, THIRD = Click(1, 1), Click(2, 2, 0), Click(3, 3)
Call = tuple[Sequence[PromptItem], Any]


@dataclass(frozen=True)
class Answer:
    memory: int


class Noting:
    """Remembers what it was asked; the memory of its k-th answer is k."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def step(self, image: str, items: Sequence[PromptItem], memory: Any) -> Answer:
        self.calls.append((items, memory))
        return Answer(len(self.calls))


def calls_of(*prompts: Sequence[PromptItem], **known: Any) -> list[Call]:
    noting = Noting()
    assert [step.memory for step in replay(noting.step, "image", prompts, **known)] == [
        k + 1 for k in range(len(prompts))
    ]
    return noting.calls


def test_every_step_sees_all_items_so_far_and_the_step_before() -> None:
    assert calls_of([FIRST], [SECOND, THIRD]) == [((FIRST,), None), ((FIRST, SECOND, THIRD), 1)]


def test_what_was_known_before_is_seen_by_every_step() -> None:
    calls = calls_of([SECOND], [THIRD], before=[FIRST], memory=7)
    assert calls == [((FIRST, SECOND), 7), ((FIRST, SECOND, THIRD), 1)]


def test_without_memory_only_the_first_step_has_what_was_known() -> None:
    calls = calls_of([FIRST], [SECOND], memory=7, remember=False)
    assert [memory for _, memory in calls] == [7, None]


def test_a_prompt_is_asked_for_after_the_answer_to_the_one_before() -> None:
    order: list[str] = []

    def prompts() -> Iterator[Sequence[PromptItem]]:
        for item in (FIRST, SECOND):
            order.append("asked")
            yield [item]

    for _ in replay(Noting().step, "image", prompts()):
        order.append("answered")
    assert order == ["asked", "answered"] * 2


def test_no_prompt_is_no_step() -> None:
    assert calls_of() == []


def test_the_same_prompts_give_the_same_mask_again() -> None:
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    prompts = [[Click(20.5, 30.5)], [Click(60.5, 20.5, 0)], [Click(40.5, 40.5)]]
    first, again = (list(replay(predictor.step, image, prompts)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(predictor.mask(image, one), predictor.mask(image, other))
    half = first[0]
    rest = list(replay(predictor.step, image, prompts[1:], before=prompts[0], memory=half.memory))
    np.testing.assert_array_equal(rest[-1].mask_logits, first[-1].mask_logits)


def test_importing_it_needs_no_torch() -> None:
    code = "import sys; import splitseem_model.step.replay; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
