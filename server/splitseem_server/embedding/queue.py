"""The bounded queue in front of the encoder."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from splitseem_server.errors import QueueFull

T = TypeVar("T")
Prepared = TypeVar("Prepared")

# Pieces of work that are prepared while all workers are busy. Each holds an image, which may be large.
_AHEAD = 1

IN_TURNS = 4
"""Requests that are worked on in turns; each of them holds an image ready."""

# The median of so few runs follows a change soon, and a slow first run does not decide what callers hear.
_RUNS_REMEMBERED = 8
_GUESS_S = 1.0


class EncodeQueue:
    """Runs blocking work on a fixed number of threads, in order; refuses when too much of it waits.

    Args:
        workers: pieces of work that run at the same time.
        capacity: pieces of work that may wait for a worker.
        what: the pieces of work, for callers who are refused.
    """

    def __init__(self, *, workers: int, capacity: int, what: str = "images") -> None:
        self._workers = workers
        self._capacity = capacity
        self._what = what
        self._slots = anyio.CapacityLimiter(workers)
        self._threads = anyio.CapacityLimiter(workers)
        self._together = anyio.CapacityLimiter(IN_TURNS)
        self._ahead = anyio.CapacityLimiter(workers + _AHEAD)
        self._admitted = 0
        self._latest_s: deque[float] = deque(maxlen=_RUNS_REMEMBERED)

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a worker."""
        return max(0, self._admitted - self._workers)

    async def run(self, work: Callable[[], T], *, on_start: Callable[[], None]) -> T:
        """Run `work` on a worker thread; `on_start` is called on the event loop just before.

        Raises:
            QueueFull: too much work waits already.
            whatever the work raises.
        """
        self._admit()
        try:
            async with self._slots:
                on_start()
                return await self._run_on_thread(work)
        finally:
            self._admitted -= 1

    async def run_prepared(
        self,
        prepare: Callable[[], Awaitable[Prepared]],
        work: Callable[[Prepared], T],
        *,
        on_start: Callable[[], None],
    ) -> T:
        """As `run`, on what `prepare` gives; it is awaited beside the workers, for a few pieces of work
        ahead.

        Raises:
            QueueFull: too much work waits already.
            whatever the preparation or the work raises.
        """
        self._admit()
        try:
            async with self._ahead:
                prepared = await prepare()
                await self._slots.acquire()
            try:
                on_start()
                return await self._run_on_thread(partial(work, prepared))
            finally:
                self._slots.release()
        finally:
            self._admitted -= 1

    async def run_in_turns(self, pieces: Iterable[Callable[[], T]]) -> T:
        """Run pieces of one request one after the other, and give the last result; other requests have their
        turn between two pieces. `pieces` is drawn from on the event loop and must not be empty.

        Raises:
            QueueFull: too much work waits already.
            whatever a piece raises.
        """
        self._admit()
        begin = time.perf_counter()
        try:
            async with self._together:
                for piece in pieces:
                    async with self._slots:
                        result = await anyio.to_thread.run_sync(piece, limiter=self._threads)
                self._note(time.perf_counter() - begin)
                return result
        finally:
            self._admitted -= 1

    def check_room(self) -> None:
        """Whether another piece of work may wait.

        Raises:
            QueueFull: too much work waits already.
        """
        if self._admitted >= self._workers + self._capacity:
            seconds = self._retry_after_s()
            raise QueueFull(
                f"{self.waiting} {self._what} are waiting; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    def _admit(self) -> None:
        self.check_room()
        self._admitted += 1

    def _note(self, seconds: float) -> None:
        self._latest_s.append(seconds)

    async def _run_on_thread(self, work: Callable[[], T]) -> T:
        begin = time.perf_counter()
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._note(time.perf_counter() - begin)

    def _retry_after_s(self) -> int:
        usual_s = statistics.median_low(self._latest_s) if self._latest_s else _GUESS_S
        return max(1, math.ceil(usual_s * self._admitted / self._workers))
