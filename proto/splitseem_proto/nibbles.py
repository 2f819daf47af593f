"""Two values of 0 to 15 in a byte, the first in the low half; a last half without a value is 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def pack_nibbles(values: Bytes) -> Bytes:
    """Values below 16 of any shape, in C order -> `[ceil(n / 2)]`."""
    flat = values.ravel()
    if flat.size % 2:
        flat = np.append(flat, np.uint8(0))
    packed: Bytes = np.bitwise_or(flat[::2], np.left_shift(flat[1::2], np.uint8(4)))
    return packed


def unpack_nibbles(packed: Bytes, count: int) -> Bytes:
    """The first `count` values, `[count]`, fresh."""
    values = np.empty(2 * packed.size, dtype=np.uint8)
    values[::2] = packed & 15
    values[1::2] = packed >> 4
    return values[:count]
