"""Overlap of masks and the field's measures of interactive segmentation.

A *sequence* is the IoU of one object after click 1, 2, 3 and so on. It ends where the simulated user stopped:
a short sequence means that the object was finished; its last value then stands for every later click.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_], ignore: NDArray[np.bool_] | None = None) -> float:
    """Intersection over union of two masks of one size, 0..1; 1 when both are empty.

    Args:
        mask, truth: bool `[H, W]`.
        ignore: bool `[H, W]`; pixels that count neither way.
    Raises:
        ValueError: sizes differ.
    """
    if mask.shape != truth.shape or (ignore is not None and ignore.shape != truth.shape):
        sizes = [part.shape for part in (mask, truth, ignore) if part is not None]
        raise ValueError(f"masks must have one size, got {sizes}")
    if ignore is not None:
        mask, truth = mask & ~ignore, truth & ~ignore
    union = int(np.count_nonzero(mask | truth))
    return int(np.count_nonzero(mask & truth)) / union if union else 1.0


def boundary_f(
    mask: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    ignore: NDArray[np.bool_] | None = None,
    tolerance: float = 2.0,
) -> float:
    """Boundary F-measure of two masks of one size, 0..1; 1 when neither has a boundary.

    A boundary pixel is one of the mask with a neighbour above, below, left or right outside it; the border
    of the image is no boundary. Precision is the share of the mask's boundary pixels within `tolerance`
    pixels of the truth's, recall the other way round; F is their harmonic mean.

    Args:
        mask, truth: bool `[H, W]`.
        ignore: bool `[H, W]`; boundary pixels there count neither way.
    Raises:
        ValueError: sizes differ.
        ImportError: OpenCV is not installed.
    Source: DAVIS (Perazzi et al., 2016), section 4.
    """
    if mask.shape != truth.shape or (ignore is not None and ignore.shape != truth.shape):
        sizes = [part.shape for part in (mask, truth, ignore) if part is not None]
        raise ValueError(f"masks must have one size, got {sizes}")
    edges = [_boundary(part) for part in (mask, truth)]
    if ignore is not None:
        edges = [edge & ~ignore for edge in edges]
    ours, true = edges
    if not ours.any() or not true.any():
        return float(ours.any() == true.any())
    precision = float(np.mean(_distance_to(true)[ours] <= tolerance))
    recall = float(np.mean(_distance_to(ours)[true] <= tolerance))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside


def _distance_to(places: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each pixel to the nearest of some places, pixels."""
    import cv2

    distance = cv2.distanceTransform((~places).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, dtype=np.float32)


def noc(iou_sequences: Sequence[Sequence[float]], threshold: float, max_clicks: int) -> float:
    """Mean number of clicks until the IoU is at least `threshold`; failures count `max_clicks`.

    Raises:
        ValueError: no sequence, an empty one, or `max_clicks` below 1.
    """
    _check(iou_sequences, max_clicks)
    return _mean([_first_click(seq, threshold, max_clicks) or max_clicks for seq in iou_sequences])


def num_failures(iou_sequences: Sequence[Sequence[float]], threshold: float, max_clicks: int) -> int:
    """Number of objects that never reach `threshold`; one that reaches it on the last click is no failure.

    Raises:
        ValueError: no sequence, an empty one, or `max_clicks` below 1.
    """
    _check(iou_sequences, max_clicks)
    return sum(_first_click(seq, threshold, max_clicks) is None for seq in iou_sequences)


def mean_at(iou_sequences: Sequence[Sequence[float]], clicks: int) -> float:
    """Mean of a value after `clicks` clicks, an IoU say; an object finished earlier keeps its last one.

    Raises:
        ValueError: no sequence, an empty one, or `clicks` below 1.
    """
    _check(iou_sequences, clicks)
    return _mean([seq[min(clicks, len(seq)) - 1] for seq in iou_sequences])


def reached_by_click(
    iou_sequences: Sequence[Sequence[float]], threshold: float, max_clicks: int
) -> tuple[float, ...]:
    """Share of objects that have had an IoU of at least `threshold` after 1, 2, ... `max_clicks` clicks.

    Raises:
        ValueError: no sequence, an empty one, or `max_clicks` below 1.
    """
    _check(iou_sequences, max_clicks)
    firsts = [_first_click(seq, threshold, max_clicks) or max_clicks + 1 for seq in iou_sequences]
    return tuple(_mean([first <= clicks for first in firsts]) for clicks in range(1, max_clicks + 1))


def _first_click(sequence: Sequence[float], threshold: float, max_clicks: int) -> int | None:
    reached = (click for click, value in enumerate(sequence[:max_clicks], start=1) if value >= threshold)
    return next(reached, None)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _check(iou_sequences: Sequence[Sequence[float]], clicks: int) -> None:
    if clicks < 1:
        raise ValueError(f"the number of clicks must be at least 1, got {clicks}")
    if not iou_sequences or not all(iou_sequences):
        raise ValueError("every object needs the IoU of at least one click")
