"""Mask logits that obey the clicks: a Gaussian-process correction of the selected mask, in closed form.

The decoder's answer at a clicked point may still have the wrong sign. The correction is the smallest smooth
change, in the sense of a kernel over place and mask features, after which every clicked point has its sign
with a margin: it spreads to places that are near a click and look like it, and fades elsewhere. Points that
already have the margin hold the mask where they are.

`client/src/worker/mask/correction.ts` does the same; both are held to `proto/vectors/correction.json`.

Source: ours. f-BRS (arXiv 2001.10331) does the same job by backpropagation through part of the network at
every click.
"""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE, CorrectionConfig
from splitseem_model.layers.arrays import Floats, sample_points
from splitseem_model.prompt.prompts import PointLabel
from splitseem_model.prompt.thinning import thin

Array = NDArray[np.float64]


def feature_spread(mask_features: Floats, config: CorrectionConfig) -> Array:
    """Standard deviation of every channel over the map, with a floor: `[1, C, h, w]` -> float64 `[C]`."""
    variance = _cells(mask_features).var(axis=1)
    return np.asarray(np.sqrt(variance + config.spread_floor * variance.mean() + 1e-12))


def _cells(feature_map: Floats) -> Array:
    """`[1, C, h, w]` -> float64 `[C, N]`."""
    return np.asarray(feature_map[0].reshape(feature_map.shape[1], -1), np.float64)


def correct_at_points(
    mask_logits: NDArray[np.float32],
    mask_features: Floats,
    spread: Array,
    coords: NDArray[np.float32],
    labels: NDArray[np.int64],
    side: int,
    config: CorrectionConfig,
) -> NDArray[np.float32]:
    """The corrected mask logits.

    Args:
        mask_logits: `[h, w]` at stride 4; mask_features: `[1, C, h, w]`; spread: `[C]`.
        coords: `[P, 2]` (x, y) in the padded frame, pixels; labels: `[P]`; only labels 1 and 0 count, at most
            `config.max_points` of them, taken evenly.
        side: long side of the input, pixels; the unit of `config.place_width`.
    Returns:
        `[h, w]`; the same logits when every point already has its margin.
    """
    clicked = np.flatnonzero((labels == PointLabel.POSITIVE) | (labels == PointLabel.NEGATIVE))
    if len(clicked) == 0:
        return mask_logits
    clicked = np.array(thin(clicked.tolist(), config.max_points))
    places = coords[clicked].astype(np.float64)  # [P, 2]
    sign = np.where(labels[clicked] == PointLabel.POSITIVE, 1.0, -1.0)
    now = sign * _sampled(mask_logits[None, None], coords[clicked])[:, 0]
    lacking = sign * np.maximum(config.margin - now, 0.0)
    if not lacking.any():
        return mask_logits
    looks = _sampled(mask_features, coords[clicked]) / spread  # [P, C]
    among = _kernel(looks, places, looks, places, side, config)
    weights = np.linalg.solve(among + config.ridge * np.eye(len(clicked)), lacking)  # [P]

    height, width = mask_logits.shape
    rows, columns = np.mgrid[:height, :width]
    cells = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) * MASK_STRIDE  # [N, 2]
    cell_looks = _cells(mask_features).T / spread  # [N, C]
    change = _kernel(cell_looks, cells, looks, places, side, config) @ weights
    return (mask_logits + change.reshape(height, width)).astype(np.float32)


def _kernel(
    looks: Array, places: Array, other_looks: Array, other_places: Array, side: int, config: CorrectionConfig
) -> Array:
    """`[N, M]` similarity of two lists of points: 1 at the same place and look, less with distance."""
    look = _squared_distances(looks, other_looks) / looks.shape[1] / (2 * config.look_width**2)
    place = _squared_distances(places, other_places) / (2 * (config.place_width * side) ** 2)
    similarity: Array = np.exp(-look - place)
    return similarity


def _squared_distances(a: Array, b: Array) -> Array:
    squared: Array = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.maximum(squared, 0.0)


def _sampled(feature_map: Floats, coords: NDArray[np.float32]) -> Array:
    """Bilinear samples of `[1, C, h, w]` at `[P, 2]`, float64 `[P, C]`."""
    padded_hw = (feature_map.shape[2] * MASK_STRIDE, feature_map.shape[3] * MASK_STRIDE)
    points = coords[None].astype(np.float64)
    sampled: Array = sample_points(feature_map.astype(np.float64), points, padded_hw, "centre")[0]
    return sampled
