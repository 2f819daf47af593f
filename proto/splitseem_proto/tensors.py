"""One stored tensor of an embedding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_proto.errors import MessageError

MAX_TEN_BITS = 1023
_KINDS = ("float32", "float16", "int8", "uint8", "uint16")
_UNSIGNED = ("uint8", "uint16")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, eq=False)
class NamedTensor:
    """A stored tensor: `value = (array - zero_point) * scale` for int8, `array * scale + offset` for
    uint8 and uint10, per channel (axis 1).

    Args:
        name: lower case, digits and underscores.
        array: float32 or float16, or int8, uint8 or uint16 with scale; C order, at least one element. Those
            of uint16 are below 1024, and ten bits each on the wire.
        scale: float32 `[C]`, finite and positive; only with integers, and always with them.
        zero_point: int8 `[C]`; only with int8, zero when absent.
        offset: float32 `[C]`, finite; only with uint8 and uint16, and always with them.
    Raises:
        MessageError: any of this does not hold.
    """

    name: str
    array: NDArray[Any]
    scale: NDArray[np.float32] | None = None
    zero_point: NDArray[np.int8] | None = None
    offset: NDArray[np.float32] | None = None

    @property
    def dtype(self) -> str:
        """Name on the wire: `float32`, `float16`, `int8`, `uint8` or `uint10`."""
        kind: str = self.array.dtype.name
        return "uint10" if kind == "uint16" else kind

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MessageError(f"tensor name {self.name!r} must match {_NAME.pattern}")
        kind = self.array.dtype.name
        if kind not in _KINDS:
            raise MessageError(f"tensor {self.name}: dtype {kind} is none of {', '.join(_KINDS)}")
        if not 1 <= self.array.ndim <= 4 or self.array.size == 0:
            raise MessageError(
                f"tensor {self.name}: shape {list(self.array.shape)} must have rank 1 to 4, no zero"
            )
        if (kind not in ("float32", "float16")) != (self.scale is not None):
            raise MessageError(f"tensor {self.name}: a scale belongs to integers, and to nothing else")
        if self.zero_point is not None and kind != "int8":
            raise MessageError(f"tensor {self.name}: a zero point belongs to int8, and to nothing else")
        if (kind in _UNSIGNED) != (self.offset is not None):
            raise MessageError(
                f"tensor {self.name}: an offset belongs to unsigned integers, and to nothing else"
            )
        if kind == "uint16" and self.array.max() > MAX_TEN_BITS:
            raise MessageError(
                f"tensor {self.name}: values of uint10 are whole numbers from 0 to {MAX_TEN_BITS}"
            )
        self._check_per_channel("scale", self.scale, np.float32)
        self._check_per_channel("zero_point", self.zero_point, np.int8)
        self._check_per_channel("offset", self.offset, np.float32)
        if self.scale is not None and not (np.isfinite(self.scale) & (self.scale > 0)).all():
            raise MessageError(f"tensor {self.name}: scales must be finite and positive")
        if self.offset is not None and not np.isfinite(self.offset).all():
            raise MessageError(f"tensor {self.name}: offsets must be finite")

    def _check_per_channel(self, what: str, values: NDArray[Any] | None, dtype: type) -> None:
        if values is None:
            return
        if self.array.ndim < 2:
            raise MessageError(
                f"tensor {self.name}: {what} needs a channel axis, the rank is {self.array.ndim}"
            )
        if values.dtype != dtype or values.shape != (self.array.shape[1],):
            raise MessageError(
                f"tensor {self.name}: {what} must be {np.dtype(dtype).name} [{self.array.shape[1]}], got"
                f" {values.dtype} {list(values.shape)}"
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NamedTensor):
            return NotImplemented
        return (
            self.name == other.name
            and _same(self.array, other.array)
            and _same(self.scale, other.scale)
            and _same(self.zero_point, other.zero_point)
            and _same(self.offset, other.offset)
        )

    __hash__ = None  # type: ignore[assignment]


def _same(left: NDArray[Any] | None, right: NDArray[Any] | None) -> bool:
    if left is None or right is None:
        return left is right
    return left.dtype == right.dtype and np.array_equal(left, right)
