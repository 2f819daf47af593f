"""Graphs made smaller: constants computed before they are written, weights stored in fewer bits.

A storage precision changes what is downloaded, not how the graph computes: the weights are expanded to
float32 by operators that read constants only, which ONNX Runtime runs once, when it opens the graph.
"""

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from splitseem_export.errors import ExportError

FLOAT32 = "float32"
SMALL = 256
"""Constants with at most this number of elements stay float32."""
BLOCK = 32
"""Integers that share a scale."""
PICKED = "rows"
"""Graph input whose product with a table picks rows of it, instead of summing them up."""
_PICKED_BLOCK = 512
"""Integers that share a scale in such a table: of smaller blocks entropy coding leaves more, and what a
browser loads of an official decoder is to stay below 45 MB."""
_CLIPS = tuple(np.linspace(0.8, 1.0, 9))
"""Shares of the largest weight of a block that are tried as the end of its integer range."""
_LIMIT = 127
_TINY = 1e-7
"""The least scale: float16 can hold it."""

Array = NDArray[Any]


def stored(graph: bytes, precision: str) -> bytes:
    """The graph with its constants computed and its weights in a precision of `PRECISIONS`.

    Raises:
        ExportError: an unknown precision.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"unknown precision {precision!r}; known: {', '.join(PRECISIONS)}")
    return _with_short_names(PRECISIONS[precision](folded(graph)))


def folded(graph: bytes) -> bytes:
    """The graph after the optimisations of ONNX Runtime that use standard operators only, and so run
    everywhere: what depends on weights alone is computed, what is not needed is gone."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return Path(options.optimized_model_filepath).read_bytes()


def _as_float16(graph: bytes) -> bytes:
    return _restored(graph, lambda _, array: _Float16(array))


def _as_int8(graph: bytes) -> bytes:
    model = onnx.load_from_string(graph)
    axes, tables = summed_axes(model), picked_tables(model)

    def smaller(name: str, array: Array) -> _Float16 | _Integers:
        if name in tables:
            return _Integers(array, (1,), _PICKED_BLOCK)
        return _Integers(array, axes[name]) if name in axes else _Float16(array)

    return _restored(graph, smaller)


PRECISIONS: dict[str, Callable[[bytes], bytes]] = {
    FLOAT32: lambda graph: graph,
    "float16": _as_float16,
    "int8": _as_int8,
}

PRECISION_OF_PROVIDER = {"wasm": "int8", "webgpu": "int8"}
"""What the browser client loads by default: the smallest that costs no accuracy. Both providers compute in
float32 whatever they load."""


