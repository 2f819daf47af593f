"""A word alone -> where what it names may be: peaks of its fit to the semantic map become clicks.

The decoder draws a mask for each of them; the mask that covers most of what fits, and little else, is the
best answer.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE, SEMANTIC_STRIDE
from splitseem_model.encode.semantic import SemanticMap, cosines
from splitseem_model.prompt.prompts import PointLabel, PromptPoints
from splitseem_model.step.asking import ObjectPrompt
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_proto import ImageGeometry

PEAKS = 5
"""Places that are tried at most."""
FITS_NOT, FITS_WELL = 0.2, 0.4
"""Cosines up to which a cell does not fit at all, and from which it fits as well as any. Chosen on photos
that were held out from training."""


class Finder:
    """Looks for words in images of one model, on the CPU."""

    def __init__(self, semantic: SemanticMap) -> None:
        self.semantic: SemanticMap = deepcopy(semantic).cpu().requires_grad_(False)

    def look(self, image: PreparedImage, vector: Tensor) -> tuple[list[ObjectPrompt], Tensor]:
        """Clicks to try for a text, a prompt each, and the heat map that their masks are held against.

        Args:
            vector: `[sentence_dim]`, of the text.
        """
        assert image.semantic is not None
        fit = cosines(self.semantic, image.semantic[0].permute(1, 2, 0), vector[None])[..., 0]
        rows, columns = (-(-side // SEMANTIC_STRIDE) for side in image.geometry.input_hw)
        fit[rows:] = -1.0
        fit[:, columns:] = -1.0
        positive = np.array([PointLabel.POSITIVE], dtype=np.int64)
        prompts = [
            ObjectPrompt(PromptPoints(place[None], positive)) for place in peaks_of(fit, image.geometry)
        ]
        return prompts, heat_of(fit)


def heat_of(fit: Tensor) -> Tensor:
    """Cosines of cells with a text -> how well they fit, 0 to 1."""
    return ((fit - FITS_NOT) / (FITS_WELL - FITS_NOT)).clamp(0, 1)


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
