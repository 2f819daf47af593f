"""Codecs keep the error that their docstring promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from splitseem_proto import CODECS, NamedTensor, QuantizeError, decode_tensor, encode_tensor
from splitseem_proto.ten_bits import pack_ten_bits, packed_size, unpack_ten_bits

pytestmark = pytest.mark.unit

shapes = st.tuples(st.just(1), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))


def arrays(limit: float) -> st.SearchStrategy[NDArray[np.float32]]:
    bound = float(np.float32(limit))
    return hnp.arrays(np.float32, shapes, elements=st.floats(-bound, bound, width=32))


@settings(deadline=None)
@given(arrays(3e38))
def test_float32_is_exact(values: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(decode_tensor(encode_tensor("x", values, "float32")), values)


@settings(deadline=None)
@given(arrays(65504))
def test_float16_keeps_its_error_bound(values: NDArray[np.float32]) -> None:
    error = np.abs(decode_tensor(encode_tensor("x", values, "float16")).astype(np.float64) - values)
    assert (error <= np.abs(values).astype(np.float64) / 2048 + 2.0**-25).all()


@settings(deadline=None)
@given(arrays(3e38))
def test_int8_keeps_its_error_bound(values: NDArray[np.float32]) -> None:
    error = np.abs(decode_tensor(encode_tensor("x", values, "int8")).astype(np.float64) - values)
    largest = np.abs(values).max(axis=(0, 2, 3), keepdims=True).astype(np.float64)
    bound = np.where(largest < 1.5e-36, largest, largest / 254 + largest * 2.0**-23)
    assert (error <= bound).all()


@settings(deadline=None)
@given(arrays(1e38), st.sampled_from([("uint10", 1023), ("uint8", 255)]))
def test_unsigned_codecs_keep_their_error_bound(values: NDArray[np.float32], codec: tuple[str, int]) -> None:
    name, most = codec
    error = np.abs(decode_tensor(encode_tensor("x", values, name)).astype(np.float64) - values)
    wide = values.astype(np.float64)
    reach = wide.max(axis=(0, 2, 3), keepdims=True) - wide.min(axis=(0, 2, 3), keepdims=True)
    largest = np.abs(wide).max(axis=(0, 2, 3), keepdims=True)
    bound = np.where(reach / most < 2e-38, reach, reach / (2 * most)) + largest * 2.0**-22
    assert (error <= bound).all()


def test_a_channel_of_one_value_is_exact() -> None:
    values = np.full((1, 2, 3, 3), 12.7, dtype=np.float32)
    np.testing.assert_array_equal(decode_tensor(encode_tensor("x", values, "uint8")), values)


def test_a_range_beyond_float32_is_refused() -> None:
    with pytest.raises(QuantizeError, match="range"):
        encode_tensor("x", np.array([[[3e38, -3e38]]], dtype=np.float32), "uint8")


@settings(deadline=None)
@given(hnp.arrays(np.uint16, st.integers(1, 9), elements=st.integers(0, 1023)))
def test_ten_bits_round_trip(values: NDArray[np.uint16]) -> None:
    packed = pack_ten_bits(values)
    assert packed.size == packed_size(values.size)
    np.testing.assert_array_equal(unpack_ten_bits(packed, values.size), values)


def test_int8_channel_of_zeros_has_scale_one_and_is_exact() -> None:
    values = np.zeros((1, 2, 3, 3), dtype=np.float32)
    values[:, 1] = 12.7
    tensor = encode_tensor("x", values, "int8")
    assert tensor.scale is not None
    np.testing.assert_allclose(tensor.scale, [1.0, 0.1], rtol=1e-6)
    assert tensor.zero_point is None
    assert not decode_tensor(tensor)[:, 0].any()
    assert tensor.array[0, 1].tolist() == [[127] * 3] * 3


def test_zero_point_is_subtracted_before_scaling() -> None:
    array = np.array([[[-3, 5]], [[0, 1]]], dtype=np.int8).transpose(1, 0, 2)  # [1, 2, 2]
    scale = np.array([0.5, 2.0], dtype=np.float32)
    tensor = NamedTensor("x", np.ascontiguousarray(array), scale, np.array([-3, 1], dtype=np.int8))
    assert decode_tensor(tensor).tolist() == [[[0.0, 4.0], [-2.0, 0.0]]]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(codec: str, value: float) -> None:
    with pytest.raises(QuantizeError, match="finite"):
        encode_tensor("x", np.array([[1, value]], dtype=np.float32), codec)


def test_values_beyond_float16_are_refused() -> None:
    with pytest.raises(QuantizeError, match="65504"):
        encode_tensor("x", np.array([[65505]], dtype=np.float32), "float16")


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(QuantizeError, match="float64"):
        encode_tensor("x", np.ones((1, 2)), "int8")  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["int8", "uint10", "uint8"])
def test_integers_without_channel_axis_are_refused(codec: str) -> None:
    with pytest.raises(QuantizeError, match="channel"):
        encode_tensor("x", np.ones(3, dtype=np.float32), codec)


@pytest.mark.parametrize("codec", ["int4", "uint4", "small"])
def test_unknown_codec_names_the_known_ones(codec: str) -> None:
    with pytest.raises(QuantizeError, match=f"{codec}.*float32, float16, int8, uint10, uint8$"):
        encode_tensor("x", np.ones((1, 2), dtype=np.float32), codec)


def test_decoding_a_transposed_array_keeps_its_values() -> None:
    values = np.arange(24, dtype=np.float32).reshape(1, 4, 3, 2).transpose(0, 2, 1, 3)
    decoded = decode_tensor(encode_tensor("x", values, "float32"))
    np.testing.assert_array_equal(decoded, values)
    assert decoded.flags.c_contiguous
