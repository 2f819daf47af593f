"""Through every fault of Redis the answers are right, or a refusal that asks to come back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import signal
import subprocess
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import redis

pytestmark = [pytest.mark.anyio, pytest.mark.redis, pytest.mark.slow]

IMAGES = 100
REQUESTS = 500
DEADLINE_S = 60
STOPPED_S = 10
CLIENTS = 12
SETTINGS = {
    "SPLITSEEM_LOCAL_CACHE_BYTES": "0",
    "SPLITSEEM_REDIS_TIMEOUT_S": "0.5",
    "SPLITSEEM_REDIS_PAUSE_S": "1",
    "SPLITSEEM_LOG_LEVEL": "error",
}
PREFIX = "splitseem:embedding:1:"


class RestartedRedis:
    """A Redis on one port that can be killed, stopped, filled and written to by strangers."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.url = url
        self.process = process
        self._folder = folder

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def keys(self) -> list[bytes]:
        with self.client() as client:
            found: list[bytes] = sorted(client.scan_iter(f"{PREFIX}*"))
        assert len(found) >= 20
        return found

    async def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def start(self) -> None:
        port = urlsplit(self.url).port
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self.process = subprocess.Popen(
            [str(shutil.which("redis-server")), *options], stdout=subprocess.DEVNULL
        )

    async def stop_a_while(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(STOPPED_S)
        self.process.send_signal(signal.SIGCONT)

    async def fill(self) -> None:
        with self.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", 1)

    async def make_room(self) -> None:
        with self.client() as client:
            client.config_set("maxmemory", 0)

    async def exchange(self) -> None:
        """Put values under each other's keys, with right checksums."""
        keys = self.keys()
        with self.client() as client:
            values = client.mget(keys)
            client.mset(dict(zip(keys, [*values[1:], values[0]], strict=True)))

    async def spoil(self) -> None:
        """Write rubbish with a right checksum, rubbish without, and lists."""
        rubbish = b"rubbish" * 100
        with self.client() as client:
            for key, kind in zip(self.keys(), itertools.cycle(range(3)), strict=False):
                client.delete(key)
                if kind == 0:
                    client.rpush(key, rubbish)
                else:
                    checksum = zlib.crc32(rubbish).to_bytes(4, "little") if kind == 1 else b"none"
                    client.set(key, checksum + rubbish)


@pytest.fixture
def faulty(redis_server: tuple[subprocess.Popen[bytes], str], tmp_path: Path) -> Iterator[RestartedRedis]:
    process, url = redis_server
    server = RestartedRedis(url, process, tmp_path)
    yield server
    server.process.kill()
    server.process.wait()


async def nothing() -> None:
    """No fault."""


class Callers:
    """Ask some servers in turns for the embeddings of some images, and keep what came with its time."""

    def __init__(self, client: httpx.AsyncClient, urls: list[str], images: list[bytes]) -> None:
        self._client = client
        self._urls = itertools.cycle(urls)
        self._images = images
        self._numbers = itertools.cycle(range(len(images)))
        self._slots = asyncio.Semaphore(CLIENTS)
        self.seen: list[tuple[int, httpx.Response, float]] = []

    async def during(self, fault: Callable[[], Awaitable[None]], requests: int, seconds: float) -> None:
        """Ask while the fault is there, evenly over some seconds."""
        asked = [asyncio.ensure_future(fault())]
        for _ in range(requests):
            asked.append(asyncio.ensure_future(self.ask(next(self._urls), next(self._numbers))))
            await asyncio.sleep(seconds / requests)
        await asyncio.gather(*asked)

    async def ask(self, url: str, number: int) -> None:
        async with self._slots:
            begin = time.monotonic()
            response = await self._client.post(f"{url}/embed", content=self._images[number])
            self.seen.append((number, response, time.monotonic() - begin))


async def test_answers_are_right_or_a_refusal_whatever_becomes_of_redis(
    fake_service: Any, faulty: RestartedRedis, image_bytes: Callable[..., bytes]
) -> None:
    images = [image_bytes(colour=(number, 255 - number, 7)) for number in range(IMAGES)]
    with contextlib.ExitStack() as stack:
        alone = stack.enter_context(fake_service(SPLITSEEM_QUEUE_SIZE=str(IMAGES)))
        servers = [
            stack.enter_context(fake_service(0.02, SPLITSEEM_CACHE=faulty.url, **SETTINGS)) for _ in range(2)
        ]
        async with httpx.AsyncClient(timeout=DEADLINE_S) as client:
            right = Callers(client, [alone.url], images)
            await right.during(nothing, IMAGES, 0.5)
            callers = Callers(client, [server.url for server in servers], images)
            await callers.during(nothing, IMAGES, 1)
            await callers.during(faulty.exchange, 60, 0.5)
            await callers.during(faulty.spoil, 60, 0.5)
            await callers.during(faulty.fill, 60, 0.5)
            await callers.during(faulty.make_room, 20, 0.5)
            await callers.during(faulty.stop_a_while, 80, STOPPED_S)
            await callers.during(faulty.kill, 40, 1)
            await callers.during(faulty.start, 80, 2)
    expected = {number: response.content for number, response, _ in right.seen}
    assert len(expected) == IMAGES
    assert len(callers.seen) == REQUESTS
    assert {response.status_code for _, response, _ in callers.seen} <= {200, 429}
    answered = [(number, response) for number, response, _ in callers.seen if response.status_code == 200]
    assert len(answered) >= REQUESTS // 2
    assert [number for number, response in answered if response.content != expected[number]] == []
    assert max(seconds for _, _, seconds in callers.seen) < DEADLINE_S
    assert {"hit", "miss"} <= {response.headers["x-splitseem-cache"] for _, response in answered}
