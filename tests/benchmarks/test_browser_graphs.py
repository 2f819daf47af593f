"""The graphs of the browser benchmark."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from benchmarks.browser.feeds import Feed, arrays_of, axes_at, feeds_of
from benchmarks.browser.matmuls import MatMul, arithmetic, products_graph
from benchmarks.browser.official import AsWritten
from benchmarks.browser.sam import EMBEDDING_SHAPE, MASK_SHAPE, export_sam
from onnx import TensorProto, helper, numpy_helper

from splitseem_export.verify import random_features
from splitseem_model.config import preset
from splitseem_model.decode.decoder import PromptDecoder, StepInputs
from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.layers.arrays import CLOSED


def small_graph() -> bytes:
    """A convolution, a product with a weight and a batch of products of two inputs."""
    weights = {
        "kernel": np.zeros((4, 3, 3, 3), dtype=np.float32),
        "weight": np.zeros((8, 5), dtype=np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["map"], pads=[1, 1, 1, 1]),
        helper.make_node("MatMul", ["rows", "weight"], ["projected"]),
        helper.make_node("MatMul", ["query", "key"], ["scores"]),
    ]
    float32 = TensorProto.FLOAT
    inputs: dict[str, list[int | str | None]] = {
        "image": [1, 3, "h0", "w0"],
        "rows": [1, "points", 8],
        "query": [2, 6, 4],
        "key": [2, 4, "24+points"],
    }
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, float32, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, float32, None) for name in ("map", "projected", "scores")],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return bytes(model.SerializeToString())


def session_of(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def test_named_axes_get_the_lengths_of_the_canvas() -> None:
    feeds = feeds_of(small_graph(), axes_at(256, points=3))
    assert feeds[0] == Feed("image", "float32", (1, 3, 8, 8))
    assert feeds[3] == Feed("key", "float32", (2, 4, 27))


def test_products_and_convolutions_are_counted_by_the_shapes_they_have() -> None:
    graph = small_graph()
    found = arithmetic(graph, arrays_of(feeds_of(graph, axes_at(256, points=3))))
    assert found.matmuls == {MatMul(1, 3, 8, 5, weight=True): 1, MatMul(2, 6, 4, 27, weight=False): 1}
    assert found.conv_flops == 2 * 4 * 8 * 8 * 3 * 3 * 3
    assert found.flops == found.conv_flops + 2 * 3 * 8 * 5 + 2 * 2 * 6 * 4 * 27


def test_graph_of_products_runs_every_one_of_them() -> None:
    products = Counter({MatMul(1, 3, 8, 5, weight=True): 2, MatMul(2, 6, 4, 27, weight=False): 1})
    (sizes,) = session_of(products_graph(products)).run(None, {})
    assert sizes.tolist() == [1, 3, 5, 1, 3, 5, 2, 6, 27]


@torch.inference_mode()
def test_decoder_as_written_answers_as_the_core_does() -> None:
    torch.manual_seed(0)
    config = replace(preset("focalt-v1").decoder, dim=64, mask_dim=32, class_dim=16, num_layers=4, ffn_dim=64)
    decoder = PromptDecoder(config).eval()
    levels, mask_features = random_features(decoder, (2, 3), seed=1)
    wiring = WIRINGS[config.wiring]
    index = torch.tensor(wiring.interactive_queries(config.num_queries))
    memories = Slots("memory", config.num_memories)
    points = Slots("point", 2)
    spatial = Slots("spatial", len(index))
    inputs = StepInputs(
        tuple(torch.randn(1, 2, config.dim) for _ in range(3)),
        torch.rand(1, 2, 2),
        torch.tensor([[1, 0]]),
        torch.from_numpy(attention_bias(wiring, [spatial, memories], [points], batch=1)),
        mask_features[:, :1],
    )
    expected = decoder.step(decoder.prepare(levels, mask_features, index), inputs, index)
    rows = [Slots("object", config.num_queries), spatial, memories]
    bias = torch.from_numpy(attention_bias(wiring, rows, [points], batch=1))
    masks, class_embed, mask_embed = AsWritten(decoder)(
        *levels,
        mask_features,
        *inputs.point_features,
        inputs.point_coords,
        inputs.point_labels,
        inputs.previous_mask,
        bias,
    )
    assert bias.min() == CLOSED
    torch.testing.assert_close(mask_embed[:, -len(index) :], expected.mask_embed, atol=1e-4, rtol=0)
    torch.testing.assert_close(class_embed[:, -len(index) :], expected.class_embed, atol=1e-4, rtol=0)
    assert masks.shape == (1, config.num_queries + len(index), *mask_features.shape[2:])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of transformers and of the quantiser are not ours
def test_sam_takes_the_official_embedding_and_gives_one_mask(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="an extra of its own: pip install -e '.[bench]'")
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    export_sam(fp32, int8)
    feeds = {
        "image_embeddings": np.zeros(EMBEDDING_SHAPE, dtype=np.float32),
        "points": np.full((1, 1, 3, 2), 512, dtype=np.float32),
        "labels": np.array([[[1, 0, 1]]]),
    }
    for path in (fp32, int8):
        mask, score = session_of(path.read_bytes()).run(None, feeds)
        assert mask.shape == MASK_SHAPE
        assert score.shape == (1, 1)
    assert 3 < sum(_millions(weight) for weight in onnx.load(fp32).graph.initializer) < 6


def _millions(tensor: onnx.TensorProto) -> float:
    return float(np.prod(tensor.dims)) / 1e6
