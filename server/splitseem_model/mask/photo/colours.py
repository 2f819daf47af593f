"""How much each colour speaks for the object: two blurred histograms, fitted again at every click."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import PhotoConfig

Array = NDArray[np.float64]

_BLUR = (0.25, 0.5, 0.25)
_TINY = 1e-9


class ColourBins:
    """Where the pixels of a photo fall in a cube of colour bins, shared by the eight nearest ones.

    Args:
        photo: `[h, w, 3]`, 0 to 255.
        bins: along each side of the cube.
    """

    def __init__(self, photo: Array, bins: int) -> None:
        self._bins = bins
        place = photo.reshape(-1, 3) / 255 * (bins - 1)  # [N, 3]
        low = np.minimum(np.floor(place), bins - 2).astype(np.int64)
        part = place - low
        corners = list(product((0, 1), repeat=3))
        steps = np.array([bins * bins, bins, 1])
        self._index = np.stack([(low + corner) @ steps for corner in corners])  # [8, N]
        shares = [np.where(np.array(corner) == 1, part, 1 - part) for corner in corners]
        self._share = np.stack([share[:, 0] * share[:, 1] * share[:, 2] for share in shares])  # [8, N]

    def histogram(self, weights: Array) -> Array:
        """Blurred counts `[bins ** 3]` of pixels that weigh `weights` `[N]`, divided by their sum."""
        counts = np.zeros(self._bins**3)
        for index, share in zip(self._index, self._share, strict=True):
            counts += np.bincount(index, share * weights, minlength=len(counts))
        cube = counts.reshape(self._bins, self._bins, self._bins)
        for axis in range(3):
            cube = _blurred(cube, axis)
        shares: Array = cube.ravel() / (weights.sum() + _TINY)
        return shares

    def look_up(self, histogram: Array) -> Array:
        """The histogram at the colour of every pixel, `[N]`."""
        found = np.zeros(self._index.shape[1])
        for index, share in zip(self._index, self._share, strict=True):
            found += share * histogram[index]
        return found


def colour_evidence(
    bins: ColourBins, object_weights: Array, background_weights: Array, config: PhotoConfig
) -> Array:
    """Log of how much likelier each pixel's colour is on the object than off it, clamped, `[N]`.

    Args:
        object_weights, background_weights: `[N]`, how much a pixel counts as an example of either.
    """
    object_, background = (
        bins.look_up(bins.histogram(weights)) for weights in (object_weights, background_weights)
    )
    ratio = np.log((object_ + config.colour_floor) / (background + config.colour_floor))
    clamped: Array = np.clip(ratio, -config.colour_limit, config.colour_limit)
    return clamped


def _blurred(cube: Array, axis: int, kernel: Sequence[float] = _BLUR) -> Array:
    """One pass of a kernel of three along an axis; the ends are repeated."""
    moved = np.moveaxis(cube, axis, 0)
    before, after = np.concatenate([moved[:1], moved[:-1]]), np.concatenate([moved[1:], moved[-1:]])
    return np.moveaxis(kernel[0] * before + kernel[1] * moved + kernel[2] * after, 0, axis)
