"""Pixels of more than 8 bits -> 8 bits, by one rule.

16-bit values are divided by 257, so that white stays white. But cameras and microscopes also write 10, 12 or
14 bits into 16: a picture, grey or in colour, without a value of 16,384 or more is stretched, and so is every
picture of 32-bit values. Stretching takes the 0.1 and the 99.9 percentile of all its values to 0 and 255.
Transparency is never stretched. Of 16-bit grey with transparency only the upper 8 bits are read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FULL_RANGE_FROM = 16_384
_PERCENTILES = (0.1, 99.9)


# Pillow has no mode for 16-bit colour and reads the upper byte of each value; in the other order, the lower.
_COLOUR_16 = re.compile(r"(RGBA?;16)([BLN])")
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def to_eight_bits(image: Image.Image, again: Callable[[], Image.Image]) -> Image.Image:
    """The image, decoded, in a mode of 8 bits a channel.

    Args:
        image: opened, not decoded.
        again: opens it once more, for what takes two passes.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_scaled(np.asarray(image), is_png=image.format == "PNG"))
    if any(_COLOUR_16.fullmatch(_raw_mode(tile)) for tile in getattr(image, "tile", ())):
        return _colour_scaled(image, again())
    return image


def _raw_mode(tile: Any) -> str:
    arguments = tile[3]
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _colour_scaled(image: Image.Image, second: Any) -> Image.Image:
    second.tile = [_in_other_order(tile) for tile in second.tile]
    values = np.asarray(image).astype(np.uint16)
    values <<= 8
    values |= np.asarray(second)
    colours, alpha = values[..., :3], values[..., 3:]
    table = _table_of(colours)
    scaled = [_looked_up(table, colours), _looked_up(_DIVIDED, alpha)]
    transparent = image.info.get("transparency")
    if transparent is not None and not alpha.size:
        opaque = (colours != np.asarray(transparent, np.uint16)).any(axis=-1, keepdims=True)
        scaled.append(np.where(opaque, np.uint8(255), np.uint8(0)))
    return Image.fromarray(np.concatenate(scaled, axis=-1))


def _in_other_order(tile: Any) -> Any:
    """The same part of the file, read in the other byte order."""
    raw_mode = _COLOUR_16.sub(lambda found: found[1] + _OTHER_ORDER[found[2]], _raw_mode(tile))
    arguments = tile[3]
    other = (raw_mode, *arguments[1:]) if isinstance(arguments, tuple) else raw_mode
    make = getattr(type(tile), "_make", tuple)  # Pillow before 11 has plain tuples
    return make((*tile[:3], other))


_DIVIDED: NDArray[np.uint8] = ((np.arange(65536) + 128) // 257).astype(np.uint8)
"""By the 16-bit value."""


def _table_of(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """What each value from 0 to 65,535 becomes."""
    return _DIVIDED if values.max() >= _FULL_RANGE_FROM else _stretched(values, np.arange(65536))


def _looked_up(table: NDArray[np.uint8], values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """By rows: an index takes 8 bytes a value."""
    found = np.empty(values.shape, np.uint8)
    for row, wanted in zip(found, values, strict=True):
        row[...] = table[wanted]
    return found


def _scaled(values: NDArray[np.generic], *, is_png: bool) -> NDArray[np.uint8]:
    if values.dtype.itemsize == 2 or is_png:
        whole = values.clip(0, 65535).astype(np.uint16)
        return _looked_up(_table_of(whole), whole)
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return _stretched(finite, finite)


def _stretched(values: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.uint8]:
    """What the wanted values become in a picture of some values."""
    low, high = np.percentile(values, _PERCENTILES)
    if high <= low:
        low, high = float(values.min()), float(values.max())
    scale = 255 / (high - low) if high > low else 0.0
    stretched: NDArray[np.uint8] = np.rint((wanted - low) * scale).clip(0, 255).astype(np.uint8)
    return stretched
