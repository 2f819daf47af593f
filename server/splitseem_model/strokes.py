"""A drawn stroke, given as pixels, as clicks."""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MAX_POINTS
from splitseem_proto import Click


def clicks_of_stroke(stroke: NDArray[np.bool_], label: int) -> tuple[Click, ...]:
    """The pixels of a stroke as clicks at pixel centres, in reading order; together they are one prompt.

    Of n > 512 pixels those at indices floor((k + 0.5) * n / 512) are kept.

    Args:
        stroke: bool `[H, W]` in the image frame; empty gives no click.
        label: 1 for the object, 0 for what is not.
    """
    pixels = np.argwhere(stroke)  # [N, 2] (row, column)
    if len(pixels) > MAX_POINTS:
        kept = (np.arange(MAX_POINTS) + 0.5) * len(pixels) / MAX_POINTS
        pixels = pixels[kept.astype(np.int64)]
    return tuple(Click(column + 0.5, row + 0.5, label) for row, column in pixels.tolist())
