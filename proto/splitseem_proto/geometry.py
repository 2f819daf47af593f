"""The one conversion between the frame of the original image and the frame of the model input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from splitseem_proto.errors import GeometryError
from splitseem_proto.limits import MAX_DIMENSION

Points = NDArray[np.float64]


@dataclass(frozen=True)
class ImageGeometry:
    """How an image was cropped, resized and padded before the encoder saw it.

    The image frame is continuous (x, y) in original pixels after EXIF rotation, the centre of the first pixel
    at (0.5, 0.5). The input frame follows from it by cropping to the region of interest and resizing; padding
    at the right and bottom does not move coordinates.

    Args:
        original_hw: height and width of the image after EXIF rotation, pixels.
        roi_xywh: left, top, width, height of the part that was encoded; integer pixels, inside the image.
        input_hw: size the region was resized to, pixels.
        padded_hw: input size after padding, pixels; no side smaller than that of the input.
    Raises:
        GeometryError: a size outside 1..65535, a region outside the image, or padding that cuts the input.
    """

    original_hw: tuple[int, int]
    roi_xywh: tuple[int, int, int, int]
    input_hw: tuple[int, int]
    padded_hw: tuple[int, int]

    def __post_init__(self) -> None:
        for name, length in (("original_hw", 2), ("roi_xywh", 4), ("input_hw", 2), ("padded_hw", 2)):
            object.__setattr__(self, name, _integers(name, getattr(self, name), length))
        for name in ("original_hw", "input_hw", "padded_hw"):
            _check_size(name, getattr(self, name))
        check_roi(self.roi_xywh, self.original_hw)
        if self.padded_hw[0] < self.input_hw[0] or self.padded_hw[1] < self.input_hw[1]:
            raise GeometryError(
                f"padded_hw {list(self.padded_hw)} must not be smaller than input_hw {list(self.input_hw)}"
            )

    @classmethod
    def whole_image(
        cls, original_hw: tuple[int, int], input_hw: tuple[int, int], padded_hw: tuple[int, int]
    ) -> Self:
        """Geometry of an image that is encoded without cropping; arguments as for the class."""
        return cls(original_hw, (0, 0, original_hw[1], original_hw[0]), input_hw, padded_hw)

    def image_to_input(self, points_xy: ArrayLike) -> Points:
        """Convert points `[N, 2]` (x, y) from the image frame to the input frame, float64.

        Raises:
            GeometryError: not an array of finite pairs.
        """
        return (_points(points_xy) - self._origin_xy()) * self._scale_xy()

    def input_to_image(self, points_xy: ArrayLike) -> Points:
        """Convert points `[N, 2]` (x, y) from the input frame to the image frame, float64.

        Raises:
            GeometryError: not an array of finite pairs.
        """
        return _points(points_xy) / self._scale_xy() + self._origin_xy()

    def inside_input(self, points_xy: ArrayLike) -> NDArray[np.bool_]:
        """Which points `[N, 2]` (x, y) of the input frame lie on the input, borders included.

        Raises:
            GeometryError: not an array of finite pairs.
        """
        points = _points(points_xy)
        upper_xy = np.array(self.input_hw[::-1], dtype=np.float64)
        inside: NDArray[np.bool_] = np.all((points >= 0) & (points <= upper_xy), axis=1)
        return inside

    def _origin_xy(self) -> Points:
        return np.array(self.roi_xywh[:2], dtype=np.float64)

    def _scale_xy(self) -> Points:
        _, _, roi_w, roi_h = self.roi_xywh
        return np.array([self.input_hw[1] / roi_w, self.input_hw[0] / roi_h], dtype=np.float64)


def check_roi(roi_xywh: tuple[int, int, int, int], original_hw: tuple[int, int]) -> None:
    """See that a region (left, top, width, height) is not empty and lies inside an image.

    Raises:
        GeometryError: it does not.
    """
    x, y, width, height = roi_xywh
    original_h, original_w = original_hw
    if x < 0 or y < 0 or width < 1 or height < 1 or x + width > original_w or y + height > original_h:
        raise GeometryError(
            f"roi_xywh {list(roi_xywh)} must be a non-empty region inside the image of"
            f" {original_w} x {original_h} pixels (width x height)"
        )


def _integers(name: str, values: object, length: int) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or len(values) != length:
        raise GeometryError(f"{name} must be {length} integers, got {values!r}")
    if any(isinstance(value, bool) or not isinstance(value, int | np.integer) for value in values):
        raise GeometryError(f"{name} must be {length} integers, got {values!r}")
    return tuple(int(value) for value in values)


def _check_size(name: str, size_hw: tuple[int, int]) -> None:
    if any(side < 1 or side > MAX_DIMENSION for side in size_hw):
        raise GeometryError(f"{name} {list(size_hw)} must have sides of 1 to {MAX_DIMENSION} pixels")


def _points(points_xy: ArrayLike) -> Points:
    points: Points = np.asarray(points_xy, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise GeometryError(f"points must have the shape [N, 2], got {list(points.shape)}")
    if not np.isfinite(points).all():
        raise GeometryError("points must be finite")
    return points
