"""Image bytes -> packed embedding: cache, then queue, then encoder; one run for each key at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import anyio
import anyio.to_thread

from splitseem_proto import ImageGeometry
from splitseem_server.cache.checked import CheckedCache, Expected, place_of
from splitseem_server.cache.packed import PackedEmbedding
from splitseem_server.embedding.clock import Clock
from splitseem_server.embedding.encoder import Encoder, RoiXywh
from splitseem_server.embedding.keys import embedding_key
from splitseem_server.embedding.pipeline import EncodePipeline, Wanted
from splitseem_server.embedding.single_flight import Commit, SingleFlight
from splitseem_server.errors import InvalidParameter
from splitseem_server.images.pool import View
from splitseem_server.images.read import ImageHeader, ImageLimits, read_header
from splitseem_server.tracing import span

Source = Literal["hit", "miss", "joined"]

# Headers are read beside the encoder, not behind it, so that bad images and known ones are answered at once.
_HEADER_THREADS = 4
# What was seen of images, by their digests, spares the threads; a file of this many bytes is hashed in 2 ms.
_HEADERS_KEPT = 4096
_HASHED_AT_ONCE = 2**20
# Some models resize the shorter side to the canvas, so that an elongated image becomes a large input.
_MAX_ELONGATION = 4


@dataclass(frozen=True)
class EmbedOptions:
    """How an image is to be encoded, and for whom; None stands for the encoder's own choice."""

    codec: str | None = None
    canvas: int | None = None
    roi_xywh: RoiXywh | None = None
    maps: str | None = None
    tenant: str = ""
    """Whose image it is; empty where there are no tenants."""
    original_hw: tuple[int, int] | None = None
    """Of the upright photo, where not its file is given but the picture that the model sees of it, or of the
    region; None: the file is given."""


@dataclass(frozen=True)
class Embedded:
    """A packed embedding, where it came from, and milliseconds by name of the stage."""

    key: str
    packed: PackedEmbedding
    source: Source
    timings_ms: Mapping[str, float]


@dataclass(frozen=True)
class _Produced:
    packed: PackedEmbedding
    source: Source
    timings_ms: Mapping[str, float]


