"""A request -> the bytes of one image, however they were sent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from splitseem_server.errors import InvalidParameter, MalformedRequest, UrlNotEnabled
from splitseem_server.http.bodies import whole_body
from splitseem_server.http.json_text import LONG_FIELD, json_object
from splitseem_server.http.long_text import decode_long

_URL_SAFE = str.maketrans("-_", "+/")

# Base64 takes 4 bytes for 3; the rest is room for the other parts of a multipart or JSON body.
_OVERHEAD_BYTES = 65_536


def max_body_bytes(max_image_bytes: int) -> int:
    """Most bytes of a request that may carry an image of at most `max_image_bytes`."""
    return -(-max_image_bytes // 3) * 4 + _OVERHEAD_BYTES


@dataclass(frozen=True)
class Upload:
    """The bytes of an image file, and the fields that were sent beside it, as text."""

    image: bytes
    fields: Mapping[str, str]


Fetch = Callable[[str], Awaitable[bytes]]
"""An address -> the bytes of an image file."""


async def read_upload(request: Request, fetch: Fetch | None = None) -> Upload:
    """The image that a request carries: multipart field `image`, JSON `image_base64` or `url`, or the body
    itself.

    The bytes of the image decide what it is, so the content type of a body or a part is not looked at.

    Raises:
        MalformedRequest: the body does not hold what its content type promises.
        UrlNotEnabled: the JSON names a URL, and there is no `fetch`, or it refuses.
    """
    content_type = content_type_of(request)
    if content_type == "multipart/form-data":
        return await _read_multipart(request)
    body = await whole_body(request)
    return await _read_json(body, fetch) if content_type == "application/json" else Upload(body, {})


async def _read_multipart(request: Request) -> Upload:
    try:
        form = await request.form(max_files=1, max_fields=16, max_part_size=_OVERHEAD_BYTES)
    except HTTPException as error:
        raise MalformedRequest(f"multipart body: {error.detail}") from error
    try:
        image = form.get("image")
        if not isinstance(image, UploadFile):
            raise MalformedRequest("multipart body: expected a file in the field `image`")
        fields: dict[str, str] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                if name in fields:
                    raise InvalidParameter(f"the field {name[:64]!r} is given twice")
                fields[name] = value
            elif name != "image":
                raise InvalidParameter(f"the file {name[:64]!r} is unknown; send the image in `image`")
        return Upload(await image.read(), fields)
    finally:
        await form.close()


def content_type_of(request: Request) -> str:
    """The media type of the body, without parameters; empty when the request does not say."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def image_of_json(body: Mapping[str, Any]) -> bytes:
    """The image file that an object of `json_object` carries as `image_base64`.

    Raises:
        MalformedRequest: it does not. UrlNotEnabled: it names a URL.
    """
    if "url" in body:
        raise UrlNotEnabled("this server does not fetch images from URLs; send the image itself")
    return await image_of_base64(body.get(LONG_FIELD), LONG_FIELD)


async def image_of_base64(encoded: object, name: str) -> bytes:
    """The image file that a field of an object of `json_object` carries.

    Raises:
        MalformedRequest: it does not.
    """
    if isinstance(encoded, memoryview):
        try:
            return await anyio.to_thread.run_sync(decode_long, encoded)
        except ValueError as error:
            raise MalformedRequest(f"JSON body: `{name}` is not base64: {error}") from error
    if not isinstance(encoded, str):
        raise MalformedRequest(f"JSON body: expected a string `{name}`")
    return decode_base64(encoded, f"`{name}`")


def decode_base64(text: str, where: str) -> bytes:
    """Bytes from base64 as clients write it: plain or URL-safe, with or without padding, with line breaks, or
    as a data URL.

    Raises:
        MalformedRequest: it is something else.
    """
    content = text.partition(",")[2] if text[:5].lower() == "data:" else text
    plain = "".join(content.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest(f"JSON body: {where} is not base64: {error}") from error


async def _read_json(text: bytes, fetch: Fetch | None) -> Upload:
    body = json_object(text, "`image_base64`")
    named = "image_base64" if fetch is None or "url" not in body else "url"
    fields = {name: _as_text(name, value) for name, value in body.items() if name != named}
    if fetch is None or named != "url":
        return Upload(await image_of_json(body), fields)
    if "image_base64" in body or not isinstance(body["url"], str):
        raise MalformedRequest("JSON body: expected a string, `image_base64` or `url`")
    return Upload(await fetch(body["url"]), fields)


def _as_text(name: str, value: object) -> str:
    """The value of a field of JSON as the query would have it; a list of numbers is written with commas."""
    if isinstance(value, str):
        return value
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        raise InvalidParameter(f"`{name[:64]}`: expected a text, a number or a list of numbers")
    return ",".join(str(one) for one in values)
