"""Pixels of more than 8 bits -> 8 bits, by one rule.

16-bit values are divided by 257, so that white stays white. But cameras and microscopes also write 10, 12 or
14 bits into 16: a grey picture without a value of 16,384 or more is stretched, and so is every picture of
32-bit values. Stretching takes the 0.1 and the 99.9 percentile of all its values to 0 and 255.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FULL_RANGE_FROM = 16_384
_PERCENTILES = (0.1, 99.9)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """The image, decoded, in a mode of 8 bits a channel."""
    if image.mode.startswith("I") or image.mode == "F":
        wide = image.mode in ("I", "F") and image.format != "PNG"
        return Image.fromarray(_scaled(np.asarray(image), wide=wide))
    return image


def _scaled(values: NDArray[np.generic], *, wide: bool) -> NDArray[np.uint8]:
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if not wide and finite.max() >= _FULL_RANGE_FROM:
        divided: NDArray[np.uint8] = np.floor((finite + 128) / 257).clip(0, 255).astype(np.uint8)
        return divided
    low, high = np.percentile(finite, _PERCENTILES)
    if high <= low:
        low, high = finite.min(), finite.max()
    scale = 255 / (high - low) if high > low else 0.0
    stretched: NDArray[np.uint8] = np.rint((finite - low) * scale).clip(0, 255).astype(np.uint8)
    return stretched
