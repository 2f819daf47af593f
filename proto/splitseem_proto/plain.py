"""Messages <-> plain data: maps, arrays, strings, numbers and binary, as they stand in msgpack and in JSON.

`to_plain` writes fields in a fixed order, so that the same message always has the same bytes. `from_plain`
ignores fields it does not know, and refuses everything else that it does not expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

from splitseem_proto import limits
from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.errors import LimitExceeded, UnknownMessage, UnsupportedVersion
from splitseem_proto.fields import (
    Plain,
    Reader,
    boolean,
    build,
    fixed,
    integer,
    known,
    mapping,
    nullable,
    number,
    required,
    sequence,
    text,
)
from splitseem_proto.messages import (
    ATTRIBUTE_KINDS,
    LABEL_ORIGINS,
    OVERLAPS,
    PHOTO_STATES,
    PROJECT_FORMAT,
    PROTOCOL_VERSION,
    ClassAttribute,
    Embedding,
    Message,
    Project,
    ProjectImage,
    ProjectObject,
    Prompt,
    StepResult,
)
from splitseem_proto.plain_embedding import read_embedding, write_embedding
from splitseem_proto.prompt_items import PROMPT_KINDS, PromptItem
from splitseem_proto.wire import read_fields, write_fields

_T = TypeVar("_T")
_Roi = tuple[int, int, int, int]

_name = text(limits.MAX_NAME_BYTES)
_text = text(limits.MAX_TEXT_BYTES)
_pair = fixed(integer, length=2)
_four = fixed(integer, length=4)


def to_plain(message: Message) -> Plain:
    """The message as plain data, with `type` and `protocol_version` first."""
    return {
        "type": message.type,
        "protocol_version": PROTOCOL_VERSION,
        **_WRITERS[type(message)](message),
    }


def from_plain(plain: object) -> Message:
    """The message that plain data describe.

    Raises:
        CodecError: one subclass per refusal, see `errors.py`.
    """
    top = mapping(plain, "message")
    version = required(top, "protocol_version", integer, "message")
    if version != PROTOCOL_VERSION:
        raise UnsupportedVersion(
            f"message written in protocol version {version}, this reader knows version {PROTOCOL_VERSION}"
        )
    name = required(top, "type", _name, "message")
    read = _READERS.get(name)
    if read is None:
        raise UnknownMessage(f"unknown message type {name!r}; known are {', '.join(_READERS)}")
    return read(top, name)


def project_to_dict(project: Project) -> Plain:
    """The project as data for `json.dumps`: what the browser client saves."""
    return to_plain(project)


def project_from_dict(plain: object) -> Project:
    """The project that `json.loads` of a saved file gives.

    Raises:
        CodecError: not a project, see `errors.py`.
    """
    message = from_plain(plain)
    if not isinstance(message, Project):
        raise UnknownMessage(f"expected a project, got a message of type {message.type!r}")
    return message


# Prompt


def _write_prompt(prompt: Prompt) -> Plain:
    return {"items": [_write_item(item) for item in prompt.items]}


def _write_item(item: PromptItem) -> Plain:
    return {"kind": item.kind, **write_fields(item, item.wire)}


def _read_prompt(plain: Plain, where: str) -> Prompt:
    items = required(plain, "items", _items, where)
    return build(lambda: Prompt(items), where)


def _read_item(value: object, where: str) -> PromptItem:
    plain = mapping(value, where)
    name = known(required(plain, "kind", _name, where), PROMPT_KINDS, f"{where}.kind")
    fields = read_fields(PROMPT_KINDS[name].wire, plain, where)
    return build(lambda: PROMPT_KINDS[name](**fields), where)


_items = sequence(_read_item, limit=limits.MAX_PROMPT_ITEMS)


# Step result


def _write_rle(rle: CocoRle) -> Plain:
    return {"size": list(rle.size), "counts": list(rle.counts)}


def _read_rle(value: object, where: str) -> CocoRle:
    plain = mapping(value, where)
    size = cast(tuple[int, int], required(plain, "size", _pair, where))
    counts = required(plain, "counts", sequence(integer, limit=limits.MAX_RLE_COUNTS), where)
    return build(lambda: CocoRle(size, counts), where)


def _read_timings(value: object, where: str) -> dict[str, float]:
    plain = mapping(value, where)
    if len(plain) > limits.MAX_TIMINGS:
        raise LimitExceeded(f"{where}: {len(plain)} timings, at most {limits.MAX_TIMINGS} are allowed")
    return {_name(name, where): number(item, f"{where}.{name}") for name, item in plain.items()}


def _write_step_result(result: StepResult) -> Plain:
    return {
        "mask": _write_rle(result.mask),
        "label": result.label,
        "label_score": result.label_score,
        "score": result.score,
        "timings": dict(result.timings),
    }


def _read_step_result(plain: Plain, where: str) -> StepResult:
    mask = required(plain, "mask", _read_rle, where)
    label = required(plain, "label", nullable(_text), where)
    label_score = required(plain, "label_score", nullable(number), where)
    score = required(plain, "score", number, where)
    timings = required(plain, "timings", _read_timings, where)
    return build(lambda: StepResult(mask, label, label_score, score, timings), where)


# Project

_class_names = nullable(sequence(_text, limit=limits.MAX_CLASS_NAMES))


def _write_project(project: Project) -> Plain:
    plain: Plain = {"format": project.format, "images": [_write_image(image) for image in project.images]}
    lists = {"class_names": project.class_names, "classes": project.classes}
    given = {name: list(names) for name, names in lists.items() if names is not None}
    attributes = [_write_attribute(one) for one in project.attributes] or None
    colours = dict(project.class_colours) or None
    return plain | given | _given(attributes=attributes, overlap=project.overlap, class_colours=colours)


def _write_attribute(one: ClassAttribute) -> Plain:
    plain: Plain = {"class": one.class_name, "name": one.name, "kind": one.kind}
    return plain | ({"values": list(one.values)} if one.values else {})


def _write_image(image: ProjectImage) -> Plain:
    return {
        "name": image.name,
        "size_hw": list(image.size_hw),
        "key": image.key,
        "objects": [_write_object(item) for item in image.objects],
        **_given(file_sha256=image.file_sha256, state=image.state, note=image.note, canvas=image.canvas),
    }


def _write_object(item: ProjectObject) -> Plain:
    return {
        "prompts": [_write_item(prompt) for prompt in item.prompts],
        "mask": None if item.mask is None else _write_rle(item.mask),
        "label": item.label,
        "score": item.score,
        "timings": dict(item.timings),
        **_given(id=item.id, number=item.number, label_origin=item.label_origin, hidden=item.hidden or None),
        **_given(locked=item.locked or None, group=item.group, attributes=dict(item.attributes) or None),
        **_given(roi_xywh=None if item.roi_xywh is None else list(item.roi_xywh), track=item.track),
    }


def _given(**fields: object) -> Plain:
    """Without the fields that say nothing, as files had none of them at first."""
    return {name: value for name, value in fields.items() if value is not None}


def _read_project(plain: Plain, where: str) -> Project:
    version = required(plain, "format", integer, where)
    if version != PROJECT_FORMAT:
        raise UnsupportedVersion(f"project of format {version}, this reader knows format {PROJECT_FORMAT}")
    images = required(plain, "images", sequence(_read_image, limit=limits.MAX_PROJECT_IMAGES), where)
    class_names = _class_names(plain.get("class_names"), f"{where}.class_names")
    classes = _class_names(plain.get("classes"), f"{where}.classes")
    attributes = _optional(plain, "attributes", _class_attributes, where) or ()
    overlap = _optional(plain, "overlap", _overlap, where)
    colours = _optional(plain, "class_colours", _class_colours, where) or {}
    lists = (class_names, classes, attributes, overlap, colours)
    return build(lambda: Project(images, version, *lists), where)


def _read_image(value: object, where: str) -> ProjectImage:
    plain = mapping(value, where)
    name = required(plain, "name", _text, where)
    size_hw = cast(tuple[int, int], required(plain, "size_hw", _pair, where))
    key = required(plain, "key", nullable(_name), where)
    objects = required(plain, "objects", sequence(_read_object, limit=limits.MAX_PROJECT_OBJECTS), where)
    file_sha256 = _optional(plain, "file_sha256", _name, where)
    state = _optional(plain, "state", _photo_state, where)
    note = _optional(plain, "note", _text, where)
    canvas = _optional(plain, "canvas", integer, where)
    return build(lambda: ProjectImage(name, size_hw, key, objects, file_sha256, state, note, canvas), where)


def _read_object(value: object, where: str) -> ProjectObject:
    plain = mapping(value, where)
    prompts = required(plain, "prompts", _items, where)
    mask = required(plain, "mask", nullable(_read_rle), where)
    label = required(plain, "label", nullable(_text), where)
    score = required(plain, "score", nullable(number), where)
    timings = required(plain, "timings", _read_timings, where)
    identity = _optional(plain, "id", _name, where)
    shown_number = _optional(plain, "number", integer, where)
    origin = _optional(plain, "label_origin", _label_origin, where)
    hidden = _optional(plain, "hidden", boolean, where) or False
    identity_of = (identity, shown_number, origin, hidden)
    locked = _optional(plain, "locked", boolean, where) or False
    group = _optional(plain, "group", integer, where)
    attributes = _optional(plain, "attributes", _attributes, where) or {}
    roi_xywh = cast(_Roi | None, _optional(plain, "roi_xywh", _four, where))
    track = _optional(plain, "track", integer, where)
    marks = (locked, group, attributes, roi_xywh)
    answer = (prompts, mask, label, score, timings)
    return build(lambda: ProjectObject(*answer, *identity_of, *marks, track=track), where)


def _attributes(value: object, where: str) -> dict[str, str | bool]:
    given = mapping(value, where)
    if len(given) > limits.MAX_ATTRIBUTES:
        raise LimitExceeded(f"{where}: {len(given)} attributes, at most {limits.MAX_ATTRIBUTES} are allowed")
    return {
        _text(name, where): said if isinstance(said, bool) else _text(said, f"{where}.{name}")
        for name, said in given.items()
    }


def _class_attribute(value: object, where: str) -> ClassAttribute:
    plain = mapping(value, where)
    class_name = required(plain, "class", _text, where)
    name = required(plain, "name", _text, where)
    kind = known(required(plain, "kind", _name, where), dict.fromkeys(ATTRIBUTE_KINDS), f"{where}.kind")
    values = _optional(plain, "values", sequence(_text, limit=limits.MAX_ATTRIBUTE_VALUES), where) or ()
    return build(lambda: ClassAttribute(class_name, name, kind, values), where)


_class_attributes = sequence(_class_attribute, limit=limits.MAX_CLASS_NAMES)


def _class_colours(value: object, where: str) -> dict[str, str]:
    given = mapping(value, where)
    if len(given) > limits.MAX_CLASS_NAMES:
        raise LimitExceeded(f"{where}: {len(given)} colours, at most {limits.MAX_CLASS_NAMES} are allowed")
    return {_text(name, where): _name(colour, f"{where}.{name}") for name, colour in given.items()}


def _overlap(value: object, where: str) -> str:
    return known(_name(value, where), dict.fromkeys(OVERLAPS), where)


def _label_origin(value: object, where: str) -> str:
    return known(_name(value, where), dict.fromkeys(LABEL_ORIGINS), where)


def _photo_state(value: object, where: str) -> str:
    return known(_name(value, where), dict.fromkeys(PHOTO_STATES), where)


def _optional(plain: Plain, name: str, read: Reader[_T], where: str) -> _T | None:
    return nullable(read)(plain.get(name), f"{where}.{name}")


_WRITERS: Mapping[type[Message], Callable[[Any], Plain]] = MappingProxyType(
    {
        Embedding: write_embedding,
        Prompt: _write_prompt,
        StepResult: _write_step_result,
        Project: _write_project,
    }
)
_READERS: Mapping[str, Callable[[Plain, str], Message]] = MappingProxyType(
    {
        Embedding.type: read_embedding,
        Prompt.type: _read_prompt,
        StepResult.type: _read_step_result,
        Project.type: _read_project,
    }
)
