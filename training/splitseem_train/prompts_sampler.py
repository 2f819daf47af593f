"""Prompts for training: random first prompts on an object, then clicks on the model's own errors."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Points = NDArray[np.float32]
"""`[n, 3]`: x, y in the crop (pixel centres at +0.5) and label 1, 0, 2 or 3."""

POSITIVE, NEGATIVE, BOX_MIN, BOX_MAX = 1, 0, 2, 3
_KINDS = ("click", "clicks", "scribble", "box")
_KIND_PROBABILITIES = (0.6, 0.1, 0.15, 0.15)


def first_prompt(mask: Mask, rng: np.random.Generator) -> Points:
    """A click, a few clicks, a scribble or a box on a non-empty mask."""
    kind = rng.choice(_KINDS, p=_KIND_PROBABILITIES)
    if kind == "box":
        return _box(mask, rng)
    if kind == "scribble":
        return _scribble(mask, rng)
    if kind == "clicks":
        return np.concatenate([_inner_click(mask, rng) for _ in range(rng.integers(2, 4))])
    return _centre_click(mask, POSITIVE) if rng.random() < 0.5 else _inner_click(mask, rng)


def next_click(mask: Mask, predicted: Mask, ignore: Mask | None) -> Points:
    """A click at the centre of the larger error, as the evaluation's clicker does; empty when there is no
    error."""
    missed, wrong = mask & ~predicted, predicted & ~mask
    if ignore is not None:
        missed, wrong = missed & ~ignore, wrong & ~ignore
    missed_distance, wrong_distance = _inner_distance(missed), _inner_distance(wrong)
    if missed_distance.max() <= 0 and wrong_distance.max() <= 0:
        return np.zeros((0, 3), dtype=np.float32)
    if missed_distance.max() >= wrong_distance.max():
        return _at_maximum(missed_distance, POSITIVE)
    return _at_maximum(wrong_distance, NEGATIVE)


def _inner_distance(mask: Mask) -> NDArray[np.float32]:
    """Distance of each pixel of the mask to the nearest pixel outside; the border of the image counts as
    outside."""
    padded = np.pad(mask.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], dtype=np.float32)


def _at_maximum(distance: NDArray[np.float32], label: int) -> Points:
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    return np.array([[column + 0.5, row + 0.5, label]], dtype=np.float32)


def _centre_click(mask: Mask, label: int) -> Points:
    return _at_maximum(_inner_distance(mask), label)


def _inner_click(mask: Mask, rng: np.random.Generator) -> Points:
    """A random pixel, the deeper inside the likelier."""
    distance = _inner_distance(mask).ravel().astype(np.float64)
    index = int(rng.choice(distance.size, p=distance / distance.sum()))
    row, column = divmod(index, mask.shape[1])
    return np.array([[column + 0.5, row + 0.5, POSITIVE]], dtype=np.float32)


def _box(mask: Mask, rng: np.random.Generator) -> Points:
    """The bounding box, each side moved by up to 5 % of its length."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)
    jitter = np.tile(box[2:] - box[:2], 2) * rng.uniform(-0.05, 0.05, 4)
    height, width = mask.shape
    x0, y0, x1, y1 = np.clip(box + jitter, 0, [width, height, width, height])
    return np.array([[x0, y0, BOX_MIN], [x1, y1, BOX_MAX]], dtype=np.float32)


def _scribble(mask: Mask, rng: np.random.Generator) -> Points:
    """Points along a bent line between random inner pixels, those inside the mask."""
    knots = np.concatenate([_inner_click(mask, rng) for _ in range(3)])[:, :2]
    t = np.linspace(0, 1, int(rng.integers(6, 14)))[:, None]
    line = (1 - t) ** 2 * knots[0] + 2 * t * (1 - t) * knots[1] + t**2 * knots[2]
    columns, rows = line.astype(int).T
    inside = line[mask[rows, columns]]
    if len(inside) == 0:
        inside = knots[:1]
    return np.concatenate([inside, np.full((len(inside), 1), POSITIVE)], axis=1).astype(np.float32)