class EmbeddingService:
    """Answers requests for embeddings of one encoder from one cache.

    Args:
        max_canvas: bounds the model input to 4 * max_canvas**2 pixels.
        made: is told the codec and the bytes of every embedding that is made.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: CheckedCache,
        pipeline: EncodePipeline,
        limits: ImageLimits,
        *,
        max_canvas: int,
        made: Callable[[str, bytes], None] = lambda codec, data: None,
    ) -> None:
        self._told = made
        self._max_input_pixels = _MAX_ELONGATION * max_canvas**2
        self._encoder = encoder
        self._cache = cache
        self._pipeline = pipeline
        self._limits = limits
        self._flights: SingleFlight[_Produced] = SingleFlight()
        # By tenant and digest: how long an answer takes tells nobody that another one has sent the file.
        self._headers: dict[tuple[str, str], ImageHeader] = {}
        self._wishes: dict[tuple[str, EmbedOptions], Wanted] = {}
        self._header_threads = anyio.CapacityLimiter(_HEADER_THREADS)

    @property
    def waiting(self) -> int:
        """Requests whose embedding is being made or looked up."""
        return self._flights.waiting

    async def warm_up(self) -> None:
        """Have the encoder ready for the first image.

        Raises:
            whatever the encoder raises.
        """
        await self._pipeline.warm_up()

    async def known(self, digest: str | None, options: EmbedOptions) -> Embedded | None:
        """The embedding of an image file of that SHA-256, if this process has it and has seen the file
        lately; no thread and no other process is asked.

        Raises:
            ServerError: an option is refused.
        """
        header = None if digest is None else self._headers.get((options.tenant, digest))
        if header is None:
            return None
        clock = Clock()
        wanted = self._wanted(header, options)
        key = wanted.key
        clock.lap("header")
        near = await self._cache.near(key, options.tenant, self._expected(wanted))
        if near is None:
            return None
        clock.lap("cache")
        clock.lap("wait")
        return Embedded(key, near, "hit", clock.laps)

    async def embed(self, image: bytes, options: EmbedOptions, digest: str | None = None) -> Embedded:
        """The embedding of an image file.

        Args:
            digest: its SHA-256 where it is known, hexadecimal.
        Raises:
            ServerError: the image or an option is refused, or too many images wait.
        """
        digest = digest or digest_at_once(image)
        return await self.known(digest, options) or await self.make(image, options, digest)

    async def make(self, image: bytes, options: EmbedOptions, digest: str | None) -> Embedded:
        """As `embed`, of a file that is not `known`."""
        clock = Clock()
        header = await self._header(image, digest, options.tenant)
        wanted = self._wanted(header, options)
        key = wanted.key
        clock.lap("header")
        work = partial(self._produce, image=image, options=options, wanted=wanted)
        produced, joined = await self._flights.run(place_of(key, options.tenant), work)
        clock.lap("wait")
        source: Source = "joined" if joined else produced.source
        timings = {**clock.laps, **({} if source == "joined" else produced.timings_ms)}
        return Embedded(key, produced.packed, source, timings)

    async def _header(self, image: bytes, digest: str | None, tenant: str) -> ImageHeader:
        """What is known of a file; of one that this tenant has sent lately, without a thread.

        Raises:
            ServerError: the image is refused.
        """
        known = None if digest is None else self._headers.get((tenant, digest))
        if known is not None:
            return known
        header = await anyio.to_thread.run_sync(
            read_header, image, self._limits, digest, limiter=self._header_threads
        )
        self._headers[tenant, header.digest] = header
        if len(self._headers) > _HEADERS_KEPT:
            del self._headers[next(iter(self._headers))]
        return header

    def _wanted(self, header: ImageHeader, options: EmbedOptions) -> Wanted:
        asked = header.digest, replace(options, tenant="")
        wanted = self._wishes.get(asked)
        if wanted is None:
            wanted = self._wishes[asked] = self._make_wanted(header, options)
            if len(self._wishes) > _HEADERS_KEPT:
                del self._wishes[next(iter(self._wishes))]
        return wanted

    def _make_wanted(self, header: ImageHeader, options: EmbedOptions) -> Wanted:
        encoder = self._encoder
        codec, maps = options.codec or encoder.codec_for(options.maps), options.maps or encoder.maps[0]
        try:
            original_hw = options.original_hw or header.original_hw
            geometry = encoder.geometry_for(original_hw, options.roi_xywh, options.canvas)
        except ValueError as error:
            raise InvalidParameter(str(error)) from error
        view = View(geometry.roi_xywh, geometry.input_hw)
        if options.original_hw is not None:
            self._check_resized(header, geometry)
            view = View((0, 0, *header.original_hw[::-1]), geometry.input_hw)
        padded_h, padded_w = geometry.padded_hw
        if padded_h * padded_w > self._max_input_pixels:
            raise InvalidParameter(
                f"the model input would have {padded_w} x {padded_h} pixels, at most"
                f" {self._max_input_pixels} in all; ask for a smaller canvas or a less elongated region"
            )
        key = embedding_key(header.digest, geometry, encoder.fingerprint, codec, maps, encoder.numerics)
        return Wanted(key, geometry, codec, maps, header.decode_bytes, view)

    def _check_resized(self, header: ImageHeader, geometry: ImageGeometry) -> None:
        """Whether a picture is what the model sees of an image of some size.

        Raises:
            InvalidParameter: it is not, or the image has too many pixels.
        """
        (height, width), (input_h, input_w) = geometry.original_hw, geometry.input_hw
        if height * width > self._limits.max_pixels:
            raise InvalidParameter(
                f"the original has {width} x {height} pixels, at most {self._limits.max_pixels} are accepted"
            )
        if header.original_hw != geometry.input_hw:
            raise InvalidParameter(
                f"the picture has {header.original_hw[1]} x {header.original_hw[0]} pixels; of that original"
                f" the model sees {input_w} x {input_h}"
            )

    def _expected(self, wanted: Wanted) -> Expected:
        return Expected(self._encoder.fingerprint, wanted.codec, wanted.geometry)

    async def _produce(
        self, commit: Commit, *, image: bytes, options: EmbedOptions, wanted: Wanted
    ) -> _Produced:
        clock, key = Clock(), wanted.key
        with span("cache"):
            cached = await self._cache.get(key, options.tenant, self._expected(wanted))
        clock.lap("cache")
        if cached is not None:
            return _Produced(cached, "hit", clock.laps)
        async with self._cache.claimed(key, options.tenant) as shared:
            made = await self._cache.get(key, options.tenant, self._expected(wanted)) if shared else None
            if made is not None:
                return _Produced(made, "joined", {})
            return await self._make(commit, clock, image, options, wanted)

    async def _make(
        self, commit: Commit, clock: Clock, image: bytes, options: EmbedOptions, wanted: Wanted
    ) -> _Produced:
        clock.lap("queue")
        packed, laps = await self._pipeline.make(image, wanted, commit)
        self._told(wanted.codec, packed.data)
        clock.restart()
        with span("store"):
            await self._cache.put(wanted.key, options.tenant, packed)
        clock.lap("store")
        return _Produced(packed, "miss", add_up(clock.laps, laps))


def digest_at_once(image: bytes) -> str | None:
    """SHA-256 of a file, hexadecimal; None for one that is so large that a thread must do it."""
    return hashlib.sha256(image).hexdigest() if len(image) <= _HASHED_AT_ONCE else None


def add_up(*laps: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds by name, of several clocks."""
    names = dict.fromkeys(name for some in laps for name in some)
    return {name: sum(some.get(name, 0.0) for some in laps) for name in names}
