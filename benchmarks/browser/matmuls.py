"""The matrix products of a graph: how much they are, and a graph of nothing else.

Shapes are those of a real run, so that dynamic axes and what the exporter makes of them need no inference.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

Shape = tuple[int, ...]
Feeds = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class MatMul:
    """`[batch, m, k] @ [batch or 1, k, n]`; the right-hand side is a weight, or computed."""

    batch: int
    m: int
    k: int
    n: int
    weight: bool

    @property
    def flops(self) -> int:
        """A multiplication and an addition are two."""
        return 2 * self.batch * self.m * self.k * self.n


@dataclass(frozen=True)
class Arithmetic:
    """Of one graph at one size; flops of matrix products and of convolutions."""

    matmuls: Counter[MatMul]
    conv_flops: int

    @property
    def flops(self) -> int:
        """All of them."""
        return self.conv_flops + sum(product.flops * count for product, count in self.matmuls.items())


def arithmetic(graph: bytes, feeds: Feeds) -> Arithmetic:
    """Count by running the float32 graph once and reading the sizes of what its products take and give."""
    model = onnx.load_from_string(graph)
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    constants = {node.output[0] for node in model.graph.node if node.op_type == "Constant"}
    nodes = [node for node in model.graph.node if node.op_type in _COUNTED]
    shapes = _shapes(model, sorted({name for node in nodes for name in (*node.input, *node.output)}), feeds)
    shapes |= weights
    matmuls: Counter[MatMul] = Counter()
    conv_flops = 0
    for node in nodes:
        is_weight = node.input[1] in weights or node.input[1] in constants
        counted = _COUNTED[node.op_type](node, shapes, is_weight)
        if isinstance(counted, MatMul):
            matmuls[counted] += 1
        else:
            conv_flops += counted
    return Arithmetic(matmuls, conv_flops)


def _shapes(model: onnx.ModelProto, names: list[str], feeds: Feeds) -> dict[str, Shape]:
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    known = {tensor.name for tensor in probed.graph.initializer}
    given = {value.name for value in probed.graph.input}
    already = {value.name for value in probed.graph.output}
    wanted = [name for name in names if name and name not in known | given]
    probed.graph.output.extend(
        helper.make_empty_tensor_value_info(name) for name in wanted if name not in already
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(probed.SerializeToString(), options, ["CPUExecutionProvider"])
    values = session.run(wanted, {name: feeds[name] for name in (i.name for i in session.get_inputs())})
    found = {name: tuple(value.shape) for name, value in zip(wanted, values, strict=True)}
    return found | {name: tuple(feeds[name].shape) for name in names if name in given}


def _matmul(node: onnx.NodeProto, shapes: Mapping[str, Shape], is_weight: bool) -> MatMul:
    a, b = (shapes[name] for name in node.input[:2])
    *batch, m, k = a if len(a) > 1 else (1, *a)
    if len(b) <= 2:  # one matrix for all rows: ONNX Runtime makes it one product
        return MatMul(1, math.prod(batch) * m, k, b[-1], is_weight)
    return MatMul(math.prod(batch), m, k, b[-1], is_weight)


def _gemm(node: onnx.NodeProto, shapes: Mapping[str, Shape], is_weight: bool) -> MatMul:
    flags = {attribute.name: attribute.i for attribute in node.attribute}
    m, k = shapes[node.input[0]][:: -1 if flags.get("transA") else 1]
    n = shapes[node.input[1]][0 if flags.get("transB") else 1]
    return MatMul(1, m, k, n, is_weight)


def _conv(node: onnx.NodeProto, shapes: Mapping[str, Shape], is_weight: bool) -> int:
    return 2 * math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _conv_transpose(node: onnx.NodeProto, shapes: Mapping[str, Shape], is_weight: bool) -> int:
    _, _, *pixels = shapes[node.input[0]]
    return 2 * math.prod(pixels) * math.prod(shapes[node.input[1]])


_COUNTED: dict[str, Callable[[onnx.NodeProto, Mapping[str, Shape], bool], MatMul | int]] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
}

OPSET = 17
_DRAWN = np.random.default_rng(0)


def products_graph(matmuls: Counter[MatMul]) -> bytes:
    """A graph without inputs that multiplies matrices of these shapes, each as often as counted, and does
    nothing else: what a runtime reaches at best with them.

    To be run without graph optimisation, which would compute it once, in advance.
    """
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, np.ndarray[Any, Any]] = {}
    for product, count in matmuls.items():
        left = _drawn(weights, (product.batch, product.m, product.k))
        right = _drawn(weights, (product.batch, product.k, product.n)[0 if product.batch > 1 else 1 :])
        for i in range(count):
            name = f"product_{product.batch}_{product.m}_{product.k}_{product.n}_{product.weight}_{i}"
            source = right
            if not product.weight:  # hides that it is constant, or it would be packed in advance
                source = f"{name}_right"
                nodes.append(helper.make_node("Identity", [right], [source]))
            nodes.append(helper.make_node("MatMul", [left, source], [name]))
            nodes.append(helper.make_node("Shape", [name], [f"{name}_size"]))
    sizes = [node.output[0] for node in nodes if node.op_type == "Shape"]
    nodes.append(helper.make_node("Concat", sizes, ["sizes"], axis=0))
    graph = helper.make_graph(
        nodes,
        "products",
        [],
        [helper.make_tensor_value_info("sizes", TensorProto.INT64, [None])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _drawn(weights: dict[str, np.ndarray[Any, Any]], shape: Shape) -> str:
    name = "drawn_" + "_".join(map(str, shape))
    if name not in weights:
        weights[name] = _DRAWN.standard_normal(shape, dtype=np.float32)
    return name
