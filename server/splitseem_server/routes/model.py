"""The model as a browser sees it: manifest and decoder graphs."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from splitseem_server.errors import NotFound
from splitseem_server.files.decoder import DecoderFiles
from splitseem_server.http.negotiation import JSON, has_etag
from splitseem_server.http.openapi import answers
from splitseem_server.routes.json_answers import MANIFEST
from splitseem_server.services import GET_AND_HEAD, Services, services_of

router = APIRouter(tags=["model"])


@router.get("/v1/model", **answers(JSON, known=True, schema=MANIFEST))
@router.api_route("/v1/model", methods=GET_AND_HEAD, include_in_schema=False)
async def manifest(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """The manifest of the exported decoder: configuration, wiring, and the files with their digests."""
    content = _decoder(services).manifest
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        "Cache-Control": "no-cache",
        "X-Splitseem-Model": services.model_header,
        "X-Splitseem-Canvas": services.canvas_header,
    }
    if has_etag(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@router.get("/v1/model/{file}", **answers("application/octet-stream", known=True))
@router.api_route("/v1/model/{file}", methods=GET_AND_HEAD, include_in_schema=False)
async def model_file(
    request: Request, file: str, services: Annotated[Services, Depends(services_of)]
) -> Response:
    """One of the files that the manifest names; its content never changes under its name."""
    entry = _decoder(services).files.get(file)
    if entry is None:
        raise NotFound(f"the manifest names no file {file!r}; GET /v1/model lists them")
    headers = {
        "ETag": f'"{entry.sha256}"',
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Type": "application/octet-stream",
    }
    return await services.coded_files.response(entry.path, headers, request.headers)


def _decoder(services: Services) -> DecoderFiles:
    if services.decoder is None:
        raise NotFound("this server has no exported decoder")
    return services.decoder
