"""What the routes work with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import structlog
from fastapi import Request

from splitseem_server.cache.base import EmbeddingCache
from splitseem_server.decoding.panoptic import PanopticService
from splitseem_server.decoding.service import DecodeService
from splitseem_server.decoding.text import TextService
from splitseem_server.embedding.encoder import Encoder
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.service import EmbeddingService
from splitseem_server.errors import NotReady
from splitseem_server.files.coded import CodedFiles
from splitseem_server.files.decoder import DecoderFiles
from splitseem_server.images.pool import ImagePool
from splitseem_server.metrics import Metrics
from splitseem_server.settings import Settings

# Routes that answer both are registered twice: for both, which counts, and for GET, which OpenAPI shows.
GET_AND_HEAD = ["GET", "HEAD"]

_log = structlog.get_logger(__name__)


@dataclass
class Readiness:
    """Whether the encoder has answered its first, tiny image."""

    state: Literal["warming", "ready", "failed"] = "warming"


@dataclass(frozen=True)
class Services:
    """Everything that a route may need; one for each app."""

    settings: Settings
    encoder: Encoder
    cache: EmbeddingCache
    queue: EncodeQueue
    images: ImagePool
    embeddings: EmbeddingService
    decoder: DecoderFiles | None
    texts: TextService | None
    panoptic: PanopticService | None
    prompts: DecodeService | None
    metrics: Metrics
    coded_files: CodedFiles = field(default_factory=CodedFiles)
    readiness: Readiness = field(default_factory=Readiness)

    @property
    def model_header(self) -> str:
        """Value of `X-Splitseem-Model`: name and fingerprint."""
        return f"{self.encoder.name}@{self.encoder.fingerprint}"

    def check_ready(self) -> None:
        """Raises: NotReady: the model did not warm up; while it does, requests wait for it."""
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


def services_of(request: Request) -> Services:
    """The services of the app that the request came to."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the app was not made by create_app")
    return services
