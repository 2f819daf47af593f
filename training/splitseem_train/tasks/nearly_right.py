"""Masks that are nearly right, to train what many clicks are for: the last few percent of a mask.

A run of three rounds never sees what a person sees after ten. So some steps begin with the truth, its edge
moved by smooth noise and here and there a patch too much or too little.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 4
"""Pixels a cell of mask logits."""

_EDGE = (0.03, 0.15)
"""How far the edge moves, over the square root of the object's area."""
_PATCHES = 3
"""Patches at most."""
_STEEPNESS = 0.5
"""Logits a pixel of distance from the edge, and the largest."""
_LARGEST = 8.0


def nearly_right(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float32]:
    """Logits of a mask that differs from a non-empty one, `[S, S]` -> `[S / 4, S / 4]`."""
    distance = _signed_distance(mask)
    size = float(np.sqrt(mask.sum()))
    side = mask.shape[0]
    noise = _smooth(rng, side, cells=int(rng.integers(3, 13)))
    moved = distance + size * rng.uniform(*_EDGE) * noise
    for _ in range(rng.integers(0, _PATCHES + 1)):
        moved = _patched(moved, size, rng)
    cells = cv2.resize(moved, (side // STRIDE, side // STRIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(cells * _STEEPNESS, -_LARGEST, _LARGEST), dtype=np.float32)


def _signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Pixels to the edge, positive inside."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(inside - outside, dtype=np.float32)


def _smooth(rng: np.random.Generator, side: int, cells: int) -> NDArray[np.float32]:
    """Noise of deviation about 1 that changes over side / cells pixels, `[side, side]`."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _patched(distance: NDArray[np.float32], size: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A disc somewhere near the edge added to the mask or taken from it."""
    near = np.flatnonzero(np.abs(distance) < 0.3 * size + 1)
    if len(near) == 0:  # the object fills the crop
        return distance
    row, column = divmod(int(rng.choice(near)), distance.shape[1])
    rows, columns = np.ogrid[: distance.shape[0], : distance.shape[1]]
    radius = size * rng.uniform(0.05, 0.3)
    disc = (radius - np.hypot(rows - row, columns - column)).astype(np.float32)
    changed = np.maximum(distance, disc) if rng.random() < 0.5 else np.minimum(distance, -disc)
    return np.asarray(changed, dtype=np.float32)
