"""A request -> the bytes of one image, however they were sent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from splitseem_server.errors import MalformedRequest, UnsupportedContentType, UrlNotEnabled
from splitseem_server.json_text import json_object

# Base64 takes 4 bytes for 3; the rest is room for the other parts of a multipart or JSON body.
_OVERHEAD_BYTES = 65_536


def max_body_bytes(max_image_bytes: int) -> int:
    """Most bytes of a request that may carry an image of at most `max_image_bytes`."""
    return -(-max_image_bytes // 3) * 4 + _OVERHEAD_BYTES


async def read_upload(request: Request) -> bytes:
    """The image file that a request carries: multipart field `image`, raw `image/*`, or JSON `image_base64`.

    Raises:
        MalformedRequest: the body does not hold what its content type promises.
        UnsupportedContentType: another content type.
        UrlNotEnabled: the JSON names a URL.
    """
    content_type = content_type_of(request)
    read = _READERS.get(content_type)
    if read is None and content_type.startswith("image/"):
        read = _read_raw
    if read is None:
        raise UnsupportedContentType(
            f"content type {content_type or '(none)'!r}; send multipart/form-data with a field `image`, the"
            " image itself as image/*, or application/json with `image_base64`"
        )
    return await read(request)


async def _read_raw(request: Request) -> bytes:
    return await request.body()


async def _read_multipart(request: Request) -> bytes:
    try:
        form = await request.form(max_files=1, max_fields=16)
    except HTTPException as error:
        raise MalformedRequest(f"multipart body: {error.detail}") from error
    try:
        image = form.get("image")
        if not isinstance(image, UploadFile):
            raise MalformedRequest("multipart body: expected a file in the field `image`")
        return await image.read()
    finally:
        await form.close()


def content_type_of(request: Request) -> str:
    """The media type of the body, without parameters; empty when the request does not say."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def image_of_json(body: Mapping[str, Any]) -> bytes:
    """The image file that a JSON body carries as `image_base64`.

    Raises:
        MalformedRequest: it does not. UrlNotEnabled: it names a URL.
    """
    if "url" in body:
        raise UrlNotEnabled("this server does not fetch images from URLs; send the image itself")
    encoded = body.get("image_base64")
    if not isinstance(encoded, str):
        raise MalformedRequest("JSON body: expected a string `image_base64`")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest(f"JSON body: `image_base64` is not base64: {error}") from error


async def _read_json(request: Request) -> bytes:
    return image_of_json(json_object(await request.body(), "`image_base64`"))


_READERS: dict[str, Callable[[Request], Awaitable[bytes]]] = {
    "multipart/form-data": _read_multipart,
    "application/json": _read_json,
}
