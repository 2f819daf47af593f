"""Values of 0 to 1023 in ten bits: a byte each with the upper eight, then the lower two, four to a byte.

The first of four is in the lowest bits; bits of the last byte without a value are 0. Apart from the lower
ones, the upper bits are what entropy coding can make shorter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_PLACES = np.array([0, 2, 4, 6], np.uint8)


def packed_size(count: int) -> int:
    """Bytes of that number of values."""
    return count + (count + 3) // 4


def pack_ten_bits(values: NDArray[Any]) -> Bytes:
    """Values below 1024 of any shape, in C order -> `[packed_size(n)]`."""
    flat = values.ravel()
    lower = np.zeros((flat.size + 3) // 4 * 4, np.uint8)
    lower[: flat.size] = flat & 3
    fours = np.left_shift(lower.reshape(-1, 4), _PLACES)
    return np.concatenate([(flat >> 2).astype(np.uint8), np.bitwise_or.reduce(fours, axis=1)])


def unpack_ten_bits(packed: Bytes, count: int) -> NDArray[np.uint16]:
    """The first `count` values, `[count]`, fresh."""
    lower: Bytes = np.right_shift(packed[count:, None], _PLACES).ravel()[:count] & np.uint8(3)
    values: NDArray[np.uint16] = packed[:count].astype(np.uint16)
    values *= np.uint16(4)
    values += lower
    return values
