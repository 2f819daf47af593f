"""The body of `POST /v1/decode` -> what is to be segmented, in which image."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import numpy as np
from fastapi import Request
from numpy.typing import NDArray
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from splitseem_model.prompt.shapes import places_of
from splitseem_proto import PROTOCOL_VERSION, Click, CodecError, Prompt, PromptItem, from_plain
from splitseem_server.errors import InvalidParameter, MalformedRequest, UnsupportedContentType
from splitseem_server.http.bodies import has_large_body, whole_body
from splitseem_server.http.json_text import check_fields, json_object
from splitseem_server.http.negotiation import JSON
from splitseem_server.http.uploads import content_type_of, decode_base64, image_of_json

MAX_OBJECTS = 64
MAX_RUNS = 64
"""Of the decoder, for the prompts of a request that are still to be answered: one each, two for the first of
an object. All together take two seconds."""

ALTERNATIVE_RUNS = 6
"""Of the decoder, for the alternatives of a click: three answers, of two runs each."""

MAX_CORNERS = 16_384
"""Places that all prompts of a request name: a click one, a box two, strokes and outlines their points."""

MULTIPART = "multipart/form-data"
_EXPECTED = "`prompts` or `objects`, and `key` or `image_base64`"
_OBJECT_FIELDS = ("prompts", "memory", "alternatives")
_FIELDS = ("key", "image_base64", "url", *_OBJECT_FIELDS, "objects")


@dataclass(frozen=True)
class Memory:
    """What an earlier answer handed on: mask logits float32 `[h, w]` after the first `prompts` prompts."""

    prompts: int
    mask_logits: NDArray[np.float32]


@dataclass(frozen=True)
class ObjectRequest:
    """One object: all its prompts in the order given, the memory of those that were answered before, and
    whether all answers to its last click are asked for."""

    prompts: tuple[PromptItem, ...]
    memory: Memory | None
    alternatives: bool = False


@dataclass(frozen=True)
class DecodeRequest:
    """What is asked: objects of an image, which is a file or the key of an embedding."""

    image: bytes | None
    key: str | None
    objects: tuple[ObjectRequest, ...]
    sharp: bool = False
    """Whether masks get the edges of the photo's own pixels; only where there is the image."""


async def read_decode_request(request: Request) -> DecodeRequest:
    """The body: JSON, or multipart with the image in `image` and the same JSON in `request`.

    Raises:
        UnsupportedContentType: another content type. MalformedRequest: not what the content type promises.
        InvalidParameter: an unknown field, no prompt, too much at once, or neither image nor key.
    """
    content_type = content_type_of(request)
    image: bytes | None
    if content_type == MULTIPART:
        image, body = await _read_multipart(request)
    elif content_type == JSON:
        body = json_object(await whole_body(request), _EXPECTED)
        image = await image_of_json(body) if "image_base64" in body or "url" in body else None
    else:
        raise UnsupportedContentType(f"content type {content_type or '(none)'!r}; send {JSON} or {MULTIPART}")
    check_fields(body, _FIELDS, "request")
    key = body.get("key")
    if key is not None and not isinstance(key, str):
        raise MalformedRequest("JSON body: expected a string `key`")
    if (image is None) == (key is None):
        raise InvalidParameter("name the image once: by its `key`, or by the image itself")
    return DecodeRequest(image, key, await read_objects(request, body))


async def read_objects(request: Request, body: Mapping[str, Any]) -> tuple[ObjectRequest, ...]:
    """What the `prompts` or the `objects` of a body ask for.

    Raises:
        MalformedRequest: no lists of objects. InvalidParameter: no prompt, one without meaning, or too much.
    """
    # Reading thousands of points takes a while, in which others have their turn.
    large = has_large_body(request.scope)
    return await anyio.to_thread.run_sync(_objects, body) if large else _objects(body)


async def _read_multipart(request: Request) -> tuple[bytes, dict[str, Any]]:
    try:
        form = await request.form(max_files=1, max_fields=2, max_part_size=2**24)
    except HTTPException as error:
        raise MalformedRequest(f"multipart body: {error.detail}") from error
    try:
        unknown = sorted(set(form) - {"image", "request"})
        if unknown:
            raise InvalidParameter(f"unknown field {unknown[0][:64]}; known are image, request")
        image, text = form.get("image"), form.get("request")
        if not isinstance(image, UploadFile) or not isinstance(text, str):
            raise MalformedRequest("multipart body: expected a file `image` and JSON in the field `request`")
        body = json_object(text, "`prompts` or `objects`")
        return await image.read(), body
    finally:
        await form.close()


