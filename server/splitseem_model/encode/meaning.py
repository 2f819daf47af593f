"""What masks mean: averages of the semantic map of an embedding, in the space of the sentence vectors.

`semantic.py` makes the map and says why; `client/src/worker/mask/meaning.ts` does the same as here, and both
are held to `proto/vectors/meanings.json`.
"""

from dataclasses import dataclass

import numpy as np

from splitseem_model.config import MASK_STRIDE, SEMANTIC_STRIDE
from splitseem_model.layers.arrays import Floats, block_means

SEMANTIC = "semantic"
"""Name of the map in an embedding."""


@dataclass(frozen=True, eq=False)
class SentenceSpace:
    """What takes meanings to the space of the sentence vectors: `[sentence_dim, S + 1]`, whose last column is
    the constant."""

    rows: Floats

    def of(self, meanings: Floats) -> Floats:
        """`[..., S]` -> `[..., sentence_dim]`."""
        return np.asarray(meanings @ self.rows[:, :-1].T + self.rows[:, -1], np.float32)


def meaning_of(semantic: Floats, mask_logits: Floats) -> Floats:
    """Mean of the map's cells under a mask.

    Args:
        semantic: `[1, S, H/16, W/16]`; mask_logits: `[H/4, W/4]`, the object > 0.
    Returns:
        `[S]`; of an empty mask the mean of the whole map.
    """
    share = share_of_cells(mask_logits)
    weights = share if share.any() else np.ones_like(share)
    cells = semantic[0].reshape(semantic.shape[1], -1)
    return np.asarray(cells @ weights.ravel() / weights.sum(), np.float32)


def share_of_cells(mask_logits: Floats) -> Floats:
    """How much of each cell of a semantic map lies in a mask `[H/4, W/4]`, 0 to 1: `[H/16, W/16]`."""
    return block_means((mask_logits > 0).astype(np.float32), SEMANTIC_STRIDE // MASK_STRIDE)
