"""Image bytes -> packed embedding, in stages of their own, so that the device never waits for the host.

Decoding and resizing happen in processes, for a few images ahead of the device; the device takes batches;
codec and packing happen on other threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
import numpy as np

from splitseem_proto import ImageGeometry
from splitseem_server.cache.packed import PackedEmbedding
from splitseem_server.embedding.admission import Admission
from splitseem_server.embedding.clock import Clock
from splitseem_server.embedding.device import Batching, Device
from splitseem_server.embedding.encoder import Encoder
from splitseem_server.errors import WaitedTooLong
from splitseem_server.images.pool import ImagePool, View
from splitseem_server.tracing import moment, span

T = TypeVar("T")

_HOST_THREADS = 4
_WARM_UP_HW = (32, 32)
WARM_UP_RUNS = 2


class _Group(NamedTuple):
    """What images have in common that can run together."""

    padded_hw: tuple[int, int]
    maps: str


@dataclass(frozen=True)
class Wanted:
    """What is to be made: how the image is brought to the model, in which codec and with which maps, under
    which key; the bytes of memory that decoding it needs; and what of the picture that is given the model
    sees."""

    key: str
    geometry: ImageGeometry
    codec: str
    maps: str
    decode_bytes: int
    view: View


class EncodePipeline:
    """Makes embeddings, as many at a time as there is room for.

    Args:
        encoder: does the work of the host, and that of the first device.
        batching: its workers are those of each device.
        others: the same encoder on further devices.
        capacity: images that may wait for the device.
        queue_s: seconds that one may wait.
        ran: is told how many images a run of the device had, and the seconds that it took.
        waited: is told the seconds that each image waited for the device, its decoding not counted.
    """

    def __init__(
        self,
        encoder: Encoder,
        images: ImagePool,
        batching: Batching,
        *,
        capacity: int,
        queue_s: float,
        others: Sequence[Encoder] = (),
        ran: Callable[[int, float], None] = lambda images, seconds: None,
        waited: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._devices = 1 + len(others)
        batching = replace(batching, workers=batching.workers * self._devices)
        at_work = batching.workers * batching.most
        self._encoder = encoder
        self._images = images
        self._queue_s = queue_s
        self._told = ran
        self._waited = waited
        self._admission = Admission(workers=at_work, capacity=capacity, what="images")
        # A batch that runs and the next one; each image is held as pixels.
        self._ahead = anyio.CapacityLimiter(at_work + batching.most)
        # Every run takes the device that has been free for longest.
        self._free: SimpleQueue[Encoder] = SimpleQueue()
        for one in (encoder, *others) * (batching.workers // self._devices):
            self._free.put(one)
        self._device: Device[_Group] = Device(self._run, batching, self._ran)
        self._host = anyio.CapacityLimiter(_HOST_THREADS)

    @property
    def waiting(self) -> int:
        """Images that wait for the device."""
        return self._admission.waiting

    def check_room(self) -> None:
        """Whether another image may wait.

        Raises:
            QueueFull: too many wait already.
        """
        self._admission.check_room()

    async def make(
        self, image: bytes, wanted: Wanted, begun: Callable[[], None]
    ) -> tuple[PackedEmbedding, Mapping[str, float]]:
        """The embedding of an image file, and milliseconds by stage. Cancelled before the device has begun,
        it costs no more.

        Args:
            begun: is called when the device begins.
        Raises:
            QueueFull: too many images wait already. WaitedTooLong: the device did not begin in time.
            ServerError: the image is refused, or does not fit into the device.
        """
        clock = Clock()
        with self._admission.place():
            try:
                async with asyncio.timeout(self._queue_s) as limit:

                    def on_start() -> None:
                        limit.reschedule(None)
                        clock.lap("queue")
                        self._waited(clock.laps["queue"] / 1000)
                        begun()

                    prepared, maps = await self._on_device(image, wanted, clock, on_start)
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise self._too_late() from error
            clock.lap("encode")
        with span("pack"):
            packed = await self._on_host(partial(self._finish, prepared, maps, wanted))
        clock.lap("pack")
        return packed, clock.laps

    async def warm_up(self) -> None:
        """Run a tiny image, so that the first real one finds the device fast; and once more, so that callers
        who are refused hear what a run takes.

        Raises:
            whatever the encoder raises.
        """
        encoder, maps = self._encoder, self._encoder.maps[0]
        geometry = encoder.geometry_for(_WARM_UP_HW, None, None)
        pixels = np.zeros((*geometry.input_hw, 3), dtype=np.uint8)
        prepared = await self._on_host(partial(encoder.prepare, pixels, geometry))
        for _ in range(WARM_UP_RUNS * self._devices):
            output = await self._device.run(prepared, _Group(geometry.padded_hw, maps), lambda: None)
        await self._on_host(partial(encoder.finish, prepared, output, encoder.codec_for(None)))

    async def _on_device(
        self, image: bytes, wanted: Wanted, clock: Clock, on_start: Callable[[], None]
    ) -> tuple[object, object]:
        geometry = wanted.geometry
        with span("queue"):
            await self._ahead.acquire()
        try:
            clock.lap("queue")
            with span("decode"):
                pixels = await self._images.pixels(image, wanted.view, needs_bytes=wanted.decode_bytes)
                prepared = await self._on_host(partial(self._encoder.prepare, pixels, geometry))
            clock.lap("decode")
            group = _Group(geometry.padded_hw, wanted.maps)
            with span("encode"):
                begun = moment("begun")

                def begin() -> None:
                    begun()
                    on_start()

                return prepared, await self._device.run(prepared, group, begin)
        finally:
            self._ahead.release()

    def _run(self, images: Sequence[Any], group: _Group) -> Sequence[Any]:
        encoder = self._free.get()
        try:
            return encoder.run(images, group.maps)
        finally:
            self._free.put(encoder)

    async def _on_host(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._host)

    def _finish(self, prepared: object, maps: object, wanted: Wanted) -> PackedEmbedding:
        embedding = self._encoder.finish(prepared, maps, wanted.codec)
        return PackedEmbedding.of(replace(embedding, key=wanted.key))

    def _ran(self, images: int, seconds: float) -> None:
        self._admission.note(seconds)
        self._told(images, seconds)

    def _too_late(self) -> WaitedTooLong:
        seconds = self._admission.retry_after_s()
        return WaitedTooLong(
            f"the encoder did not begin within {self._queue_s:g} s; try again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )
