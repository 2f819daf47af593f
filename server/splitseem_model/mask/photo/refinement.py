"""Mask logits that follow the colours and edges of the photo.

The network's map is coarse, and knows objects better than outlines. Here its logits are one of two opinions
about every cell of a finer map. The other is that of the colours, learnt from the mask itself where it is
sure and from the clicks. A few rounds of mean field then let neighbours agree, unless there is an edge of the
photo between them. The network's own logits stay the memory of the next step.

`client/src/worker/mask/photo/` does the same; both are held to `proto/vectors/photo.json`.

Source: ours. GrabCut (Rother, Kolmogorov, Blake, 2004) fits colours to its own mask in turn with a graph cut;
    the mean field takes the edge-aware filter of `edges.py` for its kernel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE, PhotoConfig
from splitseem_model.encode.photo_pixels import stride_of
from splitseem_model.mask.photo.colours import ColourBins, colour_evidence
from splitseem_model.mask.photo.edges import EdgeFilter
from splitseem_model.prompt.prompts import PointLabel
from splitseem_proto import ImageGeometry

Array = NDArray[np.float64]
Logits = NDArray[np.float32]

_LEAST_RADIUS = 1.5
"""Cells; the four cells around a point are then always among those that it holds."""


@dataclass(frozen=True, eq=False)
class PhotoGuide:
    """What is the same for every step of an image; `stride` is input pixels a cell."""

    size_hw: tuple[int, int]
    stride: int
    colours: ColourBins
    edges: EdgeFilter


def guide_of(photo: Array, geometry: ImageGeometry, config: PhotoConfig) -> PhotoGuide:
    """Look at a photo `[h, w, 3]`, 0 to 255, once."""
    size_hw = (photo.shape[0], photo.shape[1])
    return PhotoGuide(
        size_hw, stride_of(size_hw, geometry), ColourBins(photo, config.bins), EdgeFilter(photo, config)
    )


def refine_by_photo(
    guide: PhotoGuide,
    mask_logits: Logits,
    coords: NDArray[np.float32],
    labels: NDArray[np.int64],
    config: PhotoConfig,
) -> Logits:
    """Mask logits `[h, w]` over the input at the stride of the photo; every click has its side.

    Args:
        mask_logits: `[H/4, W/4]` over the padded input.
        coords: `[P, 2]` (x, y) in the padded frame, pixels, in the order given; labels: `[P]`; only 1 and 0
            count. Of two clicks of different sides closer than a cell only one is obeyed.
    """
    clicked = (labels == PointLabel.POSITIVE) | (labels == PointLabel.NEGATIVE)
    cells = coords[clicked].astype(np.float64) / guide.stride  # [P, 2]
    signs = np.where(labels[clicked] == PointLabel.POSITIVE, 1.0, -1.0)
    held = _held(guide.size_hw, cells, signs, config)
    opinion = config.trust * np.clip(_enlarged(mask_logits, guide), -config.logit_limit, config.logit_limit)
    refined, belief = opinion, np.tanh(opinion / 2)
    for _ in range(config.rounds):
        refined = _agreed(guide, opinion + _colours(guide, belief, held, config), held, config)
        belief = np.tanh(refined / 2)
    obeying = held * np.maximum(held * refined, config.held_logit)
    return np.where(held == 0, refined, obeying).astype(np.float32)


def _held(size_hw: tuple[int, int], cells: Array, signs: Array, config: PhotoConfig) -> Array:
    """Side of the nearest click for cells that are close to one, the later of equals, else 0: `[h, w]`."""
    height, width = size_hw
    radius = max(config.click_radius * max(size_hw), _LEAST_RADIUS)
    held, nearest = np.zeros(size_hw), np.full(size_hw, radius**2)
    for (x, y), sign in zip(cells, signs, strict=True):
        columns = slice(max(int(x - radius), 0), min(int(x + radius) + 1, width))
        rows = slice(max(int(y - radius), 0), min(int(y + radius) + 1, height))
        column, row = np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)
        squared = (column + 0.5 - x) ** 2 + ((row + 0.5 - y) ** 2)[:, None]
        nearer = squared <= nearest[rows, columns]
        held[rows, columns][nearer] = sign
        nearest[rows, columns][nearer] = squared[nearer]
    return held


def _colours(guide: PhotoGuide, belief: Array, held: Array, config: PhotoConfig) -> Array:
    """What colours say, learnt from sure cells and from those of the clicks: `[h, w]`."""
    object_, background = (
        np.where(held == 0, np.maximum(side * belief, 0), np.where(held == side, config.click_weight, 0))
        for side in (1.0, -1.0)
    )
    evidence = colour_evidence(guide.colours, object_.ravel(), background.ravel(), config)
    return config.colour_weight * evidence.reshape(guide.size_hw)


def _agreed(guide: PhotoGuide, opinion: Array, held: Array, config: PhotoConfig) -> Array:
    """Mean field: each cell's opinion and, `config.smoothness` times, what its surroundings believe."""
    refined = opinion
    for _ in range(config.sweeps):
        belief = np.where(held == 0, np.tanh(refined / 2), held)
        refined = opinion + config.smoothness * guide.edges(belief)
    return refined


def _enlarged(logits: Logits, guide: PhotoGuide) -> Array:
    """Logits at stride 4 looked up, bilinearly, at the centre of every cell: `[h, w]`."""
    rows, columns = (
        _between(logits.shape[axis], count, guide.stride) for axis, count in enumerate(guide.size_hw)
    )
    wide = logits.astype(np.float64)
    low, high, part = rows
    wide = wide[low] * (1 - part)[:, None] + wide[high] * part[:, None]
    low, high, part = columns
    return wide[:, low] * (1 - part) + wide[:, high] * part


def _between(cells: int, count: int, stride: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """For each of `count` places along an axis: the two mask cells around it, and how far it is to the
    second."""
    place = np.clip((np.arange(count) + 0.5) * stride / MASK_STRIDE - 0.5, 0, cells - 1)
    low = np.floor(place).astype(np.int64)
    return low, np.minimum(low + 1, cells - 1), place - low
