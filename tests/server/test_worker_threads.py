"""The threads on which a model runs: always the same, and never left behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from contextvars import ContextVar
from functools import partial

import anyio
import pytest
from tests.server.gates import Gate, until

from splitseem_server.worker_threads import WorkerThreads

pytestmark = pytest.mark.anyio

asked_by: ContextVar[str] = ContextVar("asked_by", default="nobody")


async def test_the_same_threads_do_all_work_whoever_else_uses_threads() -> None:
    threads = WorkerThreads(2, "model")
    seen = set()
    for _ in range(20):
        done = await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(5)))
        seen.update(done)
        await asyncio.to_thread(threading.get_ident)
    assert 1 <= len(seen) <= 2


async def test_no_more_work_runs_at_once_than_there_are_threads() -> None:
    threads, gate, begun = WorkerThreads(2, "model"), Gate(), []
    gate.clear()

    def work(number: int) -> None:
        begun.append(number)
        gate.wait()

    tasks = [asyncio.ensure_future(threads.run(partial(work, number))) for number in range(5)]
    await until(lambda: len(begun) == 2)
    await asyncio.sleep(0.02)
    assert begun == [0, 1]
    gate.set()
    await asyncio.gather(*tasks)
    assert begun == [0, 1, 2, 3, 4]


async def test_work_that_waits_is_dropped_with_its_caller() -> None:
    threads, gate, begun = WorkerThreads(1, "model"), Gate(), []
    gate.clear()
    first = asyncio.ensure_future(threads.run(gate.wait))
    second = asyncio.ensure_future(threads.run(lambda: begun.append(2)))
    await asyncio.sleep(0.01)
    second.cancel()
    gate.set()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    await threads.run(lambda: begun.append(3))
    assert begun == [3]


async def test_work_that_has_begun_is_waited_for_when_its_scope_is_cancelled() -> None:
    threads, gate, begun = WorkerThreads(1, "model"), Gate(), threading.Event()
    gate.clear()

    def work() -> None:
        begun.set()
        gate.wait()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, work)
            await until(begun.is_set)
            scope.cancel()
            asyncio.get_running_loop().call_later(0.05, gate.set)
    assert gate.is_set()
    assert await threads.run(lambda: "free") == "free"


async def test_errors_and_the_context_of_the_caller_pass_through() -> None:
    threads = WorkerThreads(1, "model")
    asked_by.set("a request")
    assert await threads.run(asked_by.get) == "a request"

    def fail() -> None:
        raise ValueError("no mask")

    with pytest.raises(ValueError, match="no mask"):
        await threads.run(fail)


async def test_the_threads_end_with_their_owner() -> None:
    threads = WorkerThreads(1, "model")
    thread = await threads.run(threading.current_thread)
    owner = weakref.ref(threads)
    del threads
    gc.collect()
    assert owner() is None
    await until(lambda: not thread.is_alive())
