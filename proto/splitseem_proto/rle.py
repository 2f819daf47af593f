"""Masks <-> COCO run lengths (column-major, background first)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.errors import RleError


def encode_rle(mask: NDArray[np.bool_]) -> CocoRle:
    """Run lengths of a mask `[h, w]`, bool.

    Raises:
        RleError: not a boolean array of rank 2, or empty.
    """
    if mask.dtype != np.bool_ or mask.ndim != 2 or mask.size == 0:
        raise RleError(f"expected a non-empty bool mask [h, w], got {mask.dtype} {list(mask.shape)}")
    pixels = mask.ravel(order="F")
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    starts = np.concatenate(([0], changes, [pixels.size]))
    counts = np.diff(starts).tolist()
    return CocoRle((mask.shape[0], mask.shape[1]), tuple([0, *counts] if pixels[0] else counts))


def decode_rle(rle: CocoRle) -> NDArray[np.bool_]:
    """The mask `[h, w]`, bool, that the run lengths describe."""
    values = np.arange(len(rle.counts)) % 2 == 1
    pixels = np.repeat(values, np.array(rle.counts, dtype=np.int64))
    return np.ascontiguousarray(pixels.reshape(rle.size, order="F"))
