"""Servers that share a Redis make an embedding once, whatever happens to its maker or to Redis."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import redis

from splitseem_server.cache.redis_cache import RedisCache

pytestmark = [pytest.mark.anyio, pytest.mark.redis]

RedisServer = tuple[subprocess.Popen[bytes], str]
CLAIM_S = 1.0
SERVERS = 3
REQUESTS = 200
MOST_S = 120


@pytest.fixture
async def servers(fake_service: Any, redis_server: RedisServer) -> AsyncIterator[list[Any]]:
    with contextlib.ExitStack() as stack:
        settings = {"SPLITSEEM_CACHE": redis_server[1], "SPLITSEEM_REDIS_CLAIM_S": str(CLAIM_S)}
        yield [stack.enter_context(fake_service(1.5, **settings)) for _ in range(SERVERS)]


async def ask_all(servers: list[Any], image: bytes, requests: int) -> list[httpx.Response | BaseException]:
    """As many equal requests at once, one server after the other."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=MOST_S, limits=limits) as client:
        posts = [
            client.post(f"{servers[number % SERVERS].url}/embed", content=image) for number in range(requests)
        ]
        return await asyncio.gather(*posts, return_exceptions=True)


def runs_of(servers: list[Any]) -> list[int]:
    """Process ids of the servers, one for every run."""
    return [pid for server in servers for pid in server.runs()]


async def first_run(servers: list[Any]) -> Any:
    """The server that makes the embedding, once it does."""
    async with asyncio.timeout(MOST_S):
        while not (makers := [server for server in servers if server.runs()]):
            await asyncio.sleep(0.01)
    return makers[0]


def answered(results: list[httpx.Response | BaseException]) -> list[httpx.Response]:
    return [result for result in results if isinstance(result, httpx.Response)]


async def test_equal_requests_to_several_servers_share_one_run(
    servers: list[Any], image_bytes: Callable[..., bytes]
) -> None:
    responses = answered(await ask_all(servers, image_bytes(), REQUESTS))
    assert [response.status_code for response in responses] == [200] * REQUESTS
    assert len({response.content for response in responses}) == 1
    assert len(runs_of(servers)) == 1
    sources = [response.headers["x-splitseem-cache"] for response in responses]
    assert sources.count("miss") == 1
    assert {*sources} <= {"miss", "joined", "hit"}


async def test_when_the_maker_dies_one_other_server_makes_it(
    servers: list[Any], image_bytes: Callable[..., bytes]
) -> None:
    asked = asyncio.ensure_future(ask_all(servers, image_bytes(), REQUESTS))
    maker = await first_run(servers)
    maker.process.kill()
    responses = answered(await asked)
    of_the_maker = len([number for number in range(REQUESTS) if servers[number % SERVERS] is maker])
    assert len(responses) >= REQUESTS - of_the_maker
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert len(runs_of(servers)) == 2


async def test_when_redis_dies_every_server_makes_its_own(
    servers: list[Any], image_bytes: Callable[..., bytes], redis_server: RedisServer
) -> None:
    asked = asyncio.ensure_future(ask_all(servers, image_bytes(), 30))
    await first_run(servers)
    redis_server[0].kill()
    responses = answered(await asked)
    assert [response.status_code for response in responses] == [200] * 30
    assert len({response.content for response in responses}) == 1
    assert len(runs_of(servers)) <= SERVERS


def cache_of(server: RedisServer, claim_s: float = CLAIM_S) -> RedisCache:
    return RedisCache(server[1], timeout_s=2, pause_s=0, ttl_s=0, claim_s=claim_s)


async def test_a_claim_is_held_by_one_at_a_time_and_kept_while_its_holder_lives(
    redis_server: RedisServer,
) -> None:
    first, second = cache_of(redis_server), cache_of(redis_server)
    order: list[str] = []

    async def hold(cache: RedisCache, name: str, seconds: float) -> None:
        async with cache.claimed("key") as held:
            assert held
            order.append(f"{name} begins")
            await asyncio.sleep(seconds)
            order.append(f"{name} ends")

    holder = asyncio.ensure_future(hold(first, "first", 2.5 * CLAIM_S))
    await asyncio.sleep(0.1)
    await asyncio.gather(holder, hold(second, "second", 0))
    assert order == ["first begins", "first ends", "second begins", "second ends"]
    await asyncio.gather(first.close(), second.close())


async def test_claims_of_other_keys_are_free(redis_server: RedisServer) -> None:
    cache = cache_of(redis_server)
    async with cache.claimed("one") as one, cache.claimed("other") as other:
        assert one
        assert other
    await cache.close()


async def test_a_claim_that_was_cancelled_is_free_at_once(redis_server: RedisServer) -> None:
    cache = cache_of(redis_server, claim_s=300)

    holding = asyncio.Event()

    async def hold() -> None:
        async with cache.claimed("key"):
            holding.set()
            await asyncio.sleep(300)

    holder = asyncio.ensure_future(hold())
    await asyncio.wait_for(holding.wait(), MOST_S)
    holder.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await holder
    async with asyncio.timeout(60), cache.claimed("key") as held:
        assert held
    await cache.close()


async def test_whoever_waits_for_redis_can_be_cancelled_at_any_time(redis_server: RedisServer) -> None:
    async def ask(cache: RedisCache) -> None:
        await cache.get("key")
        async with cache.claimed("key"):
            await cache.put("key", b"value")
        await asyncio.sleep(MOST_S)

    for number in range(100):
        cache = cache_of(redis_server)
        asking = asyncio.ensure_future(ask(cache))
        await asyncio.sleep(number * 1e-4)
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=MOST_S / 2)
        assert done, f"cancelled after {number / 10} ms, it goes on"
        await cache.close()


async def test_a_claim_that_somebody_renews_for_ever_is_not_waited_for(
    redis_server: RedisServer,
) -> None:
    cache = cache_of(redis_server, claim_s=0.05)
    with redis.Redis.from_url(redis_server[1]) as client:
        client.set("splitseem:claim:1:key", "a stranger")
    begin = time.monotonic()
    async with cache.claimed("key") as held:
        assert not held
    assert time.monotonic() - begin < 30
    with redis.Redis.from_url(redis_server[1]) as client:
        assert client.get("splitseem:claim:1:key") == b"a stranger"
    await cache.close()


async def test_without_claims_nothing_is_written(redis_server: RedisServer) -> None:
    cache = cache_of(redis_server, claim_s=0)
    async with cache.claimed("key") as held:
        assert not held
        with redis.Redis.from_url(redis_server[1]) as client:
            assert client.dbsize() == 0
    await cache.close()


async def test_a_lost_claim_is_not_taken_from_its_new_holder(redis_server: RedisServer) -> None:
    cache = cache_of(redis_server, claim_s=60)
    with redis.Redis.from_url(redis_server[1]) as client:
        async with cache.claimed("key"):
            client.set("splitseem:claim:1:key", "another server")
        assert client.get("splitseem:claim:1:key") == b"another server"
    assert (await cache.state()).faults == 0
    await cache.close()