class _Float16:
    """Half the bytes."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def parts(self, name: str) -> tuple[list[TensorProto], list[onnx.NodeProto]]:
        """What stands for the weight of that name: constants, and the operators that make it from them."""
        short = numpy_helper.from_array(self._array.astype(np.float16), f"{name}.half")
        return [short], [helper.make_node("Cast", [short.name], [name], to=TensorProto.FLOAT)]


class _Integers:
    """A quarter of the bytes: integers of -127 to 127, times a float16 scale for every `BLOCK` of those that
    the product sums up."""

    def __init__(self, array: Array, summed: tuple[int, ...], block: int = BLOCK) -> None:
        """`summed` are the axes that the product sums over, next to each other."""
        blocks, self._members = in_blocks(array, summed, block)
        self._shape = array.shape
        self._whole, self._scale = quantised(blocks, self._members)

    def parts(self, name: str) -> tuple[list[TensorProto], list[onnx.NodeProto]]:
        """As for `_Float16`."""
        shape = np.array(self._shape, np.int64)
        constants: dict[str, Array] = {"whole": self._whole, "scale": self._scale, "shape": shape}
        nodes = [
            helper.make_node("Cast", [f"{name}.whole"], [f"{name}.units"], to=TensorProto.FLOAT),
            helper.make_node("Cast", [f"{name}.scale"], [f"{name}.unit"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.units", f"{name}.unit"], [f"{name}.blocks"]),
            helper.make_node("Reshape", [f"{name}.blocks", f"{name}.shape"], [name]),
        ]
        return [numpy_helper.from_array(array, f"{name}.{part}") for part, array in constants.items()], nodes


def in_blocks(array: Array, summed: tuple[int, ...], block: int = BLOCK) -> tuple[Array, int]:
    """The summed axes as two, blocks and members of a block, and the place of the second; there is one block
    where they cannot be cut evenly."""
    first, length = summed[0], int(np.prod([array.shape[axis] for axis in summed]))
    members = block if length % block == 0 else length
    shape = (*array.shape[:first], length // members, members, *array.shape[summed[-1] + 1 :])
    return array.reshape(shape), first + 1


def quantised(array: Array, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Integers of -127 to 127, and the scale of all that lie along `axis`: of several ends of the range
    the one with the least squared error."""
    largest = np.abs(array).max(axis, keepdims=True)
    best = np.full(largest.shape, np.inf)
    scale = np.ones(largest.shape, np.float16)
    for clip in _CLIPS:
        tried = np.maximum(largest * clip / _LIMIT, _TINY).astype(np.float16)
        error = ((_units(array, tried) * tried.astype(np.float32) - array) ** 2).sum(axis, keepdims=True)
        scale, best = np.where(error < best, tried, scale), np.minimum(error, best)
    return _units(array, scale).astype(np.int8), scale


def _units(array: Array, scale: Array) -> Array:
    return np.clip(np.round(array / scale.astype(np.float32)), -_LIMIT, _LIMIT)


def summed_axes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Weights of products -> the axes that are summed over. Convolutions are few and stay in float16: they
    draw the masks, and the bytes are not worth the clicks."""
    ranks = {tensor.name: len(tensor.dims) for tensor in model.graph.initializer}
    axes: dict[str, tuple[int, ...]] = {}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if ranks.get(name, 0) > 1 and (summed := _summed_axes(node, place, ranks[name])):
                axes[name] = summed
    return axes


def picked_tables(model: onnx.ModelProto) -> set[str]:
    """Tables that `PICKED` picks rows of; what is summed then, by a convolution, is along a row."""
    return {
        node.input[1]
        for node in model.graph.node
        if node.op_type in ("MatMul", "Gemm") and node.input[0] == PICKED
    }


def _summed_axes(node: onnx.NodeProto, place: int, rank: int) -> tuple[int, ...]:
    if node.op_type == "Gemm" and place == 1:
        transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
        return (1,) if transposed else (0,)
    if node.op_type == "MatMul":
        return (rank - 2,) if place == 1 else (rank - 1,)
    return ()


def _restored(graph: bytes, stored_as: Callable[[str, Array], "_Float16 | _Integers"]) -> bytes:
    """Every large float32 constant in another form, and the operators that bring it back."""
    model = onnx.load_from_string(graph)
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALL:
            kept.append(tensor)
            continue
        constants, made_by = stored_as(tensor.name, numpy_helper.to_array(tensor)).parts(tensor.name)
        kept += constants
        nodes += made_by
    nodes += list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _with_short_names(graph: bytes) -> bytes:
    """Names of nodes and inner tensors are a tenth of a small file."""
    model = onnx.load_from_string(graph)
    del model.graph.value_info[:]
    public = {"", *(tensor.name for tensor in (*model.graph.input, *model.graph.output))}
    fresh = _short_names(public)
    short = {name: name for name in public}
    for tensor in model.graph.initializer:
        tensor.name = short.setdefault(tensor.name, next(fresh))
    for node in model.graph.node:
        node.name = ""
        node.doc_string = ""
        for names in (node.input, node.output):
            names[:] = [short.setdefault(name, next(fresh)) for name in names]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _short_names(taken: set[str]) -> Iterator[str]:
    return (name for i in count() if (name := np.base_repr(i, 36).lower()) not in taken)
