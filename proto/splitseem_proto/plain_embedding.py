"""Embeddings <-> plain data; see `plain.py`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from splitseem_proto import limits
from splitseem_proto.errors import (
    Duplicate,
    InvalidValue,
    LimitExceeded,
    MissingField,
    NonFinite,
    PayloadMismatch,
)
from splitseem_proto.fields import (
    Plain,
    binary,
    build,
    fixed,
    integer,
    known,
    mapping,
    required,
    sequence,
    text,
)
from splitseem_proto.geometry import ImageGeometry
from splitseem_proto.messages import CODEC_DTYPES, PROTOCOL_VERSION, Embedding, required_maps
from splitseem_proto.ten_bits import pack_ten_bits, packed_size, unpack_ten_bits
from splitseem_proto.tensors import NamedTensor

# Of the array in memory; the values of uint10 come from and go to fewer bits.
_DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "float32": np.dtype("<f4"),
        "float16": np.dtype("<f2"),
        "int8": np.dtype("i1"),
        "uint8": np.dtype("u1"),
        "uint10": np.dtype("u2"),
    }
)
_name = text(limits.MAX_NAME_BYTES)
_pair = fixed(integer, length=2)


def write_embedding(embedding: Embedding) -> Plain:
    """Fields of an embedding, in wire order."""
    geometry = embedding.geometry
    return {
        "fingerprint": embedding.fingerprint,
        "key": embedding.key,
        "geometry": {
            "original_hw": list(geometry.original_hw),
            "roi_xywh": list(geometry.roi_xywh),
            "input_hw": list(geometry.input_hw),
            "padded_hw": list(geometry.padded_hw),
        },
        "codec": embedding.codec,
        "tensors": [_write_tensor(tensor) for tensor in embedding.tensors],
    }


def _write_tensor(tensor: NamedTensor) -> Plain:
    plain: Plain = {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.array.shape),
        "data": _stored(tensor).tobytes(),
    }
    if tensor.scale is not None:
        plain["scale"] = tensor.scale.astype("<f4", copy=False).tobytes()
    if tensor.zero_point is not None:
        plain["zero_point"] = tensor.zero_point.tobytes()
    if tensor.offset is not None:
        plain["offset"] = tensor.offset.astype("<f4", copy=False).tobytes()
    return plain


def _stored(tensor: NamedTensor) -> NDArray[Any]:
    if tensor.dtype == "uint10":
        return pack_ten_bits(tensor.array)
    return tensor.array.astype(_DTYPES[tensor.dtype], copy=False)


def read_embedding(plain: Plain, where: str) -> Embedding:
    """The embedding that the fields describe; arrays are views of the binary data."""
    fingerprint = required(plain, "fingerprint", _name, where)
    key = required(plain, "key", _name, where)
    geometry = required(plain, "geometry", _read_geometry, where)
    codec = known(required(plain, "codec", _name, where), CODEC_DTYPES, f"{where}.codec")
    tensors = required(plain, "tensors", sequence(_read_tensor, limit=limits.MAX_TENSORS), where)
    names = [tensor.name for tensor in tensors]
    if len(set(names)) != len(names):
        raise Duplicate(f"{where}.tensors: a name appears twice in {names}")
    for name in required_maps(names):
        if name not in names:
            raise MissingField(f"{where}.tensors: tensor {name!r} is missing")
    return build(lambda: Embedding(PROTOCOL_VERSION, fingerprint, key, geometry, codec, tensors), where)


def _read_geometry(value: object, where: str) -> ImageGeometry:
    plain = mapping(value, where)
    original_hw = required(plain, "original_hw", _pair, where)
    roi_xywh = required(plain, "roi_xywh", fixed(integer, length=4), where)
    input_hw = required(plain, "input_hw", _pair, where)
    padded_hw = required(plain, "padded_hw", _pair, where)
    return build(
        lambda: ImageGeometry(
            cast(tuple[int, int], original_hw),
            cast(tuple[int, int, int, int], roi_xywh),
            cast(tuple[int, int], input_hw),
            cast(tuple[int, int], padded_hw),
        ),
        where,
    )


def _read_tensor(value: object, where: str) -> NamedTensor:
    plain = mapping(value, where)
    name = required(plain, "name", _name, where)
    dtype = known(required(plain, "dtype", _name, where), _DTYPES, f"{where}.dtype")
    shape = required(plain, "shape", _read_shape, where)
    data = required(plain, "data", binary, where)
    read = _ten_bits if dtype == "uint10" else _array
    array = read(data, _DTYPES[dtype], shape, f"{where}.data")
    channels = shape[1:2] or (0,)
    scale = _optional_array(plain, "scale", _DTYPES["float32"], channels, where)
    zero_point = _optional_array(plain, "zero_point", _DTYPES["int8"], channels, where)
    offset = _optional_array(plain, "offset", _DTYPES["float32"], channels, where)
    for what, values in (("scale", scale), ("offset", offset)):
        if values is not None and not np.isfinite(values).all():
            raise NonFinite(f"{where}.{what}: {what}s must be finite")
    return build(lambda: NamedTensor(name, array, scale, zero_point, offset), where)


def _read_shape(value: object, where: str) -> tuple[int, ...]:
    shape = sequence(integer, limit=limits.MAX_TENSOR_RANK)(value, where)
    if not shape or min(shape) < 1:
        raise InvalidValue(
            f"{where}: {list(shape)} must have rank 1 to {limits.MAX_TENSOR_RANK}, no size below 1"
        )
    if max(shape) > limits.MAX_DIMENSION or math.prod(shape) > limits.MAX_TENSOR_ELEMENTS:
        raise LimitExceeded(
            f"{where}: {list(shape)} exceeds {limits.MAX_DIMENSION} in one dimension or"
            f" {limits.MAX_TENSOR_ELEMENTS} elements"
        )
    return shape


def _optional_array(
    plain: Plain, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], where: str
) -> NDArray[Any] | None:
    data = plain.get(name)
    if data is None:
        return None
    return _array(binary(data, f"{where}.{name}"), dtype, shape, f"{where}.{name}")


def _array(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], where: str) -> NDArray[Any]:
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise PayloadMismatch(
            f"{where}: {len(data)} bytes, {dtype.name} {list(shape)} needs exactly {expected} bytes"
        )
    return np.frombuffer(data, dtype).reshape(shape)


def _ten_bits(data: bytes, _: np.dtype[Any], shape: tuple[int, ...], where: str) -> NDArray[Any]:
    count = math.prod(shape)
    packed = _array(data, _DTYPES["uint8"], (packed_size(count),), where)
    if count % 4 and packed[-1] >> 2 * (count % 4):
        raise InvalidValue(f"{where}: the last bits are beyond the values, so they must be 0")
    return unpack_ten_bits(packed, count).reshape(shape)
