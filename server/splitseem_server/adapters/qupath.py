"""QuPath's extension for SAM, which speaks the protocol of samapi: an image as base64 with a box or points,
and GeoJSON features as the answer."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from splitseem_proto import CocoRle, decode_rle
from splitseem_server.adapters.adapter import (
    Adapter,
    Foreign,
    Pixel,
    Plain,
    box,
    click,
    confidence,
    read_json,
    segment,
)
from splitseem_server.adapters.outlines import polygons_of
from splitseem_server.decoding.panoptic import SegmentedAll
from splitseem_server.decoding.service import Decoded
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import InvalidParameter, NotFound
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.uploads import image_of_base64
from splitseem_server.services import Services, services_of, tenant_of

router = APIRouter()
ADAPTER = Adapter(router, {"/sam/": "decode", "/sam/automask/": "decode"}, error_field="detail")

_LONG = "b64img"
_MIDDLE = 0.5
"""Points name pixels; their middles are meant."""


class SentImage(Foreign):
    """An image file as base64; `type`, the model that was chosen, is only said again."""

    b64img: Any
    type: str | None = None


class PromptBody(SentImage):
    """`/sam/`: one object. Points are pixels, counted from 0, a box is its edges."""

    bbox: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    point_coords: tuple[tuple[Pixel, Pixel], ...] | None = None
    point_labels: tuple[int, ...] | None = None
    b64mask: str | None = None


@router.get("/sam/version/")
async def version() -> Response:
    """Of this server."""
    return PlainTextResponse(importlib.metadata.version("splitseem"))


@router.get("/sam/weights/")
async def weights(
    services: Annotated[Services, Depends(services_of)],
    type: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The one model of this server, whatever model is chosen."""
    return JSONResponse([{"type": type, "name": services.encoder.name, "url": ""}])


@router.get("/sam/progress/")
async def progress() -> Response:
    """Nothing is ever fetched."""
    return JSONResponse({"message": None, "percent": -1})


@router.post("/sam/")
async def prompted(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """The object that a box and points mean."""
    services.check_ready(request)
    body = await read_json(request, PromptBody, _LONG)
    if body.b64mask is not None:
        raise InvalidParameter("`b64mask` is a mask of SAM's own resolution; send all points instead")
    prompts = _prompts(body)
    image = await image_of_base64(body.b64img, _LONG)
    decoded = await segment(request, services, image, [prompts])
    features = await to_thread.run_sync(_found, decoded, body.type)
    return JSONResponse(features, headers=services.report(decoded.source, decoded.timings_ms))


@router.post("/sam/automask/")
async def everything(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """All that `POST /v1/panoptic` finds as instances; the settings of SAM's generator mean nothing here."""
    services.check_ready(request)
    if services.panoptic is None:
        raise NotFound(f"model {services.encoder.name} answers prompts only")
    body = await read_json(request, SentImage, _LONG)
    image = await image_of_base64(body.b64img, _LONG)
    options = EmbedOptions(tenant=tenant_of(request))
    found = await unless_gone(request, services.panoptic.segment(image, options, "instance", 0.0))
    features = await to_thread.run_sync(_instances, found, body.type)
    return JSONResponse(features, headers=services.report(found.embedded.source, found.timings_ms))


def _prompts(body: PromptBody) -> list[Plain]:
    """The box, then the points of the object, then those beside it: the extension sends the latter first."""
    places, labels = body.point_coords or (), body.point_labels or ()
    if len(places) != len(labels) or not set(labels) <= {0, 1}:
        raise InvalidParameter(f"{len(places)} `point_coords`; expected as many `point_labels`, 1 or 0")
    labelled = sorted(zip(places, labels, strict=True), key=lambda one: -one[1])
    boxes = [] if body.bbox is None else [box(*body.bbox)]
    return [*boxes, *(click(x + _MIDDLE, y + _MIDDLE, label) for (x, y), label in labelled)]


def _found(decoded: Decoded, model: str | None) -> list[Plain]:
    return [
        feature
        for item in decoded.objects
        for feature in _features(item.mask, item.label, confidence(item.score), model)
    ]


def _instances(found: SegmentedAll, model: str | None) -> list[Plain]:
    return [
        feature
        for one in found.found.segments
        for feature in _features(one.mask, one.label, one.score or 0.0, model)
    ]


def _features(mask: CocoRle, label: str | None, quality: float, model: str | None) -> list[Plain]:
    """A mask as a feature whose rings run along the edges of its pixels; none of an empty one. Without
    `object_idx`, of which the extension would make a class."""
    parts = [[[*ring, ring[0]] for ring in part] for part in polygons_of(decode_rle(mask))]
    if not parts:
        return []
    one = len(parts) == 1
    geometry = {"type": "Polygon" if one else "MultiPolygon", "coordinates": parts[0] if one else parts}
    properties = {"label": label or "object", "quality": quality, "sam_model": model}
    return [{"type": "Feature", "geometry": geometry, "properties": properties}]
