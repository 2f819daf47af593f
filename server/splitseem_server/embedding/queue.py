"""The bounded queue in front of a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import anyio

from splitseem_server.embedding.admission import Admission
from splitseem_server.worker_threads import WorkerThreads

T = TypeVar("T")

IN_TURNS = 4
"""Requests that are worked on in turns; each of them holds an image ready."""


class EncodeQueue:
    """Runs blocking work on a fixed number of threads, in order; refuses when too much of it waits.

    Args:
        workers: pieces of work that run at the same time.
        capacity: pieces of work that may wait for a worker.
        what: the pieces of work, for callers who are refused.
        waited: is told the seconds that each waited for a worker.
    """

    def __init__(
        self,
        *,
        workers: int,
        capacity: int,
        what: str = "images",
        waited: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._waited = waited
        self._admission = Admission(workers=workers, capacity=capacity, what=what)
        self._slots = anyio.CapacityLimiter(workers)
        self._threads = WorkerThreads(workers, what)
        self._together = anyio.CapacityLimiter(IN_TURNS)

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a worker."""
        return self._admission.waiting

    async def run(self, work: Callable[[], T], *, on_start: Callable[[], None]) -> T:
        """Run `work` on a worker thread; `on_start` is called on the event loop just before.

        Raises:
            QueueFull: too much work waits already.
            whatever the work raises.
        """
        begin = time.perf_counter()
        with self._admission.place():
            async with self._slots:
                self._waited(time.perf_counter() - begin)
                on_start()
                with self._admission.timed():
                    return await self._threads.run(work)

    async def run_in_turns(self, pieces: Iterable[Callable[[], T]]) -> T:
        """Run pieces of one request one after the other, and give the last result; other requests have their
        turn between two pieces. `pieces` is drawn from on the event loop and must not be empty.

        Raises:
            QueueFull: too much work waits already.
            whatever a piece raises.
        """
        begin = time.perf_counter()
        with self._admission.place():
            async with self._together:
                self._waited(time.perf_counter() - begin)
                with self._admission.timed():
                    for piece in pieces:
                        async with self._slots:
                            result = await self._threads.run(piece)
                return result

    def check_room(self) -> None:
        """Whether another piece of work may wait.

        Raises:
            QueueFull: too much work waits already.
        """
        self._admission.check_room()
