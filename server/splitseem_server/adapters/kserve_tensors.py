"""Tensors of the Open Inference Protocol: JSON, then what it calls binary data, little-endian, no gaps."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_server.adapters.adapter import Foreign, Plain, read_as
from splitseem_server.errors import InvalidParameter, MalformedRequest
from splitseem_server.http.json_text import json_object

Tensor = NDArray[Any]

DATATYPES: Mapping[str, str] = {
    "BOOL": "?",
    "UINT8": "u1",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP32": "<f4",
    "FP64": "<f8",
    "BYTES": "O",
}
"""Those that are read and written here, with what NumPy calls them; an element of BYTES is any bytes."""
MOST_JSON_VALUES = 2**20
"""Of an answer in JSON; more travel as binary data."""


class InputHead(Foreign):
    """What a request says of an input; its elements are in `data`, or follow the JSON."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: Any = None
    parameters: Mapping[str, Any] = {}


class OutputHead(Foreign):
    """An output that is asked for."""

    name: str
    parameters: Mapping[str, Any] = {}


class InferHead(Foreign):
    """The JSON of a request."""

    id: str | None = None
    inputs: tuple[InputHead, ...]
    outputs: tuple[OutputHead, ...] = ()
    parameters: Mapping[str, Any] = {}


@dataclass(frozen=True)
class InferRequest:
    """What is asked: the head, and its inputs by name."""

    head: InferHead
    tensors: Mapping[str, Tensor]

    def is_binary(self, output: str) -> bool:
        """Whether an output is to be binary data."""
        all_of_them = bool(self.head.parameters.get("binary_data_output", False))
        asked = {one.name: one.parameters.get("binary_data", all_of_them) for one in self.head.outputs}
        return bool(asked.get(output, all_of_them))


def read_request(body: bytes, header_length: str | None) -> InferRequest:
    """The body of an inference.

    Args:
        header_length: `Inference-Header-Content-Length`; None: the body is JSON alone.
    Raises:
        MalformedRequest: not JSON, or other bytes than it says. InvalidParameter: a tensor that is none.
    """
    at = len(body) if header_length is None else _length(header_length, len(body))
    head = read_as(InferHead, json_object(body[:at], "`inputs`"))
    tensors: dict[str, Tensor] = {}
    for given in head.inputs:
        size = given.parameters.get("binary_data_size")
        if given.name in tensors:
            raise InvalidParameter(f"the input {given.name[:64]!r} is given twice")
        if size is None:
            tensors[given.name] = _of_json(given)
        else:
            content = body[at : at + _length(str(size), len(body) - at)]
            tensors[given.name] = _of_bytes(given, content)
            at += len(content)
    if at != len(body):
        raise MalformedRequest(f"{len(body) - at} bytes follow the last input")
    return InferRequest(head, tensors)


def _length(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= most):
        raise MalformedRequest(f"{text[:64]!r} bytes; there are {most}")
    return int(text)


def _dtype(given: InputHead) -> np.dtype[Any]:
    if given.datatype not in DATATYPES:
        raise InvalidParameter(
            f"input {given.name[:64]!r} has datatype {given.datatype[:64]!r}; read are {', '.join(DATATYPES)}"
        )
    if any(side < 0 for side in given.shape):
        raise InvalidParameter(f"input {given.name[:64]!r}: a side of the shape is negative")
    return np.dtype(DATATYPES[given.datatype])


def _of_json(given: InputHead) -> Tensor:
    dtype = _dtype(given)
    if dtype.kind == "O":
        raise InvalidParameter(f"input {given.name[:64]!r}: BYTES are read as binary data only")
    if not isinstance(given.data, list):
        raise InvalidParameter(f"input {given.name[:64]!r}: expected a list `data`, or `binary_data_size`")
    try:
        with np.errstate(all="ignore"):
            flat = np.array(given.data, dtype=dtype).ravel()
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidParameter(f"input {given.name[:64]!r}: {error}") from error
    return _shaped(given, flat)


def _of_bytes(given: InputHead, content: bytes) -> Tensor:
    dtype = _dtype(given)
    if dtype.kind == "O":
        elements = list(_elements(content))
        flat = np.empty(len(elements), dtype=dtype)
        flat[:] = elements
    elif len(content) % dtype.itemsize:
        raise InvalidParameter(f"input {given.name[:64]!r}: {len(content)} bytes are no {given.datatype}")
    else:
        flat = np.frombuffer(content, dtype=dtype)
    return _shaped(given, flat)


def _elements(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "little")
        at += 4 + length
        if at > len(content):
            raise MalformedRequest("an element of BYTES is longer than its tensor")
        yield content[at - length : at]


def _shaped(given: InputHead, flat: Tensor) -> Tensor:
    if math.prod(given.shape) != flat.size:
        raise InvalidParameter(
            f"input {given.name[:64]!r}: {flat.size} elements are not of shape {list(given.shape)[:8]}"
        )
    return flat.reshape(given.shape)


def write_answer(
    head: Plain, outputs: Sequence[tuple[str, str, Tensor]], asked: InferRequest
) -> tuple[bytes, int | None]:
    """The body of an answer, and how many of its bytes are JSON; None: all.

    Args:
        outputs: name, datatype and elements of each.
    Raises:
        InvalidParameter: more values in JSON than are written.
    """
    described, binary = [], []
    for name, datatype, tensor in outputs:
        one: Plain = {"name": name, "datatype": datatype, "shape": list(tensor.shape)}
        if asked.is_binary(name):
            content = _packed(datatype, tensor)
            one["parameters"] = {"binary_data_size": len(content)}
            binary.append(content)
        elif tensor.size > MOST_JSON_VALUES:
            raise InvalidParameter(
                f"output {name}: {tensor.size} values; more than {MOST_JSON_VALUES} come as binary data only"
                " (`binary_data`)"
            )
        else:
            one["data"] = tensor.ravel().tolist()
        described.append(one)
    text = json.dumps({**head, "outputs": described}, separators=(",", ":")).encode()
    return b"".join([text, *binary]), len(text) if binary else None


def _packed(datatype: str, tensor: Tensor) -> bytes:
    if datatype != "BYTES":
        return tensor.astype(DATATYPES[datatype]).tobytes()
    elements = [str(element).encode() for element in tensor.ravel()]
    return b"".join(len(element).to_bytes(4, "little") + element for element in elements)
