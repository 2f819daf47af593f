"""Masks as the brush strokes of Label Studio: run lengths of a picture in RGBA, as a stream of bits.

All four bytes of a pixel are 255 inside and 0 outside. The stream has the number of bytes (32 bits), bits of
a value less 1 (5), four sizes of lengths less 1 (4 each); then for each run a 1, which of the four sizes (2),
its length less 1, and the value. `client/src/exports/labelStudio.ts` writes the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from splitseem_server.errors import InvalidParameter

SIZES = (3, 4, 8, 16)
VALUE_BITS = 8
CHANNELS = 4
_MOST_IN_A_RUN = 2 ** SIZES[-1]
MOST_RUNS = 1_000_000
"""More are no object that anybody draws."""


def brush_of(mask: NDArray[np.bool_]) -> list[int]:
    """The bytes of a mask `[H, W]`, the last one filled up with zeros.

    Raises:
        InvalidParameter: a mask with too many runs.
    """
    pixels = mask.ravel()
    starts = np.concatenate(([0], np.flatnonzero(pixels[1:] != pixels[:-1]) + 1, [pixels.size]))
    if len(starts) > MOST_RUNS:
        raise InvalidParameter(f"the mask has {len(starts)} runs of pixels, at most {MOST_RUNS} are written")
    lengths = (np.diff(starts) * CHANNELS).tolist()
    values = np.where(pixels[starts[:-1]], 255, 0).tolist()
    head = [
        _bits(pixels.size * CHANNELS, 32),
        _bits(VALUE_BITS - 1, 5),
        *(_bits(size - 1, 4) for size in SIZES),
    ]
    runs = (piece for length, value in zip(lengths, values, strict=True) for piece in _run(length, value))
    text = "".join([*head, *runs])
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _run(length: int, value: int) -> Iterator[str]:
    while length > 0:
        part = min(length, _MOST_IN_A_RUN)
        which = next(number for number, size in enumerate(SIZES) if part <= 2**size)
        yield f"1{_bits(which, 2)}{_bits(part - 1, SIZES[which])}{_bits(value, VALUE_BITS)}"
        length -= part


def _bits(number: int, count: int) -> str:
    return format(number, f"0{count}b")
