"""Roboflow's inference server, as `inference-sdk` asks it: `/sam`, `/sam2` and `/sam3` with points and boxes.

Masks are polygons along pixels, as OpenCV gives them, run lengths of COCO, or arrays (`format` json, rle,
binary). What is sent again is answered from the cache; `image_id` of `embed_image` is the embedding's key.
"""

from __future__ import annotations

import io
import time
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from splitseem_proto import decode_rle
from splitseem_server.adapters.adapter import (
    Adapter,
    Foreign,
    Plain,
    box,
    click,
    confidence,
    read_json,
    segment,
)
from splitseem_server.adapters.coco import compressed
from splitseem_server.adapters.outlines import chains_of
from splitseem_server.decoding.service import Decoded, DecodedObject
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import InvalidParameter, UrlNotEnabled
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.uploads import image_of_base64
from splitseem_server.services import Services, services_of, tenant_of

router = APIRouter()
ADAPTER = Adapter(
    router,
    {
        "/sam/embed_image": "embed",
        "/sam2/embed_image": "embed",
        "/sam3/embed_image": "embed",
        "/sam/segment_image": "decode",
        "/sam2/segment_image": "decode",
        "/sam3/visual_segment": "decode",
    },
    error_field="message",
)

BINARY = "application/octet-stream"
_LONG = "image.value"
_CORNERS = (2, 3)
"""Labels of the two corners of a box in the graphs of SAM."""


class SentImage(Foreign):
    """An image by `type`: `base64` or `url`. What is pickled (`numpy`) is not read."""

    type: str
    value: Any


class EmbedBody(Foreign):
    """`/sam/embed_image` and its like."""

    image: SentImage
    format: Literal["json"] = "json"


class SamBody(Foreign):
    """`/sam/segment_image`: one object. Labels: 1, 0, 2 and 3 for the corners of a box, -1 for no point."""

    image: SentImage | None = None
    image_id: str | None = None
    point_coords: tuple[tuple[float, float], ...] = ()
    point_labels: tuple[float, ...] = ()
    format: Literal["json", "binary"] = "json"
    has_mask_input: bool = False
    embeddings: Any = None


class Point(Foreign):
    """A click."""

    x: float
    y: float
    positive: bool = True


class CentredBox(Foreign):
    """A box by its middle."""

    x: float
    y: float
    width: float
    height: float


class SamPrompt(Foreign):
    """One object."""

    box: CentredBox | None = None
    points: tuple[Point, ...] | None = None


class SamPrompts(Foreign):
    """All of an image."""

    prompts: tuple[SamPrompt, ...] = ()


class Sam2Body(Foreign):
    """`/sam2/segment_image` and `/sam3/visual_segment`: an object a prompt."""

    image: SentImage | None = None
    image_id: str | None = None
    prompts: SamPrompts | tuple[SamPrompt, ...] | SamPrompt | None = None
    format: Literal["json", "rle", "binary"] = "json"


