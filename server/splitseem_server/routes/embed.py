"""`POST /embed` and `GET /v1/embeddings/{key}`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from splitseem_server.embedding.keys import is_key
from splitseem_server.embedding.service import Embedded, EmbedOptions, digest_at_once
from splitseem_server.errors import NotFound
from splitseem_server.http.content_coding import accepted_coding, encode_body
from splitseem_server.http.gone import unless_gone
from splitseem_server.http.negotiation import JSON, MSGPACK, asked_codec, choose_media_type, has_etag
from splitseem_server.http.openapi import answers
from splitseem_server.http.parameters import joined, refuse_unknown
from splitseem_server.http.uploads import read_upload
from splitseem_server.routes.json_answers import EMBEDDED
from splitseem_server.routes.options import (
    EMBED_PARAMETERS,
    Canvas,
    Codec,
    Maps,
    Original,
    Roi,
    image_body,
    parse_embed_options,
)
from splitseem_server.services import GET_AND_HEAD, Services, check_access, services_of, tenant_of

router = APIRouter(tags=["embeddings"])


async def embed_options(
    request: Request,
    services: Annotated[Services, Depends(services_of)],
    codec: Codec = None,
    canvas: Canvas = None,
    roi: Roi = None,
    original: Original = None,
    maps: Maps = None,
) -> EmbedOptions:
    """The query of `POST /embed`, refused before the body is read.

    Raises:
        InvalidParameter: a value without meaning for this model.
    """
    return parse_embed_options(request, services, request.query_params)


@router.post(
    "/embed",
    openapi_extra=image_body(*EMBED_PARAMETERS),
    dependencies=[Depends(embed_options)],
    **answers(MSGPACK, JSON, schema=EMBEDDED),
)
@router.post(
    "/v1/embed",
    openapi_extra=image_body(*EMBED_PARAMETERS),
    dependencies=[Depends(embed_options)],
    **answers(MSGPACK, JSON, schema=EMBEDDED),
)
async def embed(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """Encode an image, or find its embedding in the cache.

    The image is the multipart field `image`, `image_base64` in JSON, or the body itself; what stands in the
    query may stand in fields beside the image instead. The answer is the embedding as msgpack, or with
    `Accept: application/json` its key, sizes, geometry and link.
    """
    media_type = choose_media_type(request.headers.get("accept"), (MSGPACK, JSON))
    services.check_ready(request)
    asked = asked_codec(request.headers.get("accept"), services.encoder.codecs)
    upload = await read_upload(request, services.fetch)
    options = parse_embed_options(request, services, joined(request, upload.fields, EMBED_PARAMETERS))
    if options.codec is None:
        options = replace(options, codec=asked)
    digest = digest_at_once(upload.image)
    embedded = await services.embeddings.known(digest, options)
    if embedded is None:
        embedded = await unless_gone(request, services.embeddings.make(upload.image, options, digest))
    headers = services.report(embedded.source, embedded.timings_ms)
    headers["Location"] = _location(request, embedded.key)
    if media_type == JSON:
        headers |= _content_headers(services, f'"{embedded.key}.json"')
        return JSONResponse(_describe(services, embedded, headers["Location"]), headers=headers)
    return await _embedding_response(request, services, embedded.key, embedded.packed.data, headers)


async def answer_embed(request: Request) -> Response:
    """`embed`, and before it what holds for every route and what it depends on."""
    services = await services_of(request)
    await check_access(request, services)
    await refuse_unknown(request)
    await embed_options(request, services)
    return await embed(request, services)


@router.get("/v1/embeddings/{key}", **answers(MSGPACK, known=True))
@router.api_route("/v1/embeddings/{key}", methods=GET_AND_HEAD, include_in_schema=False)
async def stored_embedding(
    request: Request, key: str, services: Annotated[Services, Depends(services_of)]
) -> Response:
    """The embedding of that key as msgpack, if the cache still has it."""
    if not is_key(key):
        raise NotFound(f"{key!r} is not a key; keys are 64 hexadecimal digits")
    packed = await services.cache.get(key, tenant_of(request))
    if packed is None:
        raise NotFound(f"no embedding {key} in the cache; send the image again")
    for etag in (_etag(key, accepted_coding(request.headers.get("accept-encoding"))), _etag(key, None)):
        if has_etag(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=_content_headers(services, etag))
    return await _embedding_response(request, services, key, packed.data, {})


async def _embedding_response(
    request: Request, services: Services, key: str, data: bytes, headers: dict[str, str]
) -> Response:
    body, coding = await encode_body(data, request.headers.get("accept-encoding"))
    headers = {
        **headers,
        **_content_headers(services, _etag(key, coding)),
        "X-Splitseem-Bytes": str(len(data)),
    }
    if coding is not None:
        headers["Content-Encoding"] = coding
    return Response(body, headers=headers, media_type=MSGPACK)


def _etag(key: str, coding: str | None) -> str:
    """Of the embedding itself; every coding of it is another entity."""
    return f'"{key}"' if coding is None else f'"{key}.{coding}"'


def _location(request: Request, key: str) -> str:
    """The path as the client sees it, below the prefix that a proxy may have taken away."""
    return f"{request.scope.get('root_path', '')}/v1/embeddings/{key}"


def _content_headers(services: Services, etag: str) -> dict[str, str]:
    return {
        "ETag": etag,
        "Cache-Control": f"private, max-age={services.settings.max_age_s}, immutable",
        "Vary": "Accept, Accept-Encoding",
    }


def _describe(services: Services, embedded: Embedded, link: str) -> dict[str, object]:
    embedding = embedded.packed.embedding
    geometry = embedding.geometry
    return {
        "key": embedded.key,
        "link": link,
        "model": services.encoder.name,
        "fingerprint": embedding.fingerprint,
        "codec": embedding.codec,
        "bytes": len(embedded.packed.data),
        "geometry": {
            "original_hw": geometry.original_hw,
            "roi_xywh": geometry.roi_xywh,
            "input_hw": geometry.input_hw,
            "padded_hw": geometry.padded_hw,
        },
        "tensors": [
            {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.array.shape}
            for tensor in embedding.tensors
        ],
    }
