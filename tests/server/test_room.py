"""Memory is shared by works that ask in turn, and never given twice."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from splitseem_server.images.room import Room

pytestmark = pytest.mark.anyio

TOTAL = 10


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Works:
    """Each holds some bytes until it is told to end."""

    def __init__(self, room: Room, tasks: TaskGroup) -> None:
        self._room = room
        self._tasks = tasks
        self._ends: dict[str, anyio.Event] = {}
        self.running: list[str] = []

    async def begin(self, name: str, amount: int) -> None:
        self._ends[name] = anyio.Event()
        self._tasks.start_soon(self._work, name, amount)
        await self._settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._settle()

    async def _work(self, name: str, amount: int) -> None:
        async with self._room.of(amount):
            self.running.append(name)
            await self._ends[name].wait()
            self.running.remove(name)

    async def _settle(self) -> None:
        for _ in range(10):
            await anyio.lowlevel.checkpoint()


async def test_works_that_fit_together_run_together_and_others_wait() -> None:
    async with anyio.create_task_group() as tasks:
        works = Works(Room(TOTAL), tasks)
        await works.begin("a", 6)
        await works.begin("b", 4)
        await works.begin("c", 1)
        assert works.running == ["a", "b"]
        await works.end("b")
        assert works.running == ["a", "c"]
        await works.end("a")
        await works.end("c")


async def test_what_needs_more_than_there_is_runs_alone() -> None:
    async with anyio.create_task_group() as tasks:
        works = Works(Room(TOTAL), tasks)
        await works.begin("small", 1)
        await works.begin("huge", 100 * TOTAL)
        assert works.running == ["small"]
        await works.end("small")
        assert works.running == ["huge"]
        await works.begin("later", 1)
        assert works.running == ["huge"]
        await works.end("huge")
        assert works.running == ["later"]
        await works.end("later")


async def test_a_large_work_is_not_overtaken_for_ever_by_small_ones() -> None:
    async with anyio.create_task_group() as tasks:
        works = Works(Room(TOTAL), tasks)
        await works.begin("first", 5)
        await works.begin("large", TOTAL)
        await works.begin("small", 1)
        assert works.running == ["first"]
        await works.end("first")
        assert works.running == ["large"]
        await works.end("large")
        await works.end("small")


async def test_who_stops_waiting_takes_nothing_along() -> None:
    room = Room(TOTAL)
    async with room.of(TOTAL):
        with anyio.move_on_after(0.01):
            async with room.of(1):
                pytest.fail("there was no room")
    with anyio.fail_after(5):
        async with room.of(TOTAL):
            pass
