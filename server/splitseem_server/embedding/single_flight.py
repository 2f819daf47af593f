"""Equal work that is asked for at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Commit = Callable[[], None]


class SingleFlight(Generic[T]):
    """Runs one task for each key; a caller that asks for a key in flight waits for the same task.

    A caller that is cancelled leaves the others undisturbed. When the last one leaves, the task is cancelled
    too, unless it has committed: then it is too late to save anything, and its result may still be of use.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    @property
    def waiting(self) -> int:
        """Callers that wait for a result."""
        return sum(flight.waiting for flight in self._flights.values())

    async def run(self, key: str, work: Callable[[Commit], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """The result for a key, and whether a task that was already running gave it.

        Args:
            key: equal for equal work.
            work: starts the work; it is given a function to call once it must not be cancelled any more.
        Raises:
            whatever the work raises, to every caller that waits for it.
        """
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = _Flight(work)
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _task: self._land(key, flight))
        return await self._wait(key, flight), joined

    async def _wait(self, key: str, flight: _Flight[T]) -> T:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.committed and not flight.task.done():
                # The next request must not join a task that is being cancelled.
                self._land(key, flight)
                flight.task.cancel()

    def _land(self, key: str, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight(Generic[T]):
    def __init__(self, work: Callable[[Commit], Awaitable[T]]) -> None:
        self.waiting = 0
        self.committed = False
        self.task: asyncio.Task[T] = asyncio.ensure_future(self._run(work))
        self.task.add_done_callback(_retrieve)

    async def _run(self, work: Callable[[Commit], Awaitable[T]]) -> T:
        return await work(self._commit)

    def _commit(self) -> None:
        self.committed = True


def _retrieve(task: asyncio.Task[Any]) -> None:
    # Without callers the exception is never looked at, and asyncio would complain.
    if not task.cancelled():
        task.exception()
