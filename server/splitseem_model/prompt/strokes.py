"""A drawn stroke, given as pixels, as clicks."""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MAX_POINTS
from splitseem_model.prompt.thinning import thin
from splitseem_proto import Click


def clicks_of_stroke(stroke: NDArray[np.bool_], label: int) -> tuple[Click, ...]:
    """The pixels of a stroke as clicks at pixel centres, in reading order; together they are one prompt.

    Of more than 512 pixels 512 are kept, see `thin`.

    Args:
        stroke: bool `[H, W]` in the image frame; empty gives no click.
        label: 1 for the object, 0 for what is not.
    """
    pixels = np.argwhere(stroke).tolist()  # N pairs (row, column)
    return tuple(Click(column + 0.5, row + 0.5, label) for row, column in thin(pixels, MAX_POINTS))
