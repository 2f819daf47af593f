"""A photo at its own resolution and at halves of it, for edges as sharp as its pixels."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MOST_PIXELS = 25_000_000
"""Of the finest level that is used: larger photos are read from their half on."""


class PhotoPyramid:
    """The pixels of a photo `[H, W, 3]`; halves are made when they are first asked for."""

    def __init__(self, pixels: Pixels) -> None:
        self._levels = [pixels]
        self.finest = 0 if pixels.shape[0] * pixels.shape[1] <= MOST_PIXELS else 1

    def level(self, number: int) -> Pixels:
        """uint8 `[ceil(H / 2 ** number), ceil(W / 2 ** number), 3]`."""
        while len(self._levels) <= number:
            self._levels.append(halved(self._levels[-1]))
        return self._levels[number]


def halved(pixels: Pixels) -> Pixels:
    """Rounded means of 2 x 2 pixels, halves up; an odd last row or column is repeated."""
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    sums = np.sum([even[y::2, x::2] for y in (0, 1) for x in (0, 1)], axis=0, dtype=np.uint16)
    return np.asarray((sums + 2) >> 2, dtype=np.uint8)
