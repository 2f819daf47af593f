"""A word alone -> everything that it names: peaks of its fit to the semantic map become clicks.

The decoder draws a mask for each of them. The one that covers most of what fits, shows what is meant and is
likely an object is the best answer. The others are instances where they are about as good, and neither parts
of a better one nor around it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import SEMANTIC_STRIDE
from splitseem_model.encode.meaning import SentenceSpace, share_of_cells
from splitseem_model.layers.arrays import Floats, cosines
from splitseem_model.step.answering import Step
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.proposals import Proposal, likelihood, propose, side_by_side
from splitseem_proto import Click, ImageGeometry

PEAKS = 12
"""Places that are tried at most."""
SLACK = 0.05
"""How much worse than the best an instance may fit, as cosine."""
LEAST_SHARE = 0.75
"""Of the best answer's score, that an instance has at least. Chosen by `benchmarks/word_instances.py`."""
FITS_NOT, LEAST_RANGE = 0.2, 0.05
"""Cosine up to which a cell does not fit at all, and how much better the best cell fits at least."""
WEIGHTS = (0.4, 0.4, 0.2)
"""What counts how much in a mask: that it covers what fits, what it shows, and that it is an object. Chosen,
as all here, on photos that were held out from training."""


class Finder:
    """Looks for words in images of one model."""

    def __init__(self, space: SentenceSpace) -> None:
        self.space: SentenceSpace = space

    def look(self, image: PreparedImage, vector: Floats) -> tuple[list[Click], Floats]:
        """Clicks to try for a text, and the heat map that their masks are held against.

        Args:
            vector: `[sentence_dim]`, of the text.
        """
        fit = np.full(self._cells(image).shape[:2], -1, np.float32)
        rows, columns = _cells_hw(image.geometry)
        fit[:rows, :columns] = self._fits(image, vector[None])[..., 0]
        places = image.geometry.input_to_image(peaks_of(fit, image.geometry))
        return [Click(float(x), float(y)) for x, y in places], heat_of(fit)

    def find(self, image: PreparedImage, vector: Floats, answer: Callable[[Click], Step]) -> list[Proposal]:
        """Everything that a text names, best first, at least one.

        Args:
            vector: `[sentence_dim]`, of the text; answer: to a click alone.
        """
        clicks, heat = self.look(image, vector)
        found = propose(clicks, answer, partial(self._fit, heat=heat, vector=vector), image.geometry)
        fits = [self.cosine(one.step, vector) for one in found]
        alike = [found[at] for at in alike_at([one.score for one in found], fits)]
        return side_by_side(alike, image.geometry)

    def _fit(self, step: Step, heat: Floats, vector: Floats) -> float:
        """How good an answer to a text a mask is, 0 to 1: whether it covers what fits, shows what is meant,
        and is an object."""
        parts = fit_of(step.mask_logits, heat), max(0.0, self.cosine(step, vector)), likelihood(step)
        return sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))

    def nearest(self, image: PreparedImage, vectors: Floats) -> NDArray[np.int64]:
        """Which of texts fits each cell of the input best, `[h, w]`; vectors: `[K, sentence_dim]`, theirs."""
        return np.asarray(self._fits(image, vectors).argmax(-1))

    def _fits(self, image: PreparedImage, vectors: Floats) -> Floats:
        """Cosines of each cell of the input with texts, `[h, w, K]`."""
        rows, columns = _cells_hw(image.geometry)
        return cosines(self.space.of(self._cells(image)[:rows, :columns]), vectors)

    @staticmethod
    def _cells(image: PreparedImage) -> Floats:
        """`[H/16, W/16, S]`."""
        assert image.semantic is not None
        return np.asarray(image.semantic[0].transpose(1, 2, 0))

    def cosine(self, step: Step, vector: Floats) -> float:
        """How well what a step's mask shows fits a text, -1 to 1."""
        assert step.class_embed is not None, "a model with a semantic map says what masks show"
        return float(cosines(step.class_embed, vector[None])[0])


def alike_at(scores: Sequence[float], fits: Sequence[float]) -> list[int]:
    """Which answers to a text are about as good as the best, which is the first."""
    least_score, least_fit = LEAST_SHARE * max(scores), max(fits) - SLACK
    return [
        at
        for at, (score, fit) in enumerate(zip(scores, fits, strict=True))
        if at == 0 or (score >= least_score and fit >= least_fit)
    ]


def _cells_hw(geometry: ImageGeometry) -> tuple[int, int]:
    """Cells of the input, without those of the padding alone."""
    rows, columns = (-(-side // SEMANTIC_STRIDE) for side in geometry.input_hw)
    return rows, columns


def heat_of(fit: Floats) -> Floats:
    """Cosines of cells with a text -> how well they fit, 0 to 1, the best of them 1 if it fits at all."""
    best = max(float(fit.max()) - FITS_NOT, LEAST_RANGE)
    return np.asarray(np.clip((fit - FITS_NOT) / best, 0, 1), np.float32)


def peaks_of(fit: Floats, geometry: ImageGeometry, most: int = PEAKS) -> NDArray[np.float32]:
    """The cells that fit best of those that none of their eight neighbours exceeds, best first.

    Args:
        fit: `[H/16, W/16]`, -1 in the padding.
    Returns:
        their centres `[n, 2]` (x, y), n >= 1, in the padded frame, pixels, inside the photo.
    """
    around = np.pad(fit, 1, constant_values=-np.inf)
    highest = np.lib.stride_tricks.sliding_window_view(around, (3, 3)).max((2, 3))
    peaks = np.flatnonzero((fit >= highest) & (fit > -1))
    best_first = peaks[np.argsort(-fit.ravel()[peaks], kind="stable")][:most]
    row, column = np.divmod(best_first, fit.shape[1])
    centres = (np.stack([column, row], axis=1) + 0.5) * SEMANTIC_STRIDE
    height, width = geometry.input_hw
    return np.minimum(centres, [width - 0.5, height - 0.5]).astype(np.float32)


def fit_of(mask_logits: NDArray[np.float32], heat: Floats) -> float:
    """IoU, 0 to 1, of a mask `[H/4, W/4]` with a heat map `[H/16, W/16]` as a soft mask."""
    share = share_of_cells(mask_logits)
    return float(np.minimum(share, heat).sum() / max(float(np.maximum(share, heat).sum()), 1e-6))
