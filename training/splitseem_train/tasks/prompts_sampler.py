"""Prompts for training: random first prompts on an object, then clicks on the model's own errors."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
PointList = NDArray[np.float32]
"""`[n, 3]`: x, y in the crop (pixel centres at +0.5) and label 1, 0, 2 or 3."""

POSITIVE, NEGATIVE, BOX_MIN, BOX_MAX = 1, 0, 2, 3
NO_POINTS: PointList = np.zeros((0, 3), dtype=np.float32)
_KINDS = ("click", "clicks", "mixed", "scribble", "box")
_KIND_PROBABILITIES = (0.5, 0.08, 0.14, 0.14, 0.14)


def first_prompt(mask: Mask, rng: np.random.Generator) -> PointList:
    """A click, a few clicks, a scribble or a box on a non-empty mask."""
    kind = rng.choice(_KINDS, p=_KIND_PROBABILITIES)
    if kind == "box":
        return _box(mask, rng)
    if kind == "scribble":
        return _scribble(mask, rng)
    if kind == "clicks":
        return np.concatenate([_inner_click(mask, rng) for _ in range(rng.integers(2, 4))])
    if kind == "mixed":
        return _mixed_clicks(mask, rng)
    return _centre_click(mask, POSITIVE) if rng.random() < 0.5 else _inner_click(mask, rng)


def next_click(mask: Mask, predicted: Mask, ignore: Mask | None) -> PointList:
    """A click at the centre of the larger error, as the evaluation's clicker does; empty when there is no
    error."""
    missed, wrong = mask & ~predicted, predicted & ~mask
    if ignore is not None:
        missed, wrong = missed & ~ignore, wrong & ~ignore
    missed_distance, wrong_distance = _inner_distance(missed), _inner_distance(wrong)
    if missed_distance.max() <= 0 and wrong_distance.max() <= 0:
        return NO_POINTS
    if missed_distance.max() >= wrong_distance.max():
        return _at_maximum(missed_distance, POSITIVE)
    return _at_maximum(wrong_distance, NEGATIVE)


def _inner_distance(mask: Mask) -> NDArray[np.float32]:
    """Distance of each pixel of the mask to the nearest pixel outside; the border of the image counts as
    outside."""
    padded = np.pad(mask.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], dtype=np.float32)


def _at_maximum(distance: NDArray[np.float32], label: int) -> PointList:
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    return np.array([[column + 0.5, row + 0.5, label]], dtype=np.float32)


def _centre_click(mask: Mask, label: int) -> PointList:
    return _at_maximum(_inner_distance(mask), label)


def _inner_click(mask: Mask, rng: np.random.Generator) -> PointList:
    """A random pixel, the deeper inside the likelier."""
    distance = _inner_distance(mask).ravel().astype(np.float64)
    index = int(rng.choice(distance.size, p=distance / distance.sum()))
    row, column = divmod(index, mask.shape[1])
    return np.array([[column + 0.5, row + 0.5, POSITIVE]], dtype=np.float32)


def _mixed_clicks(mask: Mask, rng: np.random.Generator) -> PointList:
    """Clicks on the object and around it, as after several rounds."""
    inside = [_inner_click(mask, rng) for _ in range(rng.integers(1, 7))]
    reach = int(rng.integers(5, 40)) | 1
    around = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool) & ~mask
    outside = around if around.any() else ~mask
    if not outside.any():
        return np.concatenate(inside)
    chosen = rng.choice(np.flatnonzero(outside), int(rng.integers(0, 7)))
    rows, columns = np.divmod(chosen, mask.shape[1])
    negative = np.stack([columns + 0.5, rows + 0.5, np.full(len(chosen), NEGATIVE)], axis=1)
    return np.concatenate([*inside, negative.astype(np.float32)])


def _box(mask: Mask, rng: np.random.Generator) -> PointList:
    """The bounding box, each side moved by up to 5 % of its length."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)
    jitter = np.tile(box[2:] - box[:2], 2) * rng.uniform(-0.05, 0.05, 4)
    height, width = mask.shape
    x0, y0, x1, y1 = np.clip(box + jitter, 0, [width, height, width, height])
    return np.array([[x0, y0, BOX_MIN], [x1, y1, BOX_MAX]], dtype=np.float32)


def _scribble(mask: Mask, rng: np.random.Generator) -> PointList:
    """PointList along a bent line between random inner pixels, those inside the mask."""
    knots = np.concatenate([_inner_click(mask, rng) for _ in range(3)])[:, :2]
    t = np.linspace(0, 1, int(rng.integers(6, 14)))[:, None]
    line = (1 - t) ** 2 * knots[0] + 2 * t * (1 - t) * knots[1] + t**2 * knots[2]
    columns, rows = line.astype(int).T
    inside = line[mask[rows, columns]]
    if len(inside) == 0:
        inside = knots[:1]
    return np.concatenate([inside, np.full((len(inside), 1), POSITIVE)], axis=1).astype(np.float32)
