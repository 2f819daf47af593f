"""A smoothing that stops at the edges of a photo: the recursive domain transform filter.

Source: Gastal and Oliveira, Domain Transform for Edge-Aware Image and Video Processing (2011): the transform,
    the recursive filter and the widths of its passes, from the equations.
"""

import math

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import PhotoConfig

Array = NDArray[np.float64]

_PASSES = 2
"""Each pass filters rows, then columns, half as wide as the pass before."""


class EdgeFilter:
    """How much each cell of a photo `[h, w, 3]`, 0 to 255, passes on to its neighbours."""

    def __init__(self, photo: Array, config: PhotoConfig) -> None:
        reach = config.reach * max(photo.shape[:2])
        contrast = reach / config.edge_contrast / 255
        across = 1 + contrast * np.abs(np.diff(photo, axis=1)).sum(axis=2)  # [h, w - 1]
        down = 1 + contrast * np.abs(np.diff(photo, axis=0)).sum(axis=2)  # [h - 1, w]
        fading = [math.exp(-math.sqrt(2) / _width(reach, k)) for k in range(_PASSES)]
        self._across = [(fade**across).T.copy() for fade in fading]  # [w - 1, h]
        self._down = [fade**down for fade in fading]

    def __call__(self, values: Array) -> Array:
        """The smoothed map `[h, w]`."""
        for across, down in zip(self._across, self._down, strict=True):
            values = _swept(_swept(values.T, across).T, down)
        return values


def _width(reach: float, k: int) -> float:
    """Spread of pass k in cells, so that all passes together have the spread `reach`."""
    halvings: int = 2 ** (_PASSES - k - 1)
    return reach * math.sqrt(3) * halvings / math.sqrt(4**_PASSES - 1)


def _swept(values: Array, passed_on: Array) -> Array:
    """Down the rows of `[n, m]` and up again; `passed_on` `[n - 1, m]` is between row i and row i + 1."""
    values = values.copy()
    for i in range(1, len(values)):
        values[i] += passed_on[i - 1] * (values[i - 1] - values[i])
    for i in range(len(values) - 2, -1, -1):
        values[i] += passed_on[i] * (values[i + 1] - values[i])
    return values
