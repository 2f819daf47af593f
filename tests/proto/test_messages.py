"""Messages that cannot exist are refused where they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from splitseem_proto import (
    Box,
    Click,
    CocoRle,
    MessageError,
    NamedTensor,
    Polygon,
    Project,
    ProjectImage,
    Prompt,
    Scribble,
    StepResult,
    TextPrompt,
)
from splitseem_proto.vectors.messages import embedding

pytestmark = pytest.mark.unit

MASK = CocoRle((1, 2), (1, 1))
BYTES = np.ones((1, 2), dtype=np.int8)
SCALE = np.ones(2, dtype=np.float32)

REFUSED: dict[str, Callable[[], object]] = {
    "click_nan": lambda: Click(float("nan"), 1),
    "click_label": lambda: Click(1, 1, -1),
    "box_inverted": lambda: Box(5, 0, 1, 9),
    "box_infinite": lambda: Box(0, 0, float("inf"), 9),
    "scribble_empty": lambda: Scribble(()),
    "polygon_line": lambda: Polygon(((0, 0), (1, 1))),
    "text_blank": lambda: TextPrompt("  "),
    "prompt_empty": lambda: Prompt(()),
    "label_without_score": lambda: StepResult(MASK, "dog", None, 0.0),
    "score_nan": lambda: StepResult(MASK, None, None, float("nan")),
    "timing_negative": lambda: StepResult(MASK, None, None, 0.0, {"step_ms": -1}),
    "project_format": lambda: Project((), format=2),
    "project_colour": lambda: Project((), class_colours={"dog": "#00BC9B"}),
    "project_colour_of_blank": lambda: Project((), class_colours={"\t": "#00bc9b"}),
    "project_key": lambda: ProjectImage("a", (1, 1), "", ()),
    "project_size": lambda: ProjectImage("a", (0, 1), None, ()),
    "tensor_name": lambda: NamedTensor("Level 0", BYTES, SCALE),
    "tensor_dtype": lambda: NamedTensor("x", np.ones((1, 2))),
    "tensor_empty": lambda: NamedTensor("x", np.ones((1, 0), dtype=np.float32)),
    "tensor_without_scale": lambda: NamedTensor("x", BYTES),
    "tensor_scale_shape": lambda: NamedTensor("x", BYTES, np.ones(3, dtype=np.float32)),
    "tensor_scale_rank": lambda: NamedTensor("x", np.ones(2, dtype=np.int8), SCALE),
    "tensor_scale_zero": lambda: NamedTensor("x", BYTES, np.zeros(2, dtype=np.float32)),
    "tensor_zero_point_alone": lambda: NamedTensor("x", BYTES.astype(np.float32), None, BYTES[0]),
    "embedding_version": lambda: dataclasses.replace(embedding("int8"), protocol_version=2),
    "embedding_key": lambda: dataclasses.replace(embedding("int8"), key="no"),
    "embedding_fingerprint": lambda: dataclasses.replace(embedding("int8"), fingerprint=""),
    "embedding_codec": lambda: dataclasses.replace(embedding("int8"), codec="float32"),
    "embedding_tensor_missing": lambda: dataclasses.replace(embedding("int8"), tensors=()),
    "embedding_tensor_twice": lambda: dataclasses.replace(
        embedding("int8"), tensors=embedding("int8").tensors * 2
    ),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_impossible_message_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(MessageError):
        make()


def test_missing_tensor_is_named_together_with_the_ones_there_are() -> None:
    with pytest.raises(MessageError, match=r"'panoptic'.*'level0'.*'mask_features'"):
        embedding("int8").tensor("panoptic")


def test_tensors_compare_by_content() -> None:
    left, right = embedding("int8"), embedding("int8")
    assert left == right
    assert left.tensor("level1") != left.tensor("level2")
    assert left.tensor("level1") != dataclasses.replace(
        left.tensor("level1"), zero_point=np.zeros(3, np.int8)
    )
    assert left.tensor("level1") != "level1"
