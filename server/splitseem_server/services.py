"""What the routes work with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import Depends, Request

from splitseem_server.cache.base import EmbeddingCache
from splitseem_server.cache.checked import CheckedCache
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.decoding.panoptic import PanopticService, Segmenter
from splitseem_server.decoding.photos import Photos
from splitseem_server.decoding.service import DecodeService, PromptDecoder
from splitseem_server.decoding.text import TextEncoder, TextService
from splitseem_server.embedding.admission import Admission
from splitseem_server.embedding.device import Batching
from splitseem_server.embedding.encoder import Encoder
from splitseem_server.embedding.pipeline import EncodePipeline
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.service import EmbeddingService
from splitseem_server.errors import NotReady
from splitseem_server.files.coded import CodedFiles
from splitseem_server.files.decoder import DecoderFiles, check_fingerprint, load_decoder_files
from splitseem_server.http.access import SCOPE_OF, Access, secret_of
from splitseem_server.http.bodies import has_large_body
from splitseem_server.http.draining import Draining
from splitseem_server.http.rates import Counted, Rates, address_of
from splitseem_server.images.fetching import ImageFetcher
from splitseem_server.images.pool import ImagePool
from splitseem_server.images.read import ImageLimits
from splitseem_server.metrics import Metrics
from splitseem_server.settings import Settings

# Routes that answer both are registered twice: for both, which counts, and for GET, which OpenAPI shows.
GET_AND_HEAD = ["GET", "HEAD"]

_log = structlog.get_logger(__name__)


@dataclass
class Readiness:
    """Whether the encoder has answered its first, tiny image."""

    state: Literal["warming", "ready", "failed"] = "warming"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a service is made of.

    Args:
        settings: limits and times; its addresses and folders are not looked at.
        encoder: loaded, ready to be called.
        more_encoders: the same on further devices.
        cache: closed by the app when it stops.
        decoder_dir: exported decoder to serve; without it `/v1/model` is 404.
        client_dir: built browser client to serve at `/`; without it there is none.
        text_encoder: loaded, of the same model; without it `/v1/text` is 404.
        segmenter: loaded, of the same model; without it `/v1/panoptic` is 404.
        prompt_decoder: loaded, of the same model; without it `/v1/decode` is 404.
        access: the keys that callers need; without it they need none.
    """

    settings: Settings
    encoder: Encoder
    cache: EmbeddingCache
    decoder_dir: Path | None = None
    client_dir: Path | None = None
    text_encoder: TextEncoder | None = None
    segmenter: Segmenter | None = None
    prompt_decoder: PromptDecoder | None = None
    access: Access | None = None
    more_encoders: Sequence[Encoder] = ()


