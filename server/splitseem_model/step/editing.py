"""Steps of objects that were painted: groups of prompts, in order, each by the decoder or the brush."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from splitseem_model.prompt.edits import check_size, edits_of, first_counted, groups, is_edit
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.painted_mask import SURE_LOGIT, logits_of_mask
from splitseem_model.prompt.prompts import check_inside
from splitseem_model.prompt.shapes import RegionRules
from splitseem_model.step.answering import Step
from splitseem_proto import ImageGeometry, PromptItem


@dataclass(frozen=True)
class Painting:
    """What the steps of a painted object on one image need.

    Attributes:
        size_hw: of mask logits, cells.
        decode: prompts and memory -> the decoder's answer.
        recall: prompts and memory -> the answer that left the memory.
        mask: of an answer, bool `[H_image, W_image]`.
    """

    geometry: ImageGeometry
    size_hw: tuple[int, int]
    rules: RegionRules
    decode: Callable[[Sequence[PromptItem], MemoryPrompt | None], Step]
    recall: Callable[[Sequence[PromptItem], MemoryPrompt], Step]
    mask: Callable[[Step], NDArray[np.bool_]]

    def step(self, items: Sequence[PromptItem], memory: MemoryPrompt | None) -> Step:
        """The answer to all prompts of an object, at least one of which is an edit.

        Raises:
            PromptError: a place outside the image, or a mask of another size.
        """
        check_inside(items, self.geometry)
        for item in items:
            check_size(item, self.geometry.original_hw)
        dropped = first_counted(items)
        counted, seen = items[dropped:], 0
        if memory is not None:
            seen = (len(items) - 1 if memory.seen is None else memory.seen) - dropped
        answer: Step | None = None
        if memory is not None and seen > 0:
            answer = self._edited(self.recall(counted[:seen], memory), counted[:seen])
        for begin, end in groups(counted, max(seen, 0)):
            upto = counted[:end]
            if not is_edit(upto[-1]):
                answer = self.decode(upto, self._memory_for(answer, counted[:begin]))
            answer = self._edited(answer or self._nothing(), upto)
        assert answer is not None, "a step has a prompt that is not seen yet"
        return replace(answer, seen=len(items))

    def _edited(self, answer: Step, items: Sequence[PromptItem]) -> Step:
        return replace(answer, edits=edits_of(items, self.geometry, self.rules))

    def _memory_for(self, before: Step | None, items: Sequence[PromptItem]) -> MemoryPrompt | None:
        """What the decoder remembers after `items`: the mask, where they end with an edit of it."""
        if before is None or not is_edit(items[-1]):
            return None if before is None else before.memory
        return MemoryPrompt(logits_of_mask(self.mask(before), self.geometry))

    def _nothing(self) -> Step:
        """Of an object that the decoder was not asked about."""
        logits = np.full(self.size_hw, -SURE_LOGIT, dtype=np.float32)
        return Step(logits, 0.0, -1, class_embed=np.zeros(0, np.float32), decoded=False)
