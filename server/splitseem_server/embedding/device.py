"""The device's side of the encoder: batches of images of equal size, one thread for each run at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import structlog

from splitseem_model.errors import DeviceMemoryError
from splitseem_server.errors import OutOfDeviceMemory
from splitseem_server.worker_threads import WorkerThreads

Group = TypeVar("Group", bound=Hashable)
_GROWS_AFTER = 32
"""Full batches that fit, after which one image more is tried again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Batching:
    """How images are put together.

    Args:
        workers: runs at the same time.
        most: images a run.
        wait_s: seconds that an idle device waits for a batch to fill.
    """

    workers: int = 1
    most: int = 1
    wait_s: float = 0.0


@dataclass(frozen=True, eq=False)
class _Item(Generic[Group]):
    image: Any
    group: Group
    begun: Callable[[], None]
    done: asyncio.Future[Any]
    since: float


class Device(Generic[Group]):
    """Runs images on the device, several of one group at once when they wait anyway, in order of arrival.

    Args:
        run: images and their group -> an output for each, in order; blocking.
        ran: is told how many images a run had, and the seconds that it took.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Any], Group], Sequence[Any]],
        batching: Batching,
        ran: Callable[[int, float], None] = lambda images, seconds: None,
    ) -> None:
        self._run = run
        self._batching = batching
        self._ran = ran
        self._most = batching.most
        self._fitted = 0
        self._waiting: deque[_Item[Group]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._threads = WorkerThreads(batching.workers, "device")
        self._alarm: asyncio.TimerHandle | None = None

    async def run(self, image: Any, group: Group, begun: Callable[[], None]) -> Any:
        """What the device makes of an image. Cancelled before it has begun, it never begins.

        Args:
            group: images that can run together have equal ones.
            begun: is called on the event loop when the run begins.
        Raises:
            OutOfDeviceMemory: there is not enough of it for this image alone.
            whatever the run raises.
        """
        loop = asyncio.get_running_loop()
        item = _Item(image, group, begun, loop.create_future(), loop.time())
        self._waiting.append(item)
        self._start_runs()
        return await item.done

    def _start_runs(self) -> None:
        self._waiting = deque(item for item in self._waiting if not item.done.done())
        while len(self._running) < self._batching.workers and self._waiting:
            batch = self._next_batch()
            if batch is None:
                return
            self._waiting = deque(item for item in self._waiting if item not in batch)
            for item in batch:
                item.begun()
            task = asyncio.ensure_future(self._run_batch(batch))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _next_batch(self) -> Sequence[_Item[Group]] | None:
        """Those of the group that has waited longest; None while it may still grow."""
        first = self._waiting[0]
        batch = [item for item in self._waiting if item.group == first.group][: self._most]
        left_s = first.since + self._batching.wait_s - asyncio.get_running_loop().time()
        if len(batch) == self._most or left_s <= 0:
            return batch
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(left_s, self._start_runs)
        return None

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_runs()

    async def _run_batch(self, batch: Sequence[_Item[Group]]) -> None:
        """Run some images; where they do not fit, in parts of half as many."""
        while batch := [item for item in batch if not item.done.done()]:
            part = batch[: self._most]
            if await self._fits(part):
                batch = batch[len(part) :]
            else:
                self._shrink(len(part) // 2)

    async def _fits(self, batch: Sequence[_Item[Group]]) -> bool:
        """Run images and tell those who wait; False when fewer at once may fit."""
        try:
            outputs = await self._on_thread(batch)
        except DeviceMemoryError as error:
            if len(batch) > 1:
                return False
            _fail(batch, _too_large(error))
        except BaseException as error:
            _fail(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._grow(len(batch))
            for item, output in zip(batch, outputs, strict=True):
                if not item.done.done():
                    item.done.set_result(output)
        return True

    async def _on_thread(self, batch: Sequence[_Item[Group]]) -> Sequence[Any]:
        begin = time.perf_counter()
        run = partial(self._run, [item.image for item in batch], batch[0].group)
        try:
            return await self._threads.run(run)
        finally:
            self._ran(len(batch), time.perf_counter() - begin)

    def _shrink(self, most: int) -> None:
        self._most, self._fitted = most, 0
        _log.warning("device_memory", images_a_run=most)

    def _grow(self, images: int) -> None:
        if images < self._most or self._most == self._batching.most:
            return
        self._fitted += 1
        if self._fitted == _GROWS_AFTER:
            self._most, self._fitted = self._most + 1, 0


def _too_large(error: DeviceMemoryError) -> OutOfDeviceMemory:
    _log.warning("device_memory", images_a_run=0, reason=str(error)[:300])
    return OutOfDeviceMemory(
        "the device of the encoder has too little memory for this image now; ask for a smaller canvas, or try"
        " again in 5 s",
        headers={"Retry-After": "5"},
    )


def _fail(batch: Sequence[_Item[Any]], error: BaseException) -> None:
    for item in batch:
        if not item.done.done():
            item.done.set_exception(error)
