"""The memory prompt: what one step of an object hands to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Said:
    """What the decoder said of an object beside its mask; `class_embed` float32 `[E]`."""

    score: float
    query: int
    label: str | None
    label_score: float | None
    class_embed: NDArray[np.float32] | None


@dataclass(frozen=True)
class MemoryPrompt:
    """Mask logits of the step before, float32 `[H/4, W/4]` over the padded input, not thresholded.

    In the decoder they are resized to each level and become the cross-attention mask of the memory tokens,
    which look only where they are not negative. Source: SEEM Eq. 7.

    Attributes:
        mask_logits: of the last prompt that the decoder answered.
        seen: how many prompts of the object came before the step that this is for; None: all but the last.
        said: what came with them, for prompts that the decoder is not asked about; None: it is not known.
    """

    mask_logits: NDArray[np.float32]
    seen: int | None = None
    said: Said | None = None
