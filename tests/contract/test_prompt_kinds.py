"""A kind of prompt is a class of fields and a row of points; a made-up one goes the whole way in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pytest

from splitseem_model.predictor import Predictor
from splitseem_model.prompt.prompts import prompt_points
from splitseem_model.prompt.shapes import PROMPT_SHAPES, PromptShape
from splitseem_proto import (
    Click,
    CocoRle,
    CodecError,
    ImageGeometry,
    Project,
    ProjectImage,
    ProjectObject,
    Prompt,
    PromptItem,
    from_plain,
    pack,
    to_plain,
    unpack,
)
from splitseem_proto.prompt_items import PROMPT_KINDS
from splitseem_proto.schema import item_model
from splitseem_proto.wire import LaterLabel, Number, Stroke

pytestmark = pytest.mark.unit

GEOMETRY = ImageGeometry.whole_image((100, 100), (100, 100), (128, 128))


@pytest.fixture
def spray(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A kind that nothing knows: dots of one width."""
    row = PromptShape(
        places=lambda item: item.points_xy,
        points=lambda item, *_: [(x, y, item.label) for x, y in item.points_xy],
    )
    monkeypatch.setitem(cast(dict[str, PromptShape], PROMPT_SHAPES), "spray", row)

    @dataclass(frozen=True)
    class Spray(PromptItem):
        """Dots."""

        kind: ClassVar[str] = "spray"

        points_xy: Stroke
        width: Number
        label: LaterLabel = 1

    yield Spray
    del cast(dict[str, type[PromptItem]], PROMPT_KINDS)["spray"]


def test_every_kind_has_its_row_of_points() -> None:
    assert PROMPT_SHAPES.keys() == PROMPT_KINDS.keys()


def test_a_made_up_kind_is_written_and_read(spray: Any) -> None:
    items = (Click(1.0, 2.0), spray(((1.5, 2.5), (3.0, 4.0)), 6.0), spray(((5.0, 5.0),), 1.0, 0))
    prompt = Prompt(items)
    assert unpack(pack(prompt)) == prompt
    assert to_plain(prompt)["items"][1:] == [
        {"kind": "spray", "points_xy": [[1.5, 2.5], [3.0, 4.0]], "width": 6.0},
        {"kind": "spray", "points_xy": [[5.0, 5.0]], "width": 1.0, "label": 0},
    ]
    objects = (ProjectObject(items, CocoRle((1, 1), (1,)), None, None),)
    project = Project((ProjectImage("a.png", (1, 1), None, objects),))
    assert from_plain(to_plain(project)) == project


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"points_xy": [[1, 2]]}, "missing-field", "items[0]: field 'width' is missing"),
        ({"points_xy": [[1]], "width": 1}, "wrong-type", "points_xy[0]: expected an array of 2"),
        ({"points_xy": [[1, 2]], "width": True}, "wrong-type", "width: expected a number, got bool"),
        ({"points_xy": [[1, 2]], "width": 1, "label": 1.0}, "wrong-type", "label: expected an integer"),
    ],
)
def test_a_made_up_kind_is_refused_like_any_other(
    spray: Any, fields: dict[str, Any], kind: str, message: str
) -> None:
    plain = {"type": "prompt", "protocol_version": 1, "items": [{"kind": "spray", **fields}]}
    with pytest.raises(CodecError) as refused:
        from_plain(plain)
    assert refused.value.kind == kind
    assert message in str(refused.value)


def test_the_schema_of_a_made_up_kind_follows_from_its_class(spray: Any) -> None:
    schema = item_model(spray).model_json_schema()
    assert schema["title"] == "SprayItem"
    assert schema["description"] == "Dots."
    assert schema["required"] == ["kind", "points_xy", "width"]
    assert schema["properties"]["kind"]["const"] == "spray"
    assert schema["properties"]["label"] == {
        "default": 1,
        "enum": [0, 1],
        "title": "Label",
        "type": "integer",
    }


def test_a_made_up_kind_segments(spray: Any) -> None:
    points = prompt_points([spray(((10.0, 20.0), (30.0, 40.0)), 3.0)], GEOMETRY)
    assert points.coords.tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert points.labels.tolist() == [1, 1]
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.zeros((100, 100, 3), np.uint8))
    sprayed = predictor.step(image, [spray(((10.0, 20.0),), 3.0)])
    np.testing.assert_array_equal(sprayed.mask_logits, predictor.step(image, [Click(10.0, 20.0)]).mask_logits)


def test_an_unknown_kind_names_those_that_there_are() -> None:
    plain = {"type": "prompt", "protocol_version": 1, "items": [{"kind": "spray"}]}
    with pytest.raises(
        CodecError,
        match=r"unknown name 'spray'; known are click, box, scribble, polygon, text, paint, mask, repair$",
    ):
        from_plain(plain)
