"""What every adapter is, and how it asks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from splitseem_server.decoding.request import DecodeRequest, read_objects
from splitseem_server.decoding.service import Decoded
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import InvalidParameter, NotFound, UnsupportedContentType
from splitseem_server.http.bodies import whole_body
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.json_text import json_object
from splitseem_server.http.negotiation import JSON
from splitseem_server.http.uploads import content_type_of
from splitseem_server.services import Services, tenant_of

Plain = dict[str, Any]
_SHOWN_FAULTS = 5


@dataclass(frozen=True)
class Adapter:
    """The routes of another program's protocol.

    Args:
        router: its routes; none is in the OpenAPI document.
        scopes: what a key must allow, by route; the others are open.
        error_field: of the JSON object that says what is wrong.
    """

    router: APIRouter
    scopes: Mapping[str, str]
    error_field: str


class Foreign(BaseModel):
    """A part of another program's JSON; what is not looked at may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)


Pixel = Annotated[int, Field(ge=-(2**31), lt=2**31)]
"""A number of pixels that still is one as a real number."""

M = TypeVar("M", bound=Foreign)


async def read_json(request: Request, model: type[M], long_field: str) -> M:
    """The body of a request.

    Args:
        long_field: that may hold megabytes, see `json_object`.
    Raises:
        UnsupportedContentType: not JSON. MalformedRequest: no object. InvalidParameter: it lacks something.
    """
    content_type = content_type_of(request)
    if content_type != JSON:
        raise UnsupportedContentType(f"content type {content_type[:64] or '(none)'!r}; send {JSON}")
    body = json_object(await whole_body(request), f"`{long_field}`", long_field=long_field)
    return read_as(model, body)


def read_as(model: type[M], body: Plain) -> M:
    """JSON as an adapter understands it.

    Raises:
        InvalidParameter: it lacks something, or has something of another type.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)[:_SHOWN_FAULTS]
        said = (f"{'.'.join(str(part)[:64] for part in fault['loc'])}: {fault['msg']}" for fault in faults)
        raise InvalidParameter("; ".join(said)) from error


def click(x: float, y: float, label: int = 1) -> Plain:
    """A prompt of `/v1/decode`: pixels, the centre of the first one at (0.5, 0.5)."""
    return {"kind": "click", "x": x, "y": y, "label": label}


def box(x0: float, y0: float, x1: float, y1: float) -> Plain:
    """A prompt of `/v1/decode`: the edges of a rectangle, in any order."""
    (left, right), (top, bottom) = sorted((x0, x1)), sorted((y0, y1))
    return {"kind": "box", "x0": left, "y0": top, "x1": right, "y1": bottom}


async def segment(
    request: Request, services: Services, image: bytes | str, objects: Sequence[Sequence[Plain]]
) -> Decoded:
    """Objects by their prompts, as `POST /v1/decode` answers them, with the edges of the photo.

    Args:
        image: the bytes of an image file, or the key of an embedding, whose masks have the edges of cells.
        objects: prompts of each object, in the order given.
    Raises:
        NotFound: the server has no decoder, or no embedding of that key. ServerError: the image, a prompt or
        the request is refused.
    """
    if services.prompts is None:
        raise NotFound("this server has no decoder of its own")
    read = await read_objects(request, {"objects": [{"prompts": list(prompts)} for prompts in objects]})
    file, key = (image, None) if isinstance(image, bytes) else (None, image)
    asked = DecodeRequest(file, key, read, sharp=file is not None)
    work = services.prompts.decode(asked, EmbedOptions(tenant=tenant_of(request)))
    return await unless_gone(request, work)


def confidence(score: float) -> float:
    """A score, which has no bounds, as a number from 0 to 1: its logistic function."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))
