"""`POST /v1/decode`: prompts to masks, for clients without a decoder."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from PIL import Image
from starlette.responses import Response

from splitseem_proto import Prompt, decode_rle, to_plain
from splitseem_server.decoding.request import MAX_OBJECTS, MULTIPART, read_decode_request, write_memory
from splitseem_server.decoding.service import Decoded, DecodedObject
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import NotFound
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.json_text import json_with_list
from splitseem_server.http.negotiation import JSON, choose_media_type
from splitseem_server.http.openapi import answers
from splitseem_server.routes.json_answers import DECODED
from splitseem_server.routes.options import PNG, Canvas, Codec, Roi, parse_embed_options
from splitseem_server.services import Services, services_of

router = APIRouter(tags=["decode"])

_PROMPTS: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {"$ref": "#/components/schemas/PromptItem"},
}
_OBJECT: dict[str, Any] = {
    "type": "object",
    "properties": {"prompts": _PROMPTS, "memory": {"type": "object"}, "alternatives": {"type": "boolean"}},
    "required": ["prompts"],
    "additionalProperties": False,
}
_JSON_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "key": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "image_base64": {"type": "string", "format": "byte", "minLength": 1},
        **_OBJECT["properties"],
        "objects": {"type": "array", "minItems": 1, "maxItems": MAX_OBJECTS, "items": _OBJECT},
    },
    "additionalProperties": False,
    "allOf": [
        {"oneOf": [{"required": ["key"]}, {"required": ["image_base64"]}]},
        {"oneOf": [{"required": ["prompts"]}, {"required": ["objects"]}]},
    ],
}
_FORM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"image": {"type": "string", "format": "binary"}, "request": {"type": "string"}},
    "required": ["image", "request"],
    "additionalProperties": False,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": _JSON_SCHEMA}, MULTIPART: {"schema": _FORM_SCHEMA}},
    }
}


async def decode_options(
    request: Request,
    services: Annotated[Services, Depends(services_of)],
    codec: Codec = None,
    canvas: Canvas = None,
    roi: Roi = None,
) -> EmbedOptions:
    """The query of `POST /v1/decode`: how a new image is encoded.

    Raises:
        InvalidParameter: a value without meaning for this model.
    """
    return parse_embed_options(request, services, request.query_params)


@router.post("/v1/decode", openapi_extra=_BODY, **answers(JSON, PNG, schema=DECODED))
async def decode(
    request: Request,
    services: Annotated[Services, Depends(services_of)],
    options: Annotated[EmbedOptions, Depends(decode_options)],
) -> Response:
    """Segment objects from prompts.

    The answer is JSON: for every object its mask as COCO run lengths, label, scores, and the memory for
    further prompts; with `Accept: image/png` a map whose values are the numbers of the objects, from 1.
    With `alternatives` it lists what else the last click may mean: a part, or what is around.
    Words alone give everything that they name, best first, each with the prompts that make it.
    """
    media_type = choose_media_type(request.headers.get("accept"), (JSON, PNG))
    if services.prompts is None:
        raise NotFound("this server has no decoder of its own")
    services.check_ready(request)
    asked = await read_decode_request(request)
    decoded = await unless_gone(request, services.prompts.decode(asked, options))
    headers = {"Vary": "Accept", **services.report(decoded.source, decoded.timings_ms)}
    write = partial(_json, services, decoded) if media_type == JSON else partial(_png, decoded)
    return Response(await to_thread.run_sync(write), headers=headers, media_type=media_type)


def _json(services: Services, decoded: Decoded) -> bytes:
    head = {
        "model": services.encoder.name,
        "fingerprint": services.encoder.fingerprint,
        "key": decoded.key,
        "size": decoded.objects[0].mask.size,
    }
    return json_with_list(head, "objects", map(_describe_object, decoded.objects))


def _describe_object(item: DecodedObject) -> dict[str, object]:
    return {
        "mask": {"size": item.mask.size, "counts": item.mask.counts},
        "area": item.area,
        "label": item.label,
        "label_score": item.label_score,
        "score": item.score,
        "class_embed": item.class_embed.tolist(),
        "memory": None if item.memory is None else write_memory(item.memory),
        **({} if item.prompts is None else {"prompts": to_plain(Prompt(item.prompts))["items"]}),
        **({} if item.alternatives is None else {"alternatives": _describe_alternatives(item.alternatives)}),
    }


def _describe_alternatives(answers: Sequence[DecodedObject]) -> list[dict[str, object]]:
    return [{"extent": one.extent, **_describe_object(one)} for one in answers]


def _png(decoded: Decoded) -> bytes:
    """8 bits of grey; of objects that overlap the later is on top, of those that words found the better."""
    numbers = np.zeros(decoded.objects[0].mask.size, np.uint8)
    ordered = sorted(
        enumerate(decoded.objects, start=1), key=lambda one: -one[0] * (one[1].prompts is not None)
    )
    for number, item in ordered:
        numbers[decode_rle(item.mask)] = number
    buffer = io.BytesIO()
    Image.fromarray(numbers).save(buffer, "PNG")
    return buffer.getvalue()
