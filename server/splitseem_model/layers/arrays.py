"""What stands between the calls of the network, on NumPy arrays: the same in TypeScript."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]

PointSampling = Literal["corner", "centre"]
CLOSED = -1e4
"""Additive bias of a closed attention entry: acts as minus infinity in float32 and in float16."""


def sample_points(
    feature_map: Array, coords: Array, padded_hw: tuple[int, int], rule: PointSampling
) -> Array:
    """Sample a map at points, bilinearly; `splitseem_model.layers.sampling` does the same with gradients.

    Args:
        feature_map: `[1, C, h, w]` over the padded input.
        coords: `[1, P, 2]` (x, y) in the padded frame, pixels, of the type of the map.
        padded_hw: size of the padded input.
        rule: "centre" looks up index x / stride - 0.5, clamped to the map; "corner" (upstream) index
            (x - 0.5) / W * (w - 1).
    Returns:
        `[1, P, C]`.
    """
    cells = np.array(feature_map.shape[:1:-1], coords.dtype)  # w, h
    pixels = np.array(padded_hw[::-1], coords.dtype)
    if rule == "corner":
        index = (coords[0] - 0.5) / pixels * (cells - 1)
    else:
        index = coords[0] / pixels * cells - 0.5
    index = np.clip(index, 0, cells - 1)  # [P, 2]
    low = np.floor(index).astype(np.int64)
    (west, north), (east, south) = low.T, np.minimum(low + 1, cells - 1).astype(np.int64).T
    x, y = (index - low).astype(coords.dtype).T
    corners = (
        (north, west, (1 - x) * (1 - y)),
        (north, east, x * (1 - y)),
        (south, west, (1 - x) * y),
        (south, east, x * y),
    )
    sampled = sum(feature_map[0][:, row, column] * weight for row, column, weight in corners)
    return np.ascontiguousarray(np.asarray(sampled).T)[None]


def unit(x: Floats) -> Floats:
    """Rows of length one, whose products are cosines; the small constant is upstream's."""
    return np.asarray(x / (np.linalg.norm(x, axis=-1, keepdims=True) + np.float32(1e-7)), np.float32)


def cosines(a: Floats, b: Floats) -> Floats:
    """`[..., E]`, `[T, E]` -> `[..., T]`, -1 to 1; vectors of no length have 0."""
    return np.asarray(_normalised(a) @ _normalised(b).T, np.float32)


def _normalised(x: Floats) -> Floats:
    return np.asarray(
        x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), np.float32(1e-12)), np.float32
    )


def softmax(x: Floats) -> Floats:
    """Over the last axis."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def block_means(x: Floats, side: int) -> Floats:
    """Means of blocks of `side` x `side` cells: `[..., h, w]`, both multiples of it -> `[..., h / side, w /
    side]`."""
    height, width = x.shape[-2:]
    blocks = x.reshape(*x.shape[:-2], height // side, side, width // side, side)
    return np.asarray(blocks.mean((-3, -1)), np.float32)
