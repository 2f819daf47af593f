"""Equal requests share one run, the queue is bounded, and a client that leaves harms no other."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from tests.server.gates import Gate, until

from splitseem_server.embedding.pipeline import WARM_UP_RUNS
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.single_flight import Commit, SingleFlight
from splitseem_server.errors import QueueFull
from splitseem_server.services import Services

pytestmark = pytest.mark.anyio

PNG = {"Content-Type": "image/png"}
SOON_S = 20


async def entered(encoder: Any) -> None:
    """Wait until the encoder is inside a run."""
    assert await anyio.to_thread.run_sync(encoder.entered.acquire, True, SOON_S)


@dataclass(frozen=True)
class Held:
    """A warm app whose next encoder run waits for `encoder.gate`, and a client of it."""

    client: httpx.AsyncClient
    services: Services

    def post(self, image: bytes) -> asyncio.Task[httpx.Response]:
        return post(self.client, image)

    async def until_waiting(self, requests: int) -> None:
        """Until that many requests wait for their embedding."""
        await until(lambda: self.services.embeddings.waiting == requests)

    async def until_queued(self, runs: int) -> None:
        """Until that many encoder runs wait for the worker."""
        await until(lambda: self.services.queue.waiting == runs)


@pytest.fixture
async def held(make_app: Callable[..., FastAPI], run_in_process: Any, encoder: Any) -> AsyncIterator[Held]:
    app = make_app(queue_size=1)
    async with run_in_process(app) as client:
        for _ in range(WARM_UP_RUNS):
            await entered(encoder)
        encoder.gate.clear()
        yield Held(client, app.state.services)


def post(client: httpx.AsyncClient, image: bytes) -> asyncio.Task[httpx.Response]:
    return asyncio.ensure_future(client.post("/embed", content=image, headers=PNG))


async def test_equal_requests_at_once_share_one_run(held: Held, encoder: Any, image_bytes: Any) -> None:
    tasks = [held.post(image_bytes()) for _ in range(5)]
    await entered(encoder)
    await held.until_waiting(5)
    encoder.gate.set()
    responses = await asyncio.gather(*tasks)
    assert sorted(response.headers["x-splitseem-cache"] for response in responses) == ["joined"] * 4 + [
        "miss"
    ]
    assert len({response.content for response in responses}) == 1
    assert len(encoder.images) == WARM_UP_RUNS + 1


async def test_one_client_that_leaves_does_not_disturb_the_others(
    held: Held, encoder: Any, image_bytes: Any
) -> None:
    first = held.post(image_bytes())
    await entered(encoder)
    second = held.post(image_bytes())
    await held.until_waiting(2)
    first.cancel()
    await held.until_waiting(1)
    encoder.gate.set()
    response = await second
    assert response.headers["x-splitseem-cache"] == "joined"
    assert len(encoder.images) == WARM_UP_RUNS + 1


async def test_a_run_that_all_clients_left_is_kept_for_the_next(
    held: Held, encoder: Any, image_bytes: Any
) -> None:
    first = held.post(image_bytes())
    await entered(encoder)
    first.cancel()
    await held.until_waiting(0)
    second = held.post(image_bytes())
    await held.until_waiting(1)
    encoder.gate.set()
    assert (await second).headers["x-splitseem-cache"] == "joined"
    assert len(encoder.images) == WARM_UP_RUNS + 1


async def test_waiting_work_that_all_clients_left_is_dropped(
    held: Held, encoder: Any, image_bytes: Any
) -> None:
    running = held.post(image_bytes())
    await entered(encoder)
    waiting = held.post(image_bytes(colour="blue"))
    await held.until_queued(1)
    waiting.cancel()
    await held.until_queued(0)
    encoder.gate.set()
    await running
    await held.post(image_bytes(colour="green"))
    assert len(encoder.images) == WARM_UP_RUNS + 2  # the running one and green; never blue


async def test_full_queue_is_429_with_retry_after(held: Held, encoder: Any, image_bytes: Any) -> None:
    running = held.post(image_bytes(colour="red"))
    await entered(encoder)
    waiting = held.post(image_bytes(colour="green"))
    await held.until_queued(1)
    refused = await held.post(image_bytes(colour="blue"))
    joined = held.post(image_bytes(colour="red"))
    await held.until_waiting(3)
    encoder.gate.set()
    assert [(await task).status_code for task in (running, waiting, joined)] == [200, 200, 200]
    assert refused.status_code == 429
    assert refused.json()["type"] == "urn:splitseem:problem:queue-full"
    assert int(refused.headers["retry-after"]) >= 1
    assert (await held.post(image_bytes(colour="blue"))).status_code == 200


async def test_the_cold_first_run_says_nothing_about_the_wait(
    make_app: Callable[..., FastAPI],
    run_in_process: Any,
    encoder: Any,
    image_bytes: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = encoder.run

    def slow_at_first(*arguments: Any, **options: Any) -> Any:
        if not encoder.images:
            time.sleep(2)
        return run(*arguments, **options)

    monkeypatch.setattr(encoder, "run", slow_at_first)
    async with run_in_process(make_app(queue_size=4)) as client:
        services = client._transport.app.state.services
        encoder.gate.clear()
        posts = [post(client, image_bytes(colour=(number, 0, 0))) for number in range(5)]
        await until(lambda: services.queue.waiting == 4)
        refused = await post(client, image_bytes(colour="blue"))
        encoder.gate.set()
        await asyncio.gather(*posts)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 5  # the first run alone would give 10


async def test_a_hit_does_not_wait_in_the_queue(held: Held, encoder: Any, image_bytes: Any) -> None:
    encoder.gate.set()
    await held.post(image_bytes(colour="red"))
    await entered(encoder)
    encoder.gate.clear()
    running = held.post(image_bytes(colour="green"))
    await entered(encoder)
    response = await held.post(image_bytes(colour="red"))
    assert response.headers["x-splitseem-cache"] == "hit"
    encoder.gate.set()
    await running


async def test_the_event_loop_answers_while_the_encoder_runs(
    held: Held, encoder: Any, image_bytes: Any
) -> None:
    running = held.post(image_bytes())
    await entered(encoder)
    assert (await held.client.get("/healthz")).status_code == 200
    assert not running.done()
    encoder.gate.set()
    await running


async def test_client_that_closes_its_connection_leaves_the_queue(
    make_app: Callable[..., FastAPI], serve: Any, encoder: Any, image_bytes: Any
) -> None:
    app = make_app()
    queue = app.state.services.queue
    with serve(app) as address:
        for _ in range(WARM_UP_RUNS):
            await entered(encoder)
        await until(lambda: app.state.services.readiness.state == "ready")
        encoder.gate.clear()
        async with httpx.AsyncClient(base_url=address) as client:
            running = post(client, image_bytes())
            await entered(encoder)
            await anyio.to_thread.run_sync(send_and_leave, address, image_bytes(colour="blue"), queue)
            await until(lambda: queue.waiting == 0)
            encoder.gate.set()
            assert (await running).status_code == 200


def send_and_leave(address: str, image: bytes, queue: EncodeQueue) -> None:
    host, port = address.removeprefix("http://").split(":")
    head = (
        f"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(image)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + image)
        while queue.waiting == 0:
            time.sleep(0.005)


async def test_failure_reaches_everyone_and_the_key_is_free_again() -> None:
    flights: SingleFlight[int] = SingleFlight()
    gate = asyncio.Event()

    async def fail(_commit: Commit) -> int:
        await gate.wait()
        raise ValueError("no")

    async def succeed(_commit: Commit) -> int:
        return 7

    tasks = [asyncio.ensure_future(flights.run("key", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
    assert await flights.run("key", succeed) == (7, False)


async def test_failure_without_callers_is_silent() -> None:
    flights: SingleFlight[int] = SingleFlight()
    gate = asyncio.Event()

    async def fail(commit: Commit) -> int:
        commit()
        await gate.wait()
        raise ValueError("no listener is left")

    caller = asyncio.ensure_future(flights.run("key", fail))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.set()
    await asyncio.sleep(0)
    gc.collect()  # an exception that was not retrieved would be reported now


async def test_uncommitted_flight_is_cancelled_with_its_last_caller_and_not_joined_any_more() -> None:
    flights: SingleFlight[str] = SingleFlight()
    cancelled = asyncio.Event()

    async def slow(_commit: Commit) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async def quick(_commit: Commit) -> str:
        return "fresh"

    caller = asyncio.ensure_future(flights.run("key", slow))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    assert await flights.run("key", quick) == ("fresh", False)
    await asyncio.wait_for(cancelled.wait(), SOON_S)


async def test_queue_without_capacity_refuses_the_second_and_recovers() -> None:
    queue = EncodeQueue(workers=1, capacity=0)
    started = asyncio.Event()
    gate = Gate()
    gate.clear()

    def work() -> str:
        gate.wait()
        return "done"

    running = asyncio.ensure_future(queue.run(work, on_start=started.set))
    await started.wait()
    with pytest.raises(QueueFull):
        await queue.run(work, on_start=lambda: None)
    gate.set()
    assert await running == "done"
    assert await queue.run(lambda: "again", on_start=lambda: None) == "again"
    assert queue.waiting == 0


async def refused_after_s(queue: EncodeQueue, *, running: int, waiting: int) -> int:
    """What a caller hears while that many runs wait behind those that run."""
    gate = threading.Event()
    async with anyio.create_task_group() as runs:
        for _ in range(running + waiting):
            runs.start_soon(lambda: queue.run(gate.wait, on_start=lambda: None))
        try:
            await until(lambda: queue.waiting == waiting)
            with pytest.raises(QueueFull) as refused:
                await queue.run(gate.wait, on_start=lambda: None)
        finally:
            gate.set()
    return int(refused.value.headers["Retry-After"])


async def test_a_slow_first_run_does_not_decide_when_to_come_back() -> None:
    queue = EncodeQueue(workers=1, capacity=15)
    for seconds in (2.0, 0.0, 0.0):
        await queue.run(partial(time.sleep, seconds), on_start=lambda: None)
    assert await refused_after_s(queue, running=1, waiting=15) <= 5


async def test_callers_hear_the_measured_time_of_what_waits() -> None:
    queue = EncodeQueue(workers=2, capacity=38)
    for _ in range(3):
        await queue.run(partial(time.sleep, 0.25), on_start=lambda: None)
    assert 5 <= await refused_after_s(queue, running=2, waiting=38) <= 15
