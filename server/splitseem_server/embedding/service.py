"""Image bytes -> packed embedding: cache, then queue, then encoder; one run for each key at a time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import anyio
import anyio.to_thread
import numpy as np

from splitseem_server.cache.checked import CheckedCache, place_of
from splitseem_server.cache.packed import PackedEmbedding
from splitseem_server.embedding.encoder import Encoder, RoiXywh
from splitseem_server.embedding.keys import embedding_key
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.single_flight import Commit, SingleFlight
from splitseem_server.errors import InvalidParameter
from splitseem_server.images.pool import ImagePool
from splitseem_server.images.read import ImageHeader, ImageLimits, RgbImage, read_header

Source = Literal["hit", "miss", "joined"]

# Headers are read beside the encoder, not behind it, so that bad images and known ones are answered at once.
_HEADER_THREADS = 4
# Some models resize the shorter side to the canvas, so that an elongated image becomes a large input.
_MAX_ELONGATION = 4
_WARM_UP_HW = (32, 32)
WARM_UP_RUNS = 2


@dataclass(frozen=True)
class EmbedOptions:
    """How an image is to be encoded, and for whom; None stands for the encoder's own choice."""

    codec: str | None = None
    canvas: int | None = None
    roi_xywh: RoiXywh | None = None
    maps: str | None = None
    tenant: str = ""
    """Whose image it is; empty where there are no tenants."""


@dataclass(frozen=True)
class Embedded:
    """A packed embedding, where it came from, and milliseconds by name of the stage."""

    key: str
    packed: PackedEmbedding
    source: Source
    timings_ms: Mapping[str, float]


@dataclass(frozen=True)
class _Form:
    """What an embedding holds, and in which codec."""

    codec: str
    maps: str


@dataclass(frozen=True)
class _Produced:
    packed: PackedEmbedding
    source: Source
    timings_ms: Mapping[str, float]


class EmbeddingService:
    """Answers requests for embeddings of one encoder from one cache.

    Args:
        max_canvas: bounds the model input to 4 * max_canvas**2 pixels.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: CheckedCache,
        queue: EncodeQueue,
        images: ImagePool,
        limits: ImageLimits,
        *,
        max_canvas: int,
    ) -> None:
        self._max_input_pixels = _MAX_ELONGATION * max_canvas**2
        self._encoder = encoder
        self._cache = cache
        self._queue = queue
        self._limits = limits
        self._images = images
        self._flights: SingleFlight[_Produced] = SingleFlight()
        self._header_threads = anyio.CapacityLimiter(_HEADER_THREADS)

    @property
    def waiting(self) -> int:
        """Requests whose embedding is being made or looked up."""
        return self._flights.waiting

    async def warm_up(self) -> None:
        """Run the encoder on a tiny image, so that the first real one finds it fast; and once more, so that
        the queue knows what a run takes.

        Raises:
            whatever the encoder raises.
        """
        encode = partial(
            self._encoder.encode,
            np.zeros((*_WARM_UP_HW, 3), dtype=np.uint8),
            roi_xywh=None,
            canvas=None,
            codec=self._encoder.codec_for(None),
            maps=self._encoder.maps[0],
        )
        for _ in range(WARM_UP_RUNS):
            await self._queue.run(encode, on_start=lambda: None)

    async def embed(self, image: bytes, options: EmbedOptions) -> Embedded:
        """The embedding of an image file.

        Raises:
            ServerError: the image or an option is refused, or too many images wait.
        """
        clock = _Clock()
        header = await anyio.to_thread.run_sync(
            read_header, image, self._limits, limiter=self._header_threads
        )
        form = self._form(options)
        key = self._key(header, options, form)
        clock.lap("header")
        work = partial(self._produce, key=key, image=image, options=options, form=form)
        produced, joined = await self._flights.run(place_of(key, options.tenant), work)
        clock.lap("wait")
        source: Source = "joined" if joined else produced.source
        timings = {**clock.laps, **({} if source == "joined" else produced.timings_ms)}
        return Embedded(key, produced.packed, source, timings)

    def _form(self, options: EmbedOptions) -> _Form:
        return _Form(
            codec=options.codec or self._encoder.codec_for(options.maps),
            maps=options.maps or self._encoder.maps[0],
        )

    def _key(self, header: ImageHeader, options: EmbedOptions, form: _Form) -> str:
        try:
            geometry = self._encoder.geometry_for(header.original_hw, options.roi_xywh, options.canvas)
        except ValueError as error:
            raise InvalidParameter(str(error)) from error
        padded_h, padded_w = geometry.padded_hw
        if padded_h * padded_w > self._max_input_pixels:
            raise InvalidParameter(
                f"the model input would have {padded_w} x {padded_h} pixels, at most"
                f" {self._max_input_pixels} in all; ask for a smaller canvas or a less elongated region"
            )
        return embedding_key(header.digest, geometry, self._encoder.fingerprint, form.codec, form.maps)

    async def _produce(
        self, commit: Commit, *, key: str, image: bytes, options: EmbedOptions, form: _Form
    ) -> _Produced:
        clock = _Clock()
        cached = await self._cache.get(key, options.tenant)
        clock.lap("cache")
        if cached is not None:
            return _Produced(cached, "hit", clock.laps)
        async with self._cache.claimed(key, options.tenant) as shared:
            made = await self._cache.get(key, options.tenant) if shared else None
            if made is not None:
                return _Produced(made, "joined", {})
            return await self._make(commit, clock, key=key, image=image, options=options, form=form)

    async def _make(
        self, commit: Commit, clock: _Clock, *, key: str, image: bytes, options: EmbedOptions, form: _Form
    ) -> _Produced:
        async def decode() -> RgbImage:
            clock.lap("queue")
            pixels = await self._images.pixels(image)
            clock.lap("decode")
            return pixels

        def on_start() -> None:
            clock.lap("queue")
            commit()

        encode = partial(self._encode, key, options, form)
        packed, encode_laps = await self._queue.run_prepared(decode, encode, on_start=on_start)
        clock.restart()
        await self._cache.put(key, options.tenant, packed)
        clock.lap("store")
        return _Produced(packed, "miss", {**clock.laps, **encode_laps})

    def _encode(
        self, key: str, options: EmbedOptions, form: _Form, pixels: RgbImage
    ) -> tuple[PackedEmbedding, dict[str, float]]:
        clock = _Clock()
        embedding = self._encoder.encode(
            pixels,
            roi_xywh=options.roi_xywh,
            canvas=options.canvas,
            codec=form.codec,
            maps=form.maps,
        )
        clock.lap("encode")
        packed = PackedEmbedding.of(dataclasses.replace(embedding, key=key))
        clock.lap("pack")
        return packed, clock.laps


class _Clock:
    """Milliseconds between laps, by name; those of one name are added up."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.restart()

    def restart(self) -> None:
        self._begin = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = self.laps.get(name, 0.0) + (now - self._begin) * 1000
        self._begin = now
