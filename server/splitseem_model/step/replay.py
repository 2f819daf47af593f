"""The central invariant: the mask of an object is a function of the embedding and its ordered prompts.

All that answers the prompts of an object does it here: `segment`, `POST /v1/decode`, videos, evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:  # typing only: importing this module does not need torch
    from splitseem_proto import PromptItem

ImageT = TypeVar("ImageT")
StepT = TypeVar("StepT", bound="Remembered")


class Remembered(Protocol):
    """An answer that the next one can see."""

    @property
    def memory(self) -> Any:
        """For the next step of the same object."""


def replay(
    step: Callable[[ImageT, Sequence[PromptItem], Any], StepT],
    image: ImageT,
    prompts: Iterable[Sequence[PromptItem]],
    *,
    before: Sequence[PromptItem] = (),
    memory: Any = None,
    remember: bool = True,
) -> Iterator[StepT]:
    """One step a prompt, in order: each sees every item so far, and the mask of the step before as memory.

    Args:
        step: `ImageDecoder.step` or another that takes an image, the items of one object and a memory.
        prompts: items each; the next one is asked for when its turn comes, so it may depend on the answers.
        before, memory: what was known of the object before: items, which every step sees, and the memory of
            the first step.
        remember: whether the steps after the first have a memory.
    Raises:
        PromptError: as `ImageDecoder.step`, when the step's turn comes.
    """
    items = list(before)
    for prompt in prompts:
        items.extend(prompt)
        answered = step(image, tuple(items), memory)
        yield answered
        memory = answered.memory if remember else None
