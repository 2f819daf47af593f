"""`POST /v1/panoptic`: everything in an image, without a prompt."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from PIL import Image
from starlette.responses import Response

from splitseem_model.tasks.segments import MODES
from splitseem_server.decoding.panoptic import SegmentedAll
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import InvalidParameter, NotFound
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.json_text import json_with_list
from splitseem_server.http.negotiation import JSON, choose_media_type
from splitseem_server.http.openapi import answers
from splitseem_server.http.parameters import joined
from splitseem_server.http.uploads import read_upload
from splitseem_server.routes.json_answers import SEGMENTED
from splitseem_server.routes.options import (
    PANOPTIC_PARAMETERS,
    PNG,
    Canvas,
    Codec,
    Roi,
    image_body,
    parse_embed_options,
)
from splitseem_server.services import Services, services_of

router = APIRouter(tags=["panoptic"])


@dataclass(frozen=True)
class PanopticOptions:
    """The query: what is to be found, and how the image is encoded."""

    mode: str
    min_score: float
    embed: EmbedOptions


async def panoptic_options(
    request: Request,
    services: Annotated[Services, Depends(services_of)],
    mode: Annotated[str, Query(description=", ".join(MODES))] = "panoptic",
    min_score: Annotated[float, Query(ge=0, le=1, description="leave out instances below")] = 0.0,
    codec: Codec = None,
    canvas: Canvas = None,
    roi: Roi = None,
) -> PanopticOptions:
    """The query of `POST /v1/panoptic`, refused before the body is read.

    Raises:
        InvalidParameter: a value without meaning for this model.
    """
    return _parse_options(request, services, request.query_params)


def _parse_options(request: Request, services: Services, given: Mapping[str, str]) -> PanopticOptions:
    mode, min_score = given.get("mode", "panoptic"), given.get("min_score", "0")
    if mode not in MODES:
        raise InvalidParameter(f"mode {mode[:64]!r}; known are {', '.join(MODES)}")
    try:
        least = float(min_score)
    except ValueError:
        least = math.nan
    if not 0 <= least <= 1:
        raise InvalidParameter(f"min_score {min_score[:64]!r}; expected a number from 0 to 1")
    return PanopticOptions(mode, least, parse_embed_options(request, services, given))


@router.post(
    "/v1/panoptic",
    openapi_extra=image_body(*PANOPTIC_PARAMETERS),
    dependencies=[Depends(panoptic_options)],
    **answers(JSON, PNG, schema=SEGMENTED),
)
async def panoptic(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """Segment all of an image.

    The image is sent as to `/embed`. The answer is JSON: segments with masks as COCO run lengths; with
    `Accept: image/png` a map whose values are the ids of the segments.
    """
    media_type = choose_media_type(request.headers.get("accept"), (JSON, PNG))
    if services.panoptic is None:
        raise NotFound(f"model {services.encoder.name} answers prompts only: it has no object queries")
    services.check_ready(request)
    upload = await read_upload(request, services.fetch)
    options = _parse_options(request, services, joined(request, upload.fields, PANOPTIC_PARAMETERS))
    work = services.panoptic.segment(upload.image, options.embed, options.mode, options.min_score)
    segmented = await unless_gone(request, work)
    headers = {"Vary": "Accept", **services.report(segmented.embedded.source, segmented.timings_ms)}
    json = partial(_json, services, options.mode, segmented)
    write = json if media_type == JSON else partial(_png, segmented)
    return Response(await to_thread.run_sync(write), headers=headers, media_type=media_type)


def _json(services: Services, mode: str, segmented: SegmentedAll) -> bytes:
    head = {
        "model": services.encoder.name,
        "fingerprint": services.encoder.fingerprint,
        "key": segmented.embedded.key,
        "mode": mode,
        "size": segmented.found.ids.shape,
    }
    return json_with_list(head, "segments", (segment.to_dict() for segment in segmented.found.segments))


def _png(segmented: SegmentedAll) -> bytes:
    """8 bits of grey while the ids fit, else 16."""
    ids = segmented.found.ids
    buffer = io.BytesIO()
    Image.fromarray(ids.astype(np.uint8 if ids.max() < 256 else np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()
