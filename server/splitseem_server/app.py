"""The application: settings, encoder and cache in, FastAPI out. Importing this module has no effects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from splitseem_server.cache.base import EmbeddingCache
from splitseem_server.cache.checked import CheckedCache
from splitseem_server.decoding.panoptic import PanopticService, Segmenter
from splitseem_server.decoding.service import DecodeService, PromptDecoder
from splitseem_server.decoding.text import TextEncoder, TextService
from splitseem_server.embedding.encoder import Encoder
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.service import EmbeddingService
from splitseem_server.errors import PROBLEMS
from splitseem_server.files.client import ClientFiles
from splitseem_server.files.decoder import DecoderFiles, check_fingerprint, load_decoder_files
from splitseem_server.http.middleware import (
    BodyLimit,
    ForwardedPrefix,
    IsolationHeaders,
    RelativeRedirects,
    Watch,
    log_request,
)
from splitseem_server.http.parameters import refuse_unknown
from splitseem_server.http.problem_json import ErrorResponses, install_error_handlers
from splitseem_server.http.uploads import max_body_bytes
from splitseem_server.images.pool import ImagePool
from splitseem_server.images.read import ImageLimits
from splitseem_server.metrics import Metrics
from splitseem_server.routes import decode, embed, health, model, panoptic, text, upright
from splitseem_server.services import Services
from splitseem_server.settings import Settings

_ROUTES = (embed, upright, decode, text, panoptic, model, health)
CORS_MAX_AGE_S = 600
EXPOSED_HEADERS = (
    "ETag",
    "Location",
    "Retry-After",
    "Server-Timing",
    "X-Splitseem-Bytes",
    "X-Splitseem-Cache",
    "X-Splitseem-Model",
)
"""What scripts of other origins may read of an answer."""


def create_app(
    settings: Settings,
    encoder: Encoder,
    cache: EmbeddingCache,
    decoder_dir: Path | None = None,
    client_dir: Path | None = None,
    text_encoder: TextEncoder | None = None,
    segmenter: Segmenter | None = None,
    prompt_decoder: PromptDecoder | None = None,
) -> FastAPI:
    """The service.

    Args:
        settings: limits and times; its addresses and folders are not looked at.
        encoder: loaded, ready to be called.
        cache: closed by the app when it stops.
        decoder_dir: exported decoder to serve; without it `/v1/model` is 404.
        client_dir: built browser client to serve at `/`; without it there is none.
        text_encoder: loaded, of the same model; without it `/v1/text` is 404.
        segmenter: loaded, of the same model; without it `/v1/panoptic` is 404.
        prompt_decoder: loaded, of the same model; without it `/v1/decode` is 404.
    Raises:
        DecoderFilesError: the decoder is missing, damaged, or of another model.
        ClientFilesError: the client is missing.
    """
    decoder = _decoder(decoder_dir, encoder)
    services = _services(settings, encoder, cache, decoder, text_encoder, segmenter, prompt_decoder)
    app = FastAPI(
        title="splitseem",
        version="1",
        description="An image in, its embedding out; the decoder runs in the browser.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        responses=_documented_problems(),
        dependencies=[Depends(refuse_unknown)],
    )
    app.state.services = services
    for routes in _ROUTES:
        app.include_router(routes.router)
    if client_dir is not None:
        # Asked last, when no route has the path, so that a wrong method on a route stays a 405.
        app.router.default = ClientFiles(client_dir, services.coded_files)
    install_error_handlers(app)
    _add_middleware(app, settings, services)
    return app


def _add_middleware(app: FastAPI, settings: Settings, services: Services) -> None:
    """What holds for every request; the last one added is the outermost."""
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes(settings.max_image_bytes))
    app.add_middleware(ErrorResponses)
    app.add_middleware(IsolationHeaders, resource_policy=settings.resource_policy)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
            max_age=CORS_MAX_AGE_S,
        )
    app.add_middleware(RelativeRedirects)
    app.add_middleware(ForwardedPrefix)
    app.add_middleware(Watch, tell=(services.metrics.requested, log_request))


def _decoder(folder: Path | None, encoder: Encoder) -> DecoderFiles | None:
    if folder is None:
        return None
    decoder = load_decoder_files(folder)
    check_fingerprint(decoder, encoder.fingerprint)
    return decoder


def _services(
    settings: Settings,
    encoder: Encoder,
    cache: EmbeddingCache,
    decoder: DecoderFiles | None,
    text_encoder: TextEncoder | None,
    segmenter: Segmenter | None,
    prompt_decoder: PromptDecoder | None,
) -> Services:
    cache = CheckedCache(cache)
    queue = EncodeQueue(workers=settings.encode_workers, capacity=settings.queue_size)
    limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
    images = ImagePool(limits, processes=settings.decode_processes, seconds=settings.decode_seconds)
    embeddings = EmbeddingService(encoder, cache, queue, limits, images, max_canvas=settings.max_canvas)
    texts = None if text_encoder is None else TextService(text_encoder, capacity=settings.queue_size)
    segments = (
        None if segmenter is None else PanopticService(segmenter, embeddings, capacity=settings.queue_size)
    )
    prompts = (
        None
        if prompt_decoder is None
        else DecodeService(prompt_decoder, embeddings, cache, capacity=settings.queue_size)
    )
    return Services(
        settings, encoder, cache, queue, images, embeddings, decoder, texts, segments, prompts, Metrics()
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    warm_up = asyncio.create_task(services.warm_up())
    try:
        yield
    finally:
        warm_up.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await warm_up
        await services.cache.close()
        services.coded_files.close()
        services.images.close()


def _documented_problems() -> dict[int | str, dict[str, Any]]:
    by_status: dict[int | str, dict[str, Any]] = {}
    for problem in PROBLEMS.values():
        described = by_status.setdefault(problem.status, {"content": {"application/problem+json": {}}})
        described["description"] = "; ".join(filter(None, (described.get("description"), problem.title)))
    return by_status
