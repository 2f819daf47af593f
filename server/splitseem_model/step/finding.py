"""A word alone -> everything that it names: peaks of its fit to the semantic map become clicks.

The decoder draws a mask for each of them. A mask is an instance where what lies under it fits the word about
as well as what fits best; the one that covers most of what fits, shows what is meant and is likely an object
is the best answer.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE, SEMANTIC_STRIDE
from splitseem_model.encode.semantic import SemanticMap, cosines
from splitseem_model.step.answering import Step
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.proposals import Proposal, likelihood, propose
from splitseem_proto import Click, ImageGeometry

PEAKS = 12
"""Places that are tried at most."""
SLACK = 0.1
"""How much worse than the best an instance may fit, as cosine."""
FITS_NOT, LEAST_RANGE = 0.2, 0.05
"""Cosine up to which a cell does not fit at all, and how much better the best cell fits at least."""
WEIGHTS = (0.4, 0.4, 0.2)
"""What counts how much in a mask: that it covers what fits, what it shows, and that it is an object. Chosen,
as all here, on photos that were held out from training."""


class Finder:
    """Looks for words in images of one model, on the CPU."""

    def __init__(self, semantic: SemanticMap) -> None:
        self.semantic: SemanticMap = deepcopy(semantic).cpu().requires_grad_(False)

    def look(self, image: PreparedImage, vector: Tensor) -> tuple[list[Click], Tensor]:
        """Clicks to try for a text, and the heat map that their masks are held against.

        Args:
            vector: `[sentence_dim]`, of the text.
        """
        fit = torch.full(self._cells(image).shape[:2], -1.0)
        rows, columns = _cells_hw(image.geometry)
        cells = self._cells(image)[:rows, :columns]
        fit[:rows, :columns] = cosines(self.semantic, cells, vector[None])[..., 0]
        places = image.geometry.input_to_image(peaks_of(fit, image.geometry))
        return [Click(float(x), float(y)) for x, y in places], heat_of(fit)

    def find(self, image: PreparedImage, vector: Tensor, answer: Callable[[Click], Step]) -> list[Proposal]:
        """Everything that a text names, best first, at least one.

        Args:
            vector: `[sentence_dim]`, of the text; answer: to a click alone.
        """
        clicks, heat = self.look(image, vector)
        found = propose(clicks, answer, partial(self._fit, heat=heat, vector=vector), image.geometry)
        fits = [self.cosine(one.step, vector) for one in found]
        return [one for one, fit in zip(found, fits, strict=True) if fit >= max(fits) - SLACK]

    def _fit(self, step: Step, heat: Tensor, vector: Tensor) -> float:
        """How good an answer to a text a mask is, 0 to 1: whether it covers what fits, shows what is meant,
        and is an object."""
        parts = fit_of(step.mask_logits, heat), max(0.0, self.cosine(step, vector)), likelihood(step)
        return sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))

    def nearest(self, image: PreparedImage, vectors: Tensor) -> NDArray[np.int64]:
        """Which of texts fits each cell of the input best, `[h, w]`; vectors: `[K, sentence_dim]`, theirs."""
        rows, columns = _cells_hw(image.geometry)
        fit = cosines(self.semantic, self._cells(image)[:rows, :columns], vectors)
        best: NDArray[np.int64] = fit.argmax(-1).numpy()
        return best

    @staticmethod
    def _cells(image: PreparedImage) -> Tensor:
        """`[H/16, W/16, S]`."""
        assert image.semantic is not None
        return image.semantic[0].permute(1, 2, 0)

    def cosine(self, step: Step, vector: Tensor) -> float:
        """How well what a step's mask shows fits a text, -1 to 1."""
        assert step.class_embed is not None, "a model with a semantic map says what masks show"
        return float(functional.cosine_similarity(torch.from_numpy(step.class_embed), vector, dim=0))


def _cells_hw(geometry: ImageGeometry) -> tuple[int, int]:
    """Cells of the input, without those of the padding alone."""
    rows, columns = (-(-side // SEMANTIC_STRIDE) for side in geometry.input_hw)
    return rows, columns


def heat_of(fit: Tensor) -> Tensor:
    """Cosines of cells with a text -> how well they fit, 0 to 1, the best of them 1 if it fits at all."""
    return ((fit - FITS_NOT) / (fit.max() - FITS_NOT).clamp(min=LEAST_RANGE)).clamp(0, 1)


def peaks_of(fit: Tensor, geometry: ImageGeometry, most: int = PEAKS) -> NDArray[np.float32]:
    """The cells that fit best of those that none of their eight neighbours exceeds, best first.

    Args:
        fit: `[H/16, W/16]`, -1 in the padding.
    Returns:
        their centres `[n, 2]` (x, y), n >= 1, in the padded frame, pixels, inside the photo.
    """
    highest = functional.max_pool2d(fit[None, None], 3, stride=1, padding=1)[0, 0]
    peaks = torch.where((fit >= highest) & (fit > -1), fit, -2.0).flatten()
    values, index = peaks.topk(min(most, len(peaks)))
    row, column = np.divmod(index[values > -2].numpy(), fit.shape[1])
    centres = (np.stack([column, row], axis=1) + 0.5) * SEMANTIC_STRIDE
    height, width = geometry.input_hw
    return np.minimum(centres, [width - 0.5, height - 0.5]).astype(np.float32)


def fit_of(mask_logits: NDArray[np.float32], heat: Tensor) -> float:
    """IoU, 0 to 1, of a mask `[H/4, W/4]` with a heat map `[H/16, W/16]` as a soft mask."""
    inside = torch.from_numpy(mask_logits > 0).float()[None, None]
    share = functional.avg_pool2d(inside, SEMANTIC_STRIDE // MASK_STRIDE)[0, 0]
    return float(torch.minimum(share, heat).sum() / torch.maximum(share, heat).sum().clamp(min=1e-6))
