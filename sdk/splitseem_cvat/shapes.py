"""Masks as CVAT has them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem import Client
from splitseem_model.mask.outlines import mask_outlines

Mask = NDArray[np.bool_]


def client_of(server: str, api_key: str | None) -> Client:
    """A client of a server; the key may stand in `SPLITSEEM_API_KEY` instead."""
    return Client(server, api_key=api_key or os.environ.get("SPLITSEEM_API_KEY") or None)


def points_of(mask: Mask) -> list[float]:
    """The points of a shape of type `mask`."""
    from cvat_sdk.masks import encode_mask

    encoded: list[float] = encode_mask(mask)
    return encoded


def outlines_of(mask: Mask) -> list[list[float]]:
    """The points of a polygon for each part of a mask; its holes are lost."""
    rings = [np.array(ring) for ring in mask_outlines(mask)]
    return [ring.ravel().astype(float).tolist() for ring in rings if _twice_area(ring) > 0]


def _twice_area(ring: NDArray[Any]) -> float:
    """Negative for a hole."""
    (x, y), (next_x, next_y) = ring.T, np.roll(ring, -1, axis=0).T
    return float((x * next_y - next_x * y).sum())
