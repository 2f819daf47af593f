"""A simulated user who clicks where a mask is most wrong.

Two protocols of the field, as data: `ritm` is what published NoC figures use, `seem` what SEEM's own
evaluation does. Both take the missed and the wrongly covered pixels and click where the larger error is
deepest, by the Euclidean distance to its border; the border of the image counts as one.

Source: RITM (Sofiiuk et al., 2021), section 4.1 and its public evaluation; SEEM (NeurIPS 2023), interactive
    evaluation of branch v1.0.
Deviation: SEEM's evaluation approximates the distance and dilates in the frame of the model input; here the
    distance is exact and the square is one of image pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.metrics import iou
from splitseem_proto import Click


@dataclass(frozen=True)
class ClickProtocol:
    """How a simulated user decides.

    Attributes:
        sign_by: which error is the larger one: the deeper by "distance", the one of more pixels by "area".
        reach: pixels clicked on each side of the deepest one; 1 makes a 3 x 3 square.
        stop_iou: no further click from this IoU on; None: only a mask without error ends the session.
    """

    name: str
    sign_by: Literal["distance", "area"]
    reach: int
    stop_iou: float | None


PROTOCOLS: Mapping[str, ClickProtocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            ClickProtocol("ritm", sign_by="distance", reach=0, stop_iou=None),
            ClickProtocol("seem", sign_by="area", reach=1, stop_iou=0.925),
        )
    }
)


class Clicker:
    """The simulated user of one object; remembers what was clicked and never clicks it again.

    Args:
        truth: the object, bool `[H, W]` in the image frame.
        protocol: one of `PROTOCOLS`.
        ignore: bool `[H, W]`; nothing there counts as an error.
    """

    def __init__(
        self, truth: NDArray[np.bool_], protocol: ClickProtocol, ignore: NDArray[np.bool_] | None = None
    ) -> None:
        self._truth = truth
        self._protocol = protocol
        self._ignore = ignore
        self._counted = np.ones_like(truth) if ignore is None else ~ignore
        self._open = np.ones_like(truth)  # not clicked yet

    def next_clicks(self, mask: NDArray[np.bool_]) -> tuple[Click, ...]:
        """The next click on `mask`, bool `[H, W]`: one click a pixel, all with one label, at pixel centres.

        Empty when the user is content or every wrong pixel has been clicked. The first click is the answer to
        an empty mask.

        Raises:
            ImportError: OpenCV is not installed.
        """
        stop_iou = self._protocol.stop_iou
        if stop_iou is not None and iou(mask, self._truth, self._ignore) >= stop_iou:
            return ()
        missed = self._truth & ~mask & self._counted
        wrong = ~self._truth & mask & self._counted
        choose = _deeper if self._protocol.sign_by == "distance" else _larger
        depth, label = choose(missed, wrong, self._open)
        if not depth.any():
            return ()
        row, column = divmod(int(depth.argmax()), depth.shape[1])  # the first in reading order among equals
        return self._click(row, column, label)

    def _click(self, row: int, column: int, label: int) -> tuple[Click, ...]:
        reach = self._protocol.reach
        height, width = self._truth.shape
        rows = range(max(row - reach, 0), min(row + reach + 1, height))
        columns = range(max(column - reach, 0), min(column + reach + 1, width))
        self._open[rows.start : rows.stop, columns.start : columns.stop] = False
        return tuple(Click(x + 0.5, y + 0.5, label) for y in rows for x in columns)


def _deeper(
    missed: NDArray[np.bool_], wrong: NDArray[np.bool_], open_: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], int]:
    """RITM: clicked pixels stay in the error but are not chosen; positive where the missed are deeper."""
    depths = (_depth(wrong) * open_, _depth(missed) * open_)
    label = int(depths[1].max() > depths[0].max())
    return depths[label], label


def _larger(
    missed: NDArray[np.bool_], wrong: NDArray[np.bool_], open_: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], int]:
    """SEEM: clicked pixels are cut out of the errors first; positive where more pixels are missed."""
    errors = (wrong & open_, missed & open_)
    label = int(np.count_nonzero(errors[1]) > np.count_nonzero(errors[0]))
    return _depth(errors[label]), label


def _depth(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each pixel to the nearest one outside the region, pixels; off the image is outside."""
    try:
        import cv2
    except ImportError as error:
        raise ImportError(
            "simulated clicks need OpenCV, which is not installed: pip install 'splitseem[train]'"
        ) from error
    padded = np.pad(region, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return cast(NDArray[np.float32], depth[1:-1, 1:-1])