def _objects(body: Mapping[str, Any]) -> tuple[ObjectRequest, ...]:
    if ("objects" in body) == ("prompts" in body):
        raise InvalidParameter("give `prompts` of one object, or `objects` with `prompts` each")
    if "prompts" in body:
        objects: tuple[ObjectRequest, ...] = (_object(body, "request"),)
    else:
        given = body["objects"]
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise MalformedRequest("JSON body: expected a list of objects in `objects`")
        if not 1 <= len(given) <= MAX_OBJECTS:
            raise InvalidParameter(f"`objects` has {len(given)} entries; 1 to {MAX_OBJECTS} are allowed")
        for number, item in enumerate(given):
            check_fields(item, _OBJECT_FIELDS, f"objects[{number}]")
        objects = tuple(_object(item, f"objects[{number}]") for number, item in enumerate(given))
    runs = sum(_runs(item) for item in objects)
    if runs > MAX_RUNS:
        raise InvalidParameter(
            f"the prompts are {runs}, the first of each object counted twice and `alternatives`"
            f" {ALTERNATIVE_RUNS} times; at most {MAX_RUNS} are answered at once"
        )
    corners = sum(len(places_of(prompt)) for item in objects for prompt in item.prompts)
    if corners > MAX_CORNERS:
        raise InvalidParameter(f"the prompts have {corners} points; at most {MAX_CORNERS} at once")
    return objects


def _runs(item: ObjectRequest) -> int:
    others = ALTERNATIVE_RUNS if item.alternatives else 0
    return len(item.prompts) + others + (1 if item.memory is None else -item.memory.prompts)


def _object(body: Mapping[str, Any], where: str) -> ObjectRequest:
    plain = {"type": Prompt.type, "protocol_version": PROTOCOL_VERSION, "items": body.get("prompts")}
    try:
        prompt = from_plain(plain)
    except CodecError as error:
        raise InvalidParameter(f"{where}.prompts: {error}") from error
    if not isinstance(prompt, Prompt):
        raise TypeError(f"read a {prompt.type} where a prompt was written")
    given = body.get("memory")
    memory = None if given is None else _memory(given, f"{where}.memory")
    if memory is not None and memory.prompts >= len(prompt.items):
        raise InvalidParameter(
            f"{where}: the memory is of {memory.prompts} prompts, so that there is nothing new among"
            f" {len(prompt.items)}"
        )
    alternatives = body.get("alternatives", False)
    if not isinstance(alternatives, bool):
        raise InvalidParameter(f"{where}.alternatives: expected true or false")
    if alternatives and not isinstance(prompt.items[-1], Click):
        raise InvalidParameter(f"{where}.alternatives: only a click has several answers; the last is none")
    return ObjectRequest(prompt.items, memory, alternatives)


def write_memory(memory: Memory) -> dict[str, Any]:
    """Plain data for JSON, the inverse of what a request is read by."""
    logits = np.ascontiguousarray(memory.mask_logits, dtype="<f4")
    return {
        "prompts": memory.prompts,
        "shape": list(logits.shape),
        "float32_base64": base64.b64encode(logits.tobytes()).decode("ascii"),
    }


def _memory(value: object, where: str) -> Memory:
    if not isinstance(value, dict):
        raise MalformedRequest(f"{where}: expected the `memory` of an earlier answer")
    count, shape, text = (value.get(name) for name in ("prompts", "shape", "float32_base64"))
    if not isinstance(count, int) or not _is_count(count) or not isinstance(text, str):
        raise MalformedRequest(f"{where}: expected `prompts`, `shape` and `float32_base64`")
    if not isinstance(shape, list) or len(shape) != 2 or not all(_is_count(side) for side in shape):
        raise MalformedRequest(f"{where}.shape: expected height and width")
    data = decode_base64(text, f"{where}.float32_base64")
    if len(data) != 4 * shape[0] * shape[1]:
        raise InvalidParameter(f"{where}: {len(data)} bytes are not {shape[0]} x {shape[1]} numbers")
    logits = np.frombuffer(data, dtype="<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(logits).all():
        raise InvalidParameter(f"{where}: numbers must be finite")
    return Memory(count, logits)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31
