"""One suite for every cache, against a real Redis; then what only one of them can do."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from fastapi import FastAPI

from splitseem_proto import Embedding, Prompt, TextPrompt, pack, unpack
from splitseem_server.cache.base import CacheState, EmbeddingCache
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.cache.open_cache import open_cache
from splitseem_server.cache.redis_cache import RedisCache
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

RedisServer = tuple[subprocess.Popen[bytes], str]
TIMEOUT_S = 2.0
"""Long enough for a Redis on a busy machine."""
AS_JSON = {"Content-Type": "image/png", "Accept": "application/json"}


def redis_cache(url: str, *, pause_s: float = 0.0, ttl_s: int = 0) -> RedisCache:
    return RedisCache(url, timeout_s=TIMEOUT_S, pause_s=pause_s, ttl_s=ttl_s)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddingCache]:
    opened: EmbeddingCache
    if request.param == "memory":
        opened = InProcessCache(2**26)
    else:
        opened = redis_cache(request.getfixturevalue("redis_server")[1])
    yield opened
    await opened.close()


async def test_unknown_key_is_none(cache: EmbeddingCache) -> None:
    assert await cache.get("a" * 64) is None


@pytest.mark.parametrize("size", [0, 1, 5, 2**24])
async def test_bytes_come_back_as_they_were_put(cache: EmbeddingCache, size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    await cache.put("key", data)
    assert await cache.get("key") == data


async def test_putting_again_replaces(cache: EmbeddingCache) -> None:
    await cache.put("key", b"first")
    await cache.put("key", b"second")
    assert await cache.get("key") == b"second"


async def test_keys_do_not_mix(cache: EmbeddingCache) -> None:
    await asyncio.gather(*(cache.put(f"key{number}", bytes([number])) for number in range(50)))
    found = await asyncio.gather(*(cache.get(f"key{number}") for number in range(50)))
    assert found == [bytes([number]) for number in range(50)]


async def test_state_is_reachable_without_faults(cache: EmbeddingCache) -> None:
    state = await cache.state()
    assert state.reachable
    assert state.faults == 0


async def test_what_was_removed_is_gone_and_its_bytes_are_free(cache: EmbeddingCache) -> None:
    await cache.put("key", b"data")
    await cache.put("other", b"data")
    await cache.remove("key")
    await cache.remove("never put")
    assert await cache.get("key") is None
    assert await cache.get("other") == b"data"


async def test_memory_forgets_the_least_recently_used() -> None:
    cache = InProcessCache(10)
    await cache.put("a", b"1234")
    await cache.put("b", b"1234")
    await cache.get("a")
    await cache.put("c", b"1234")
    assert [await cache.get(key) for key in "abc"] == [b"1234", None, b"1234"]


async def test_memory_counts_replaced_bytes_once() -> None:
    cache = InProcessCache(10)
    for _ in range(5):
        await cache.put("a", b"12345")
    await cache.put("b", b"12345")
    assert await cache.get("a") == b"12345"


@pytest.mark.parametrize("max_bytes", [0, 4])
async def test_memory_does_not_keep_what_is_larger_than_itself(max_bytes: int) -> None:
    cache = InProcessCache(max_bytes)
    await cache.put("a", b"12345")
    assert await cache.get("a") is None


@pytest.mark.redis
async def test_redis_is_shared_and_outlives_the_cache(redis_server: RedisServer) -> None:
    first, second = redis_cache(redis_server[1]), redis_cache(redis_server[1])
    await first.put("key", b"data")
    await first.close()
    assert await second.get("key") == b"data"
    await second.close()


@pytest.mark.redis
async def test_redis_entries_expire_as_set(redis_server: RedisServer) -> None:
    expiring, lasting = redis_cache(redis_server[1], ttl_s=77), redis_cache(redis_server[1])
    await expiring.put("expiring", b"data")
    await lasting.put("lasting", b"data")
    with redis.Redis.from_url(redis_server[1]) as client:
        times = {key: client.ttl(key) for key in client.keys()}
    assert times == {b"splitseem:embedding:1:expiring": 77, b"splitseem:embedding:1:lasting": -1}
    await expiring.close()
    await lasting.close()


@pytest.mark.redis
@pytest.mark.parametrize("damaged", [b"", b"abc", b"0000data", b"\x00" * 100])
async def test_damaged_redis_entry_is_a_miss_and_a_fault(redis_server: RedisServer, damaged: bytes) -> None:
    cache = redis_cache(redis_server[1])
    with redis.Redis.from_url(redis_server[1]) as client:
        client.set("splitseem:embedding:1:key", damaged)
    assert await cache.get("key") is None
    assert (await cache.state()) == CacheState("redis", True, 1)
    await cache.close()


@pytest.mark.redis
async def test_redis_of_the_wrong_type_is_a_miss_and_a_fault(redis_server: RedisServer) -> None:
    cache = redis_cache(redis_server[1])
    with redis.Redis.from_url(redis_server[1]) as client:
        client.lpush("splitseem:embedding:1:key", b"a list")
    assert await cache.get("key") is None
    assert (await cache.state()).faults == 1
    await cache.close()


@pytest.mark.redis
@pytest.mark.parametrize("cause", ["full", "forbidden", "replica"])
async def test_redis_that_refuses_writes_still_answers_reads(
    redis_server: RedisServer, free_port: Callable[[], int], cause: str
) -> None:
    cache = redis_cache(redis_server[1], pause_s=60)
    await cache.put("kept", b"data")
    refuse: dict[str, tuple[Any, ...]] = {
        "full": ("CONFIG", "SET", "maxmemory", 1),
        "forbidden": ("ACL", "SETUSER", "default", "-set"),
        "replica": ("REPLICAOF", "127.0.0.1", free_port()),
    }
    allow: dict[str, tuple[Any, ...]] = {
        "full": ("CONFIG", "SET", "maxmemory", 0),
        "forbidden": ("ACL", "SETUSER", "default", "+set"),
        "replica": ("REPLICAOF", "NO", "ONE"),
    }
    with redis.Redis.from_url(redis_server[1]) as client:
        client.execute_command(*refuse[cause])
        for number in range(3):
            await cache.put(f"new{number}", b"data")
            assert await cache.get("kept") == b"data"
        state = await cache.state()
        client.execute_command(*allow[cause])
    assert state.reachable
    assert not state.works
    assert state.refused
    await cache.put("later", b"data")
    assert (await cache.state()).works
    await cache.close()


@pytest.mark.redis
async def test_a_key_of_the_wrong_type_does_not_pause_the_others(redis_server: RedisServer) -> None:
    cache = redis_cache(redis_server[1], pause_s=60)
    await cache.put("intact", b"data")
    with redis.Redis.from_url(redis_server[1]) as client:
        client.lpush("splitseem:embedding:1:key", b"a list")
    for _ in range(3):
        assert await cache.get("key") is None
        assert await cache.get("intact") == b"data"
    await cache.close()


@pytest.mark.redis
async def test_connections_that_redis_closed_cost_nothing(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server[1], timeout_s=30, pause_s=60, ttl_s=0)
    await cache.put("key", b"data")
    await asyncio.gather(*(cache.get("key") for _ in range(20)))
    with redis.Redis.from_url(redis_server[1]) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    found = await asyncio.gather(*(cache.get("key") for _ in range(20)))
    assert found == [b"data"] * 20
    assert await cache.state() == CacheState("redis", True, 0)
    await cache.close()


@pytest.mark.redis
async def test_an_operation_that_times_out_pauses_no_other(redis_server: RedisServer) -> None:
    cache = redis_cache(redis_server[1], pause_s=60)
    await cache.put("key", b"data")
    with redis.Redis.from_url(redis_server[1]) as client:
        client.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
        await cache.put("new", b"data")
        found = await cache.get("key")
        client.execute_command("CLIENT", "UNPAUSE")
    assert found == b"data"
    assert (await cache.state()).faults == 1
    await cache.close()


@pytest.mark.redis
async def test_more_readers_than_connections_all_find_what_is_there(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server[1], timeout_s=30, pause_s=60, ttl_s=0)
    await cache.put("key", b"data" * 10_000)
    found = await asyncio.gather(*(cache.get("key") for _ in range(300)))
    state = await cache.state()
    with redis.Redis.from_url(redis_server[1]) as client:
        connections = len(client.client_list())
    assert found == [b"data" * 10_000] * 300
    assert state == CacheState("redis", True, 0)
    assert connections < 100
    await cache.close()


async def test_asking_how_the_cache_is_does_not_end_a_pause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cache = redis_cache(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", pause_s=60)
        await cache.get("key")
        await cache.state()
        begin = time.monotonic()
        assert await cache.get("key") is None
        assert time.monotonic() - begin < TIMEOUT_S
        await cache.close()


async def test_absent_redis_is_a_miss_a_fault_and_a_log_line(
    free_port: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    cache = redis_cache(f"redis://127.0.0.1:{free_port()}/0")
    assert await cache.get("key") is None
    await cache.put("key", b"data")
    assert await cache.state() == CacheState("redis", False, 3)
    assert capsys.readouterr().out.count("cache_fault") == 3
    await cache.close()


async def test_redis_that_never_answers_costs_the_timeout_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cache = redis_cache(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        begin = time.monotonic()
        assert await cache.get("key") is None
        assert TIMEOUT_S * 0.9 <= time.monotonic() - begin < TIMEOUT_S + 2
        await cache.close()


async def test_after_a_fault_redis_is_left_alone_for_the_pause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cache = redis_cache(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", pause_s=60)
        await cache.get("key")
        begin = time.monotonic()
        for _ in range(20):
            assert await cache.get("key") is None
            await cache.put("key", b"data")
        assert time.monotonic() - begin < TIMEOUT_S
        await cache.close()


@pytest.mark.redis
async def test_redis_that_hangs_and_recovers_is_used_again(redis_server: RedisServer) -> None:
    process, url = redis_server
    cache = redis_cache(url)
    await cache.put("key", b"data")
    process.send_signal(signal.SIGSTOP)
    try:
        assert await cache.get("key") is None
        assert not (await cache.state()).reachable
    finally:
        process.send_signal(signal.SIGCONT)
    assert (await cache.state()).reachable
    assert await cache.get("key") == b"data"
    await cache.close()


@pytest.mark.redis
async def test_service_goes_on_without_redis_and_says_so(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Any, redis_server: RedisServer
) -> None:
    process, url = redis_server
    async with run_in_process(make_app(cache=redis_cache(url))) as client:
        image = {"content": image_bytes(), "headers": {"Content-Type": "image/png"}}
        sources = [(await client.post("/embed", **image)).headers["x-splitseem-cache"] for _ in range(2)]
        ready = (await client.get("/readyz")).json()
        process.kill()
        process.wait()
        response = await client.post("/embed", **image)
        degraded = await client.get("/readyz")
        assert (await client.get(response.headers["location"])).status_code == 404
    assert sources == ["miss", "hit"]
    assert ready["status"] == "ready"
    assert response.status_code == 200
    assert response.headers["x-splitseem-cache"] == "miss"
    assert degraded.status_code == 200
    assert degraded.json()["status"] == "degraded"
    assert degraded.json()["cache"]["faults"] >= 2


@pytest.mark.redis
@pytest.mark.parametrize("stranger", ["text", "nothing", "cut", "other image", "other message"])
async def test_a_value_that_is_not_its_keys_embedding_is_removed_and_made_again(
    make_app: Callable[..., FastAPI],
    run_in_process: Any,
    image_bytes: Any,
    redis_server: RedisServer,
    stranger: str,
) -> None:
    """The checksum of the value is right: another program wrote it, or it was copied from another key."""
    _, url = redis_server
    cache = redis_cache(url)
    async with run_in_process(make_app(cache=cache)) as client:

        async def embed(colour: str) -> Any:
            return await client.post(
                "/embed", content=image_bytes(colour=colour), headers={"Content-Type": "image/png"}
            )

        red, blue = await embed("red"), await embed("blue")
        key = red.headers["etag"].strip('"')
        prompt = pack(Prompt((TextPrompt("a cup"),)))
        strangers = {
            "text": b"not msgpack",
            "nothing": b"",
            "cut": red.content[:-1],
            "other image": blue.content,
            "other message": prompt,
        }
        await cache.put(key, strangers[stranger])
        found = await client.get(red.headers["location"])
        kept = await cache.get(key)
        await cache.put(key, strangers[stranger])
        asked = await client.post("/embed", content=image_bytes(colour="red"), headers=AS_JSON)
        await cache.put(key, strangers[stranger])
        again = await embed("red")
        healed = await client.get(red.headers["location"])
        untouched = await client.get(blue.headers["location"])
        faults = (await client.get("/readyz")).json()["cache"]["faults"]
    assert found.status_code == 404
    assert kept is None
    assert asked.json()["key"] == key
    assert [response.headers["x-splitseem-cache"] for response in (asked, again)] == ["miss", "miss"]
    assert again.content == healed.content == red.content
    assert untouched.content == blue.content
    assert faults == 3


@pytest.mark.redis
@pytest.mark.parametrize("is_read_by_key_first", [False, True])
@pytest.mark.parametrize("forged", ["fingerprint", "codec", "geometry"])
async def test_a_forged_value_that_names_its_key_is_never_given_for_an_image(
    make_app: Callable[..., FastAPI],
    run_in_process: Any,
    image_bytes: Any,
    redis_server: RedisServer,
    forged: str,
    is_read_by_key_first: bool,
) -> None:
    _, url = redis_server
    image = {"content": image_bytes(), "headers": {"Content-Type": "image/png"}}
    async with run_in_process(make_app(cache=redis_cache(url), cache_url=url)) as maker:
        made = await maker.post("/embed", **image)
        coded = await maker.post("/embed?codec=float16", **image)
        smaller = await maker.post("/embed?canvas=96", **image)
    right = unpack_embedding(made.content)
    others = {
        "fingerprint": replace(right, fingerprint="0" * 32),
        "codec": replace(unpack_embedding(coded.content), key=right.key),
        "geometry": replace(unpack_embedding(smaller.content), key=right.key),
    }
    cache = redis_cache(url)
    await cache.put(right.key, pack(others[forged]))
    async with run_in_process(make_app(cache=cache, cache_url=url)) as reader:
        if is_read_by_key_first:
            await reader.get(made.headers["location"])
        again = await reader.post("/embed", **image)
        healed = await reader.post("/embed", **image)
    assert again.headers["x-splitseem-cache"] == "miss"
    assert healed.headers["x-splitseem-cache"] == "hit"
    assert again.content == healed.content == made.content


def unpack_embedding(data: bytes) -> Embedding:
    message = unpack(data)
    assert isinstance(message, Embedding)
    return message


@pytest.mark.redis
async def test_two_servers_share_one_redis(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Any, redis_server: RedisServer
) -> None:
    _, url = redis_server
    image = {"content": image_bytes(), "headers": {"Content-Type": "image/png"}}
    async with (
        run_in_process(make_app(cache=redis_cache(url))) as first,
        run_in_process(make_app(cache=redis_cache(url))) as second,
    ):
        made = await first.post("/embed", **image)
        found = await second.get(made.headers["location"])
        again = await second.post("/embed", **image)
    assert found.content == again.content == made.content
    assert again.headers["x-splitseem-cache"] == "hit"


async def embed(client: Any, image: bytes) -> str:
    response = await client.post("/embed", content=image)
    assert response.status_code == 200
    return str(response.headers["x-splitseem-cache"])


@pytest.mark.redis
async def test_what_a_server_has_read_is_found_while_redis_does_not_answer(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Any, redis_server: RedisServer
) -> None:
    process, url = redis_server
    known, unknown = image_bytes(colour="red"), image_bytes(colour="blue")

    def app() -> FastAPI:
        return make_app(cache=redis_cache(url), cache_url=url)

    async with run_in_process(app()) as maker, run_in_process(app()) as reader:
        assert [await embed(maker, image) for image in (known, unknown)] == ["miss", "miss"]
        assert await embed(reader, known) == "hit"
        process.kill()
        process.wait()
        assert [await embed(maker, image) for image in (known, unknown)] == ["hit", "hit"]
        assert [await embed(reader, image) for image in (known, unknown)] == ["hit", "miss"]


@pytest.mark.redis
async def test_no_more_of_redis_is_kept_in_memory_than_set(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Any, redis_server: RedisServer
) -> None:
    process, url = redis_server
    image = image_bytes()
    app = make_app(cache=redis_cache(url), cache_url=url, local_cache_bytes=100)
    async with run_in_process(app) as client:
        assert [await embed(client, image) for _ in range(2)] == ["miss", "hit"]
        process.kill()
        process.wait()
        assert await embed(client, image) == "miss"


async def test_the_settings_choose_the_cache() -> None:
    assert isinstance(open_cache(Settings()), InProcessCache)
    opened = open_cache(Settings(cache="redis://127.0.0.1:1/0"))
    assert isinstance(opened, RedisCache)
    await opened.close()
