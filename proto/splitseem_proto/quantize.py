"""Codecs of the tensors of an embedding: float32 <-> float32, float16, int8."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from splitseem_proto.errors import QuantizeError
from splitseem_proto.tensors import NamedTensor

Float32 = NDArray[np.float32]

_FLOAT16_MAX = 65504.0
_INT8_MAX = 127.0


def encode_tensor(name: str, values: Float32, codec: str) -> NamedTensor:
    """Represent a float32 array in a codec.

    Error of one value v, in the channel (axis 1) whose largest magnitude is M:
        float32: none. float16: at most |v| / 2048 + 2**-25. int8: at most M / 254, plus rounding of the scale
        (M * 2**-23); a channel of zeros has scale 1 and is exact, one with M < 1.5e-36 is stored as zeros.

    Args:
        name: of the tensor.
        values: float32, rank 2 to 4 for int8 (axis 1 is the channel), finite.
        codec: name in `CODECS`.
    Raises:
        QuantizeError: unknown codec, not float32, not finite, beyond float16, or no channel axis.
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
    return values


def _encode_float32(name: str, values: Float32) -> NamedTensor:
    return NamedTensor(name, np.ascontiguousarray(values))


def _encode_float16(name: str, values: Float32) -> NamedTensor:
    if np.abs(values).max(initial=0.0) > _FLOAT16_MAX:
        raise QuantizeError(f"tensor {name}: values beyond {_FLOAT16_MAX:.0f} do not fit float16")
    return NamedTensor(name, np.ascontiguousarray(values.astype(np.float16)))


def _encode_int8(name: str, values: Float32) -> NamedTensor:
    if values.ndim < 2:
        raise QuantizeError(f"tensor {name}: int8 needs a channel axis, the rank is {values.ndim}")
    other_axes = tuple(axis for axis in range(values.ndim) if axis != 1)
    largest = np.abs(values).max(axis=other_axes)
    scale = (largest / np.float32(_INT8_MAX)).astype(np.float32)
    # A channel of zeros, or of numbers so small that their scale is not a normal float32, is stored as zeros.
    scale = np.where(scale < np.finfo(np.float32).tiny, np.float32(1), scale).astype(np.float32)
    steps = values / _per_channel(scale, values.ndim)
    np.rint(steps, out=steps)  # in place: a map is as large as all the rest of an embedding
    np.clip(steps, -_INT8_MAX, _INT8_MAX, out=steps)
    return NamedTensor(name, np.ascontiguousarray(steps.astype(np.int8)), scale)


def _per_channel(values: Float32, rank: int) -> Float32:
    return values.reshape(1, -1, *([1] * (rank - 2)))  # [1, C, 1, 1]


CODECS: Mapping[str, Callable[[str, Float32], NamedTensor]] = MappingProxyType(
    {"float32": _encode_float32, "float16": _encode_float16, "int8": _encode_int8}
)