class Services:
    """Everything that a route may need; one for each app.

    Raises:
        DecoderFilesError: the decoder is missing, damaged, or of another model.
    """

    def __init__(self, parts: Parts) -> None:
        settings = parts.settings
        self.settings = settings
        self.encoder = parts.encoder
        self.encoders = (parts.encoder, *parts.more_encoders)
        self.decoder = _decoder_files(parts)
        self.metrics = Metrics()
        self.metrics.build(
            model=self.encoder.name, fingerprint=self.encoder.fingerprint, device=settings.device
        )
        self.cache = CheckedCache(
            parts.cache,
            InProcessCache(_local_bytes(settings)),
            tier="memory" if settings.cache == "memory" else "redis",
            read=self.metrics.cache_read,
        )
        limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
        self.images = _image_pool(settings, limits)
        self.uprights = Admission(
            workers=settings.decode_processes, capacity=settings.queue_size, what="pictures"
        )
        self.queue = _pipeline(parts, self.images, self.metrics)
        self.embeddings = EmbeddingService(
            self.encoder,
            self.cache,
            self.queue,
            limits,
            max_canvas=settings.max_canvas,
            made=self.metrics.made,
        )
        self._queues = {name: self._queue(name) for name in ("texts", "segmentations", "prompts")}
        for_texts, for_segments, for_prompts = self._queues.values()
        texts, segmenter, decoder = parts.text_encoder, parts.segmenter, parts.prompt_decoder
        self.texts = None if texts is None else TextService(texts, for_texts)
        self.panoptic = (
            None if segmenter is None else PanopticService(segmenter, self.embeddings, for_segments)
        )
        photos = Photos(self.images, self.uprights, held=settings.decode_processes)
        self.prompts = (
            None
            if decoder is None
            else DecodeService(decoder, self.embeddings, self.cache, for_prompts, photos)
        )
        self.fetch = ImageFetcher(limits.max_bytes, settings.url_s) if settings.fetch_urls else None
        self.coded_files = CodedFiles()
        self.access = parts.access
        self.scopes = dict(SCOPE_OF)
        self.rates = Rates(settings)
        self.readiness = Readiness()
        self.draining = Draining()

    @property
    def waiting(self) -> Mapping[str, int]:
        """Pieces of work that wait, by what they are."""
        others = {name: queue.waiting for name, queue in self._queues.items()}
        return {"images": self.queue.waiting, "pictures": self.uprights.waiting, **others}

    def _queue(self, name: str) -> EncodeQueue:
        return EncodeQueue(
            workers=1,
            capacity=self.settings.queue_size,
            what=name,
            waited=partial(self.metrics.waited, name),
        )

    @property
    def model_header(self) -> str:
        """Value of `X-Splitseem-Model`: name and fingerprint."""
        return f"{self.encoder.name}@{self.encoder.fingerprint}"

    @property
    def canvas_header(self) -> str:
        """Value of `X-Splitseem-Canvas`: the usual size, and the largest that a request may ask for."""
        largest = min(self.settings.max_canvas, self.encoder.largest_canvas)
        return f"{self.encoder.canvas}; max={largest}"

    def check_ready(self, request: Request) -> None:
        """Whether to read the body of a request for an image.

        Raises:
            NotReady: the model did not warm up; while it does, requests wait for it.
            QueueFull: too many images wait, and the body is large; of a small one the image may be known.
        """
        if has_large_body(request.scope):
            self.queue.check_room()
        if self.readiness.state == "failed":
            raise NotReady("the model did not warm up; the log of the server says why")

    def report(self, source: str, timings_ms: Mapping[str, float]) -> dict[str, str]:
        """Count an answer about an image, and give the headers in which it says how it came about.

        Args:
            source: of the embedding, see `Embedded`. timings_ms: milliseconds by name of the stage.
        """
        self.metrics.answered(source, timings_ms)
        return {
            "Server-Timing": ", ".join(f"{name};dur={value:.1f}" for name, value in timings_ms.items()),
            "X-Splitseem-Cache": source,
            "X-Splitseem-Model": self.model_header,
        }

    async def warm_up(self) -> None:
        """Run the encoder once and note how it went; never raises, unless cancelled."""
        begin = asyncio.get_running_loop().time()
        try:
            await self.embeddings.warm_up()
        except Exception:
            # Whatever the encoder raises, the service stays up and says that it is not ready.
            self.readiness.state = "failed"
            _log.exception("warm_up_failed", model=self.model_header)
        else:
            self.readiness.state = "ready"
            seconds = asyncio.get_running_loop().time() - begin
            _log.info("ready", model=self.model_header, warm_up_s=round(seconds, 3))


def _image_pool(settings: Settings, limits: ImageLimits) -> ImagePool:
    return ImagePool(
        limits,
        processes=settings.decode_processes,
        seconds=settings.decode_seconds,
        memory_bytes=settings.decode_memory_bytes,
    )


def _pipeline(parts: Parts, images: ImagePool, metrics: Metrics) -> EncodePipeline:
    settings = parts.settings
    return EncodePipeline(
        parts.encoder,
        images,
        Batching(settings.encode_workers, settings.max_batch, settings.max_wait_ms / 1000),
        capacity=settings.queue_size,
        queue_s=settings.queue_s,
        others=parts.more_encoders,
        ran=metrics.ran,
        waited=partial(metrics.waited, "images"),
    )


def _local_bytes(settings: Settings) -> int:
    """Of a second cache in memory, which makes no sense in front of memory."""
    return 0 if settings.cache == "memory" else settings.local_cache_bytes


def _decoder_files(parts: Parts) -> DecoderFiles | None:
    if parts.decoder_dir is None:
        return None
    decoder = load_decoder_files(parts.decoder_dir)
    check_fingerprint(decoder, parts.encoder.fingerprint)
    return decoder


async def services_of(request: Request) -> Services:
    """The services of the app that the request came to."""
    # FastAPI gives plain functions to a thread each, which costs more than all that dependencies do here.
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the app was not made by create_app")
    return services


async def check_access(request: Request, services: Annotated[Services, Depends(services_of)]) -> None:
    """Holds for every route: its caller has a key that allows it, where there are keys, and has not asked too
    often.

    Raises:
        Unauthorized: no key, or an unknown one. Forbidden: it does not allow this.
        RateLimited: too many requests of this address, or of keys of this name.
    """
    request.state.tenant = ""
    scope = services.scopes.get(request.scope["route"].path)
    if scope is None:
        return
    if services.settings.rate_per_address:
        address = address_of(request.scope, services.settings.proxies)
        await services.rates.count(Counted("address", address))
    if services.access is not None:
        request.state.tenant = services.access.tenant(secret_of(request.headers), scope)
        await services.rates.count(Counted("key", request.state.tenant))


def tenant_of(request: Request) -> str:
    """Whose request it is; empty where there are no keys. `check_access` has noted it."""
    return str(request.state.tenant)
