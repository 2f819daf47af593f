"""The memory prompt: what one step of an object hands to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MemoryPrompt:
    """Mask logits of the step before, float32 `[H/4, W/4]` over the padded input, not thresholded.

    In the decoder they are resized to each level and become the cross-attention mask of the memory tokens,
    which look only where they are not negative. Source: SEEM Eq. 7.
    """

    mask_logits: NDArray[np.float32]
