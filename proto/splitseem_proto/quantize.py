"""Codecs of the tensors of an embedding: float32 <-> float32, float16, int8, uint10, uint8."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from splitseem_proto.errors import QuantizeError
from splitseem_proto.tensors import MAX_TEN_BITS, NamedTensor

Float32 = NDArray[np.float32]

_FLOAT16_MAX = 65504.0
_INT8_MAX = 127.0
_UINT8_MAX = 255


def encode_tensor(name: str, values: Float32, codec: str) -> NamedTensor:
    """Represent a float32 array in a codec.

    Error of one value v, in the channel (axis 1) whose largest magnitude is M:
        float32: none. float16: at most |v| / 2048 + 2**-25. int8: at most M / 254, plus rounding of the scale
        (M * 2**-23); a channel of zeros has scale 1 and is exact, one with M < 1.5e-36 is stored as zeros.
        uint10, uint8: at most R / 2046 and R / 510, where R is the range of the channel from its least value
        to its largest, plus rounding (M * 2**-22); a channel of one value is exact.

    Args:
        name: of the tensor.
        values: float32, rank 2 to 4 for integers (axis 1 is the channel), finite.
        codec: name in `CODECS`.
    Raises:
        QuantizeError: unknown codec, not float32, not finite, beyond float16, a range beyond float32, or no
            channel axis.
    """
    encode = CODECS.get(codec)
    if encode is None:
        raise QuantizeError(f"unknown codec {codec!r}; known are {', '.join(CODECS)}")
    if values.dtype != np.float32:
        raise QuantizeError(f"tensor {name}: expected float32, got {values.dtype}")
    if not np.isfinite(values).all():
        raise QuantizeError(f"tensor {name}: values must be finite")
    return encode(name, values)


def decode_tensor(tensor: NamedTensor) -> Float32:
    """The values of a tensor as a fresh, writable float32 array of the same shape in C order."""
    values = np.array(tensor.array, dtype=np.float32, order="C")
    if tensor.zero_point is not None:
        values -= _per_channel(tensor.zero_point.astype(np.float32), values.ndim)
    if tensor.scale is not None:
        values *= _per_channel(tensor.scale, values.ndim)
    if tensor.offset is not None:
        values += _per_channel(tensor.offset, values.ndim)
    return values


def _encode_float32(name: str, values: Float32) -> NamedTensor:
    return NamedTensor(name, np.ascontiguousarray(values))


def _encode_float16(name: str, values: Float32) -> NamedTensor:
    if np.abs(values).max(initial=0.0) > _FLOAT16_MAX:
        raise QuantizeError(f"tensor {name}: values beyond {_FLOAT16_MAX:.0f} do not fit float16")
    return NamedTensor(name, np.ascontiguousarray(values.astype(np.float16)))


def _encode_int8(name: str, values: Float32) -> NamedTensor:
    largest = np.abs(values).max(axis=_other_axes(name, values))
    scale = _usable(largest / np.float32(_INT8_MAX))
    steps = values / _per_channel(scale, values.ndim)
    np.rint(steps, out=steps)  # in place: a map is as large as all the rest of an embedding
    np.clip(steps, -_INT8_MAX, _INT8_MAX, out=steps)
    return NamedTensor(name, np.ascontiguousarray(steps.astype(np.int8)), scale)


def _encode_unsigned(name: str, values: Float32, most: int) -> NamedTensor:
    """Whole numbers 0 to `most` over the range of each channel."""
    axes = _other_axes(name, values)
    least = values.min(axis=axes)
    with np.errstate(over="ignore"):
        width = values.max(axis=axes) - least
    if not np.isfinite(width).all():
        raise QuantizeError(f"tensor {name}: the range of a channel does not fit float32")
    scale = _usable(width / np.float32(most))
    steps = (values - _per_channel(least, values.ndim)) / _per_channel(scale, values.ndim)
    np.rint(steps, out=steps)
    np.clip(steps, 0, most, out=steps)
    whole = steps.astype(np.uint8 if most <= _UINT8_MAX else np.uint16)
    return NamedTensor(name, np.ascontiguousarray(whole), scale, offset=least)


def _other_axes(name: str, values: Float32) -> tuple[int, ...]:
    """All but that of the channels."""
    if values.ndim < 2:
        raise QuantizeError(f"tensor {name}: integers need a channel axis, the rank is {values.ndim}")
    return tuple(axis for axis in range(values.ndim) if axis != 1)


def _usable(scale: Float32) -> Float32:
    """1 for a channel of one value, or of values so close that their scale is not a normal float32."""
    return np.where(scale < np.finfo(np.float32).tiny, np.float32(1), scale).astype(np.float32)


def _per_channel(values: Float32, rank: int) -> Float32:
    return values.reshape(1, -1, *([1] * (rank - 2)))  # [1, C, 1, 1]


CODECS: Mapping[str, Callable[[str, Float32], NamedTensor]] = MappingProxyType(
    {
        "float32": _encode_float32,
        "float16": _encode_float16,
        "int8": _encode_int8,
        "uint10": partial(_encode_unsigned, most=MAX_TEN_BITS),
        "uint8": partial(_encode_unsigned, most=_UINT8_MAX),
    }
)
