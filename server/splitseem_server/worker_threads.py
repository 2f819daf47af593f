"""Threads on which a model runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

import anyio

T = TypeVar("T")


class WorkerThreads:
    """A fixed number of threads that do blocking work, and live as long as this does.

    torch keeps what it has made ready for a layer in each thread that ran it. Threads of a common pool take
    turns and end when they are idle, so that each of them keeps its own for a while; these few are always the
    same.

    Args:
        count: pieces of work at the same time.
        name: of the threads.
    """

    def __init__(self, count: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._free = anyio.CapacityLimiter(count)

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives. Cancelled before a thread is free, it never begins; then it is waited for.

        Raises:
            whatever the work raises.
        """
        loop = asyncio.get_running_loop()
        async with self._free:
            done = loop.run_in_executor(self._executor, partial(copy_context().run, work))
            with anyio.CancelScope(shield=True):
                await asyncio.wait([done])
            return done.result()
