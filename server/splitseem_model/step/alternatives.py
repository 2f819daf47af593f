"""Several answers to one click: the first, and what is smaller and larger than it, where that differs.

A click says a place, not how much around it is meant: the button, the shirt or the person. Asked again with
the mask that it gave as memory, but narrowed or widened, the decoder finds the next thing there is.
`client/src/worker/step/alternatives.ts` does the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from splitseem_model.errors import PromptError
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.step.answering import Step
from splitseem_model.step.proposals import LEAST_CELLS, cells_of, largest_iou
from splitseem_proto import Click, ImageGeometry, PromptItem

SHIFTS: Mapping[str, float] = MappingProxyType({"smaller": -4.0, "larger": 2.0})
"""Logits by which the first mask is moved to be the memory of another, by extent, in the order of answers.
Chosen on photos held out from training (`benchmarks/alternatives.py`)."""
DIFFERENT = 0.85
"""Masks that overlap at most this much, as IoU, are different answers."""


def extent_of(items: Sequence[PromptItem]) -> str | None:
    """Which answer to the last prompt is meant; None: the first."""
    return items[-1].extent if items and isinstance(items[-1], Click) else None


def with_extents(items: Sequence[PromptItem]) -> dict[str | None, tuple[PromptItem, ...]]:
    """The prompts of an object by what is meant by the last of them: the first answer, or another extent.

    Raises:
        PromptError: the last one is no click.
    """
    if not items or not isinstance(items[-1], Click):
        raise PromptError("only a click has several answers; the last prompt is none")
    return {extent: (*items[:-1], replace(items[-1], extent=extent)) for extent in (None, *SHIFTS)}


def shifted(first: Step, shift: float) -> MemoryPrompt:
    """The memory with which something smaller or larger than the first answer is asked for; shift: logits."""
    return MemoryPrompt(first.mask_logits + np.float32(shift))


def distinct(first: Step, others: Iterable[Step], geometry: ImageGeometry) -> list[Step]:
    """The first answer, and those of others that differ from it and from each other."""
    kept, masks = [first], cells_of(first, geometry)
    for step in others:
        mask = cells_of(step, geometry)
        if mask.sum() >= LEAST_CELLS and largest_iou(mask, masks) <= DIFFERENT:
            kept.append(step)
            masks = np.concatenate([masks, mask])
    return kept
