"""SIGTERM: no more work is taken, nothing that was accepted is lost, and the process ends well."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

MOST_S = 120
ACCEPTED = 6


async def accepted(client: httpx.AsyncClient, service: Any, image_bytes: Any) -> list[Any]:
    """Requests for images of different colours, once all are at work."""
    posts = [
        asyncio.ensure_future(client.post("/embed", content=image_bytes(colour=(number, 0, 0))))
        for number in range(ACCEPTED)
    ]
    async with asyncio.timeout(MOST_S):
        while not service.runs() or (await waiting(client)) < ACCEPTED - 1:
            await asyncio.sleep(0.02)
    return posts


async def waiting(client: httpx.AsyncClient) -> int:
    ready = await client.get("/readyz")
    return int(ready.json()["waiting"]) if ready.status_code == 200 else 0


async def status_after(client: httpx.AsyncClient, path: str, before: int) -> httpx.Response:
    """The first answer with another status than before."""
    async with asyncio.timeout(MOST_S):
        while (response := await client.get(path)).status_code == before:
            await asyncio.sleep(0.02)
    return response


async def ended(service: Any) -> int:
    async with asyncio.timeout(MOST_S):
        while service.process.poll() is None:
            await asyncio.sleep(0.02)
    return int(service.process.returncode)


async def test_accepted_work_is_answered_and_no_more_is_taken(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    with fake_service(0.7) as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=MOST_S) as client:
            posts = await accepted(client, service, image_bytes)
            service.process.send_signal(signal.SIGTERM)
            ready = await status_after(client, "/readyz", 200)
            refused = await client.post("/embed", content=image_bytes(colour="blue"))
            alive = await client.get("/healthz")
            responses = await asyncio.gather(*posts)
        code = await ended(service)
    assert (ready.status_code, refused.status_code, alive.status_code) == (503, 503, 200)
    assert ready.json()["detail"] == "the server is stopping"
    assert refused.json()["type"] == "urn:splitseem:problem:not-ready"
    assert refused.headers["retry-after"] == "1"
    assert [response.status_code for response in responses] == [200] * ACCEPTED
    assert code == 0


async def test_work_that_takes_too_long_is_told_so(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    with fake_service(3, SPLITSEEM_DRAIN_S="0.5") as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=MOST_S) as client:
            posts = await accepted(client, service, image_bytes)
            service.process.send_signal(signal.SIGTERM)
            responses = await asyncio.gather(*posts)
        code = await ended(service)
    assert {response.status_code for response in responses} == {503}
    for response in responses:
        assert response.json()["type"] == "urn:splitseem:problem:not-ready"
        assert "no time left" in response.json()["detail"]
    assert code == 0


async def test_without_work_the_service_ends_at_once(fake_service: Any) -> None:
    with fake_service(SPLITSEEM_DRAIN_S="3600") as service:
        service.process.send_signal(signal.SIGTERM)
        assert await ended(service) == 0


async def test_a_second_signal_does_not_wait(fake_service: Any, image_bytes: Callable[..., bytes]) -> None:
    with fake_service(1, SPLITSEEM_DRAIN_S="3600") as service:
        async with httpx.AsyncClient(base_url=service.url, timeout=MOST_S) as client:
            posts = await accepted(client, service, image_bytes)
            service.process.send_signal(signal.SIGTERM)
            await status_after(client, "/readyz", 200)
            service.process.send_signal(signal.SIGTERM)
            code = await ended(service)
            responses = await asyncio.gather(*posts)
    assert code == 0
    assert 503 in {response.status_code for response in responses}
