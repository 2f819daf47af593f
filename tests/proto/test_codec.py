"""Bytes of messages: golden files, refusals, truncation, round trips."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from splitseem_proto import (
    CODECS,
    Box,
    Click,
    CodecError,
    Polygon,
    Project,
    ProjectImage,
    ProjectObject,
    Prompt,
    PromptItem,
    Scribble,
    TextPrompt,
    decode_tensor,
    encode_rle,
    limits,
    pack,
    project_from_dict,
    project_to_dict,
    unpack,
)
from splitseem_proto.errors import Malformed, UnknownMessage, UnsupportedVersion
from splitseem_proto.messages import Embedding
from splitseem_proto.plain import to_plain
from splitseem_proto.schema import MESSAGE_MODELS, SCHEMAS, build_schemas
from splitseem_proto.vectors import VECTORS, build_vectors
from splitseem_proto.vectors.messages import embedding, embedding_plain, packb, valid_messages

pytestmark = pytest.mark.unit

INDEX: dict[str, dict[str, Any]] = json.loads((VECTORS / "index.json").read_text())


def test_golden_files_are_current() -> None:
    files = build_vectors()
    found = {str(path.relative_to(VECTORS)) for path in VECTORS.glob("*/*.msgpack")}
    assert found == {path for path in files if path.endswith(".msgpack")}
    stale = [path for path, data in files.items() if (VECTORS / path).read_bytes() != data]
    assert not stale, "run `python -m splitseem_proto.vectors`"


def test_schemas_are_current() -> None:
    stale = [name for name, data in build_schemas().items() if (SCHEMAS / name).read_bytes() != data]
    assert not stale, "run `python -m splitseem_proto.schema`"


@pytest.mark.parametrize("name", INDEX["valid"])
def test_valid_golden_file_has_the_content_of_the_index(name: str) -> None:
    entry = INDEX["valid"][name]
    message = unpack((VECTORS / entry["file"]).read_bytes())
    plain = to_plain(message)
    if isinstance(message, Embedding):
        expected = entry["content"]["tensors"]
        assert [tensor.name for tensor in message.tensors] == [tensor["name"] for tensor in expected]
        for tensor, content in zip(message.tensors, expected, strict=True):
            values = np.array(content["values"], dtype=np.float32).reshape(content["shape"])
            np.testing.assert_array_equal(decode_tensor(tensor), values)
        plain["tensors"] = expected
    assert plain == entry["content"]


@pytest.mark.parametrize("name", INDEX["valid"])
def test_schema_takes_what_the_codec_takes(name: str) -> None:
    message = unpack((VECTORS / INDEX["valid"][name]["file"]).read_bytes())
    MESSAGE_MODELS[message.type].model_validate(to_plain(message))


@pytest.mark.parametrize("name", INDEX["invalid"])
def test_invalid_golden_file_is_refused(name: str) -> None:
    entry = INDEX["invalid"][name]
    with pytest.raises(CodecError) as refusal:
        unpack((VECTORS / entry["file"]).read_bytes())
    assert refusal.value.kind == entry["refusal"]


def test_version_refusal_names_both_versions() -> None:
    with pytest.raises(UnsupportedVersion, match=r"version 7\b.*version 1\b"):
        unpack(packb({**embedding_plain(), "protocol_version": 7}))


@pytest.mark.parametrize("name", ["embedding_int8", "prompt_all_kinds", "project"])
def test_every_truncation_is_refused(name: str) -> None:
    data = (VECTORS / "valid" / f"{name}.msgpack").read_bytes()
    for length in range(len(data)):
        with pytest.raises(Malformed):
            unpack(data[:length])


def test_message_over_the_size_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    message = embedding("float32")
    data = pack(message)
    monkeypatch.setattr(limits, "MAX_MESSAGE_BYTES", len(data) - 1)
    with pytest.raises(CodecError, match="at most"):
        unpack(data)
    with pytest.raises(CodecError, match="at most"):
        pack(message)


def test_pack_refuses_what_unpack_would_refuse() -> None:
    with pytest.raises(CodecError, match="at most"):
        pack(Prompt((TextPrompt("x" * (limits.MAX_TEXT_BYTES + 1)),)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_with_a_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        unpack(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_byte_gives_a_message_or_a_codec_error(data: st.DataObject) -> None:
    good = bytearray(pack(valid_messages()[data.draw(st.sampled_from(["embedding_int8", "project"]))]))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        unpack(bytes(good))
    except CodecError:
        pass


coordinates = st.floats(allow_nan=False, allow_infinity=False)
points = st.tuples(coordinates, coordinates)
labels = st.integers(0, 1)
boxes = st.tuples(points, points).filter(lambda ends: ends[0][0] < ends[1][0] and ends[0][1] < ends[1][1])
items: st.SearchStrategy[PromptItem] = st.one_of(
    st.builds(Click, coordinates, coordinates, labels),
    boxes.map(lambda ends: Box(*ends[0], *ends[1])),
    st.builds(Scribble, st.lists(points, min_size=1, max_size=9).map(tuple), labels),
    st.builds(Polygon, st.lists(points, min_size=3, max_size=9).map(tuple)),
    st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip())).map(TextPrompt),
)


@settings(deadline=None)
@given(st.lists(items, min_size=1, max_size=6))
def test_prompt_round_trip(prompt_items: list[PromptItem]) -> None:
    prompt = Prompt(tuple(prompt_items))
    assert unpack(pack(prompt)) == prompt


@settings(deadline=None)
@given(
    st.lists(items, max_size=4), st.one_of(st.none(), coordinates), st.one_of(st.none(), st.text(max_size=9))
)
def test_project_survives_json(
    prompt_items: list[PromptItem], score: float | None, label: str | None
) -> None:
    mask = encode_rle(np.eye(5, 7, dtype=bool))
    saved = ProjectObject(tuple(prompt_items), mask, label, score, {"step_ms": 1.5})
    project = Project((ProjectImage("a.jpg", (5, 7), "ab" * 32, (saved,)),))
    assert project_from_dict(json.loads(json.dumps(project_to_dict(project)))) == project


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).filter(
    lambda name: bool(name.strip())
)
colours = st.from_regex("#[0-9a-f]{6}", fullmatch=True)


@settings(deadline=None)
@given(st.dictionaries(names, colours, max_size=6))
def test_colours_of_classes_survive_json_and_msgpack(class_colours: dict[str, str]) -> None:
    project = Project((), class_colours=class_colours)
    assert unpack(pack(project)) == project
    plain = json.loads(json.dumps(project_to_dict(project)))
    assert project_from_dict(plain) == project
    assert ("class_colours" in plain) == bool(class_colours)


def test_a_colour_that_cannot_be_read_is_named_with_its_class() -> None:
    with pytest.raises(CodecError, match=r"colour 'green' of class 'dog' must be # and 6 digits"):
        project_from_dict({**project_to_dict(Project(())), "class_colours": {"dog": "green"}})


def test_reading_a_project_refuses_another_message() -> None:
    with pytest.raises(UnknownMessage, match="expected a project"):
        project_from_dict(to_plain(valid_messages()["prompt_click"]))


@pytest.mark.parametrize("codec", CODECS)
def test_embedding_round_trip_keeps_every_bit(codec: str) -> None:
    message = embedding(codec)
    assert unpack(pack(message)) == message


def test_unpacked_tensor_decodes_to_a_writable_copy() -> None:
    message = unpack(pack(embedding("float32")))
    assert isinstance(message, Embedding)
    values = decode_tensor(message.tensor("level1"))
    values += 1
    assert message.tensor("level1") == embedding("float32").tensor("level1")