@router.post("/sam/embed_image")
@router.post("/sam2/embed_image")
@router.post("/sam3/embed_image")
async def embed_image(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """Encode an image. Its embedding is none of SAM's, so that `embeddings` is empty."""
    begin = time.perf_counter()
    services.check_ready(request)
    body = await read_json(request, EmbedBody, _LONG)
    image = await _image(services, body.image)
    options = EmbedOptions(tenant=tenant_of(request))
    embedded = await unless_gone(request, services.embeddings.embed(image, options))
    answer = {"image_id": embedded.key, "embeddings": [], "time": time.perf_counter() - begin}
    return JSONResponse(answer, headers=services.report(embedded.source, embedded.timings_ms))


@router.post("/sam/segment_image")
async def segment_image(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """One object by the points of SAM's decoder."""
    begin = time.perf_counter()
    services.check_ready(request)
    body = await read_json(request, SamBody, _LONG)
    if body.has_mask_input or body.embeddings is not None:
        raise InvalidParameter(
            "`has_mask_input` and `embeddings` are for SAM; send the image, or its `image_id`, and all points"
        )
    image = await _named(services, body.image, body.image_id)
    decoded = await segment(request, services, image, [_of_points(body)])
    return await _answer(services, decoded, body.format, begin, of_sam=True)


@router.post("/sam2/segment_image")
@router.post("/sam3/visual_segment")
async def segment_objects(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """Objects by boxes and points."""
    begin = time.perf_counter()
    services.check_ready(request)
    body = await read_json(request, Sam2Body, _LONG)
    image = await _named(services, body.image, body.image_id)
    decoded = await segment(request, services, image, [_of_prompt(prompt) for prompt in _prompts(body)])
    return await _answer(services, decoded, body.format, begin, of_sam=False)


async def _image(services: Services, sent: SentImage) -> bytes:
    if sent.type == "base64":
        return await image_of_base64(sent.value, "image.value")
    if sent.type != "url" or not isinstance(sent.value, str):
        raise InvalidParameter(f"image of type {sent.type[:64]!r}; send `base64`, or `url`")
    if services.fetch is None:
        raise UrlNotEnabled("this server does not fetch images from URLs; send the image itself")
    return await services.fetch(sent.value)


async def _named(services: Services, sent: SentImage | None, image_id: str | None) -> bytes | str:
    """An image, or the key of its embedding."""
    if sent is not None:
        return await _image(services, sent)
    if not image_id:
        raise InvalidParameter("send `image`, or the `image_id` that `embed_image` answered")
    return image_id


def _of_points(body: SamBody) -> list[Plain]:
    if len(body.point_coords) != len(body.point_labels):
        raise InvalidParameter(
            f"{len(body.point_coords)} `point_coords` and {len(body.point_labels)} `point_labels`"
        )
    labelled = list(zip(body.point_coords, body.point_labels, strict=True))
    corners = [xy for xy, label in labelled if label in _CORNERS]
    if len(corners) not in (0, 2) or not {label for _, label in labelled} <= {-1, 0, 1, *_CORNERS}:
        raise InvalidParameter("`point_labels`: expected 1, 0, -1, or 2 and 3 for the corners of one box")
    boxes = [box(*corners[0], *corners[1])] if corners else []
    return [*boxes, *(click(*xy, int(label)) for xy, label in labelled if label in (0, 1))]


def _prompts(body: Sam2Body) -> tuple[SamPrompt, ...]:
    given = body.prompts
    if isinstance(given, SamPrompts):
        return given.prompts
    return given if isinstance(given, tuple) else () if given is None else (given,)


def _of_prompt(prompt: SamPrompt) -> list[Plain]:
    given = prompt.box
    boxes: list[Plain] = []
    if given is not None:
        half_w, half_h = given.width / 2, given.height / 2
        boxes = [box(given.x - half_w, given.y - half_h, given.x + half_w, given.y + half_h)]
    return [*boxes, *(click(point.x, point.y, int(point.positive)) for point in prompt.points or ())]


async def _answer(services: Services, decoded: Decoded, form: str, begin: float, *, of_sam: bool) -> Response:
    headers = services.report(decoded.source, decoded.timings_ms)
    if form == "binary":
        content = await to_thread.run_sync(_arrays, decoded)
        return Response(content, headers=headers, media_type=BINARY)
    describe = _polygons if of_sam else partial(_predictions, form=form)
    answer = await to_thread.run_sync(describe, decoded)
    return JSONResponse({**answer, "time": time.perf_counter() - begin}, headers=headers)


def _arrays(decoded: Decoded) -> bytes:
    """Masks as logits of 1 and -1; there are none of low resolution."""
    masks = [np.where(decode_rle(item.mask), np.float32(1), np.float32(-1)) for item in decoded.objects]
    stream = io.BytesIO()
    np.savez_compressed(stream, masks=np.stack(masks), low_res_masks=np.zeros((0, 256, 256), np.float32))
    return stream.getvalue()


def _polygons(decoded: Decoded) -> Plain:
    """The largest part of each mask."""
    chains = [chains_of(decode_rle(item.mask)) for item in decoded.objects]
    return {"masks": [max(some, key=len, default=[]) for some in chains], "low_res_masks": []}


def _predictions(decoded: Decoded, *, form: str) -> Plain:
    return {"predictions": [_prediction(item, form) for item in decoded.objects]}


def _prediction(item: DecodedObject, form: str) -> Plain:
    masks = compressed(item.mask) if form == "rle" else chains_of(decode_rle(item.mask))
    return {
        "masks": masks,
        "confidence": confidence(item.score),
        "format": "rle" if form == "rle" else "polygon",
    }
