"""`POST /v1/upright`: what the server sees of an image, as a picture that every browser reads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from splitseem_server.http.gone import unless_gone
from splitseem_server.http.openapi import answers
from splitseem_server.http.parameters import joined
from splitseem_server.http.uploads import read_upload
from splitseem_server.routes.options import PNG, image_body
from splitseem_server.services import Services, services_of

router = APIRouter(tags=["embeddings"])


@router.post(
    "/v1/upright",
    openapi_extra=image_body(),
    **answers(PNG),
)
async def upright(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """The pixels that are encoded of an image: turned upright, 8 bits, RGB, over white."""
    services.uprights.check_room()
    upload = await read_upload(request, services.fetch)
    joined(request, upload.fields, ())
    with services.uprights.place(), services.uprights.timed():
        png = await unless_gone(request, services.images.png(upload.image))
    return Response(png, media_type=PNG, headers={"Cache-Control": "no-store"})
