"""What may be objects: answers to clicks that nobody gave, scored and made unique.

A proposal is the click that made it, so further clicks correct it like any other object. Everything in an
image is proposed by a grid of clicks; what a word names by clicks where it fits, see `finding.py`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE
from splitseem_model.step.answering import Step
from splitseem_proto import Click, ImageGeometry

GRID = 14
"""Clicks along the longer side."""
MOST = 100
"""Proposals that are kept at most."""
ROUGH = 100
"""Masks of a grid that are redrawn at most: the likeliest as the decoder draws them."""
SAME = 0.9
"""Masks that overlap more than this, as IoU, are one."""
ALIKE = 0.7
"""Rough masks of a grid that overlap more than this, as IoU, are one."""
ALIKE_SHOWN = 0.5
"""The same where what is redrawn is shown side by side, as in the page (ADR 37)."""
LARGEST_PART = 0.5
"""Share of the smaller of two masks that they have in common at most, where they are shown side by side."""
LEAST_CELLS = 4
"""Cells of stride 4 that a mask has at least."""
STEADY = 1.0
"""Logits by which the threshold is moved to see whether a mask stays the same."""
SURE = 4.0
"""Selection score at which the decoder counts as rather sure, as the unit of a logistic curve."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """What may be an object.

    Attributes:
        click: it is the answer to this click alone, image frame.
        score: how likely it is one, 0 to 1; of a word, how well it fits.
    """

    click: Click
    step: Step
    score: float


def grid_of(geometry: ImageGeometry, side: int = GRID) -> list[Click]:
    """Clicks in the middles of equal rectangles over the part of the image that was encoded.

    Args:
        side: clicks along its longer side.
    """
    left, top, width, height = geometry.roi_xywh
    pitch = max(width, height) / side
    columns, rows = (max(1, round(length / pitch)) for length in (width, height))
    return [
        Click(left + (column + 0.5) * width / columns, top + (row + 0.5) * height / rows)
        for row in range(rows)
        for column in range(columns)
    ]


def propose(
    clicks: Iterable[Click],
    answer: Callable[[Click], Step],
    score: Callable[[Step], float],
    geometry: ImageGeometry,
    most: int = MOST,
    same: float = SAME,
) -> list[Proposal]:
    """The best of the answers, the best first, no two of them nearly the same; at least one.

    Args:
        answer: to a click alone; score: of an answer, 0 to 1.
        most: that are kept; same: IoU from which two masks are nearly the same.
    """
    answers = [(click, answer(click)) for click in clicks]
    proposals = sorted((Proposal(click, step, score(step)) for click, step in answers), key=_worst_last)
    kept: list[Proposal] = []
    masks = np.empty((0, cells_of(proposals[0].step, geometry).shape[1]), np.float32)
    for one in proposals:
        mask = cells_of(one.step, geometry)
        if mask.sum() < LEAST_CELLS or (kept and largest_iou(mask, masks) > same):
            continue
        kept.append(one)
        if len(kept) == most:
            break
        masks = np.concatenate([masks, mask])
    return kept or proposals[:1]


def side_by_side(proposals: Sequence[Proposal], geometry: ImageGeometry) -> list[Proposal]:
    """Those that are neither parts of a better one nor around it.

    Args:
        proposals: best first, at least one.
    """
    kept: list[Proposal] = []
    masks = np.empty((0, cells_of(proposals[0].step, geometry).shape[1]), np.float32)
    for one in proposals:
        mask = cells_of(one.step, geometry)
        if kept and (masks @ mask[0] > LARGEST_PART * np.minimum(masks.sum(1), mask.sum())).any():
            continue
        kept.append(one)
        masks = np.concatenate([masks, mask])
    return kept


def cells_of(step: Step, geometry: ImageGeometry) -> NDArray[np.float32]:
    """The mask without the padding, `[1, N]` of zeros and ones."""
    rows, columns = (-(-side // MASK_STRIDE) for side in geometry.input_hw)
    return (step.mask_logits[:rows, :columns] > 0).reshape(1, -1).astype(np.float32)


def _worst_last(proposal: Proposal) -> float:
    return -proposal.score


def likelihood(step: Step) -> float:
    """How likely an answer is an object, 0 to 1: how steady its mask is when the threshold moves, times how
    sure the decoder is of it."""
    logits = step.mask_logits
    inner, outer = int((logits > STEADY).sum()), int((logits > -STEADY).sum())
    return inner / max(1, outer) / (1 + float(np.exp(-step.score / SURE)))


def largest_iou(mask: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """The largest IoU of a mask `[1, N]` of zeros and ones with any of others `[n, N]`, n >= 1."""
    shared = others @ mask[0]
    return float((shared / (others.sum(1) + mask.sum() - shared)).max())
