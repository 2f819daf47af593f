"""A Redis of several servers: what Sentinels do when its master dies, and a cluster, all of them real."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from splitseem_server.cache.base import CacheState
from splitseem_server.cache.redis_cache import RedisCache
from splitseem_server.errors import RateLimited
from splitseem_server.http.rates import Counted, Rates
from splitseem_server.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.redis]

Start = Callable[..., contextlib.AbstractContextManager[tuple[subprocess.Popen[bytes], int]]]
Running = tuple[subprocess.Popen[bytes], int]
TIMEOUT_S = 2.0
SOON_S = 60
PASSWORD, OF_SENTINEL = "of redis", "of the sentinel"
SLOTS = 16384
NODES = 3


def cache_of(url: str, *, pause_s: float = 0.2) -> RedisCache:
    return RedisCache(url, timeout_s=TIMEOUT_S, pause_s=pause_s, ttl_s=0, claim_s=1.0)


async def soon(happens: Callable[[], Any]) -> None:
    """Return once it happens, whatever it is awaited for."""
    async with asyncio.timeout(SOON_S):
        while not await happens():
            await asyncio.sleep(0.05)


@pytest.fixture
def watched(start_redis: Start, tmp_path: Path) -> Iterator[tuple[Running, int]]:
    """A master with a replica, which a Sentinel watches, all with passwords: the master, and the Sentinel's
    port."""
    auth = {"requirepass": PASSWORD, "masterauth": PASSWORD}
    with contextlib.ExitStack() as stack:

        def start(*first: str, password: str, **options: object) -> Running:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            return stack.enter_context(start_redis(folder, *first, password=password, **options))

        master = start(password=PASSWORD, **auth)
        start(password=PASSWORD, replicaof=f"127.0.0.1 {master[1]}", **auth)
        lines = (
            f"sentinel monitor mymaster 127.0.0.1 {master[1]} 1",
            f'sentinel auth-pass mymaster "{PASSWORD}"',
            "sentinel down-after-milliseconds mymaster 500",
            "sentinel failover-timeout mymaster 3000",
            f'requirepass "{OF_SENTINEL}"',
        )
        file = tmp_path / "sentinel.conf"
        file.write_text("\n".join(lines))
        _, port = start(str(file), "--sentinel", password=OF_SENTINEL)
        with redis.Redis(port=port, password=OF_SENTINEL) as sentinel:
            wait_for(lambda: replicas_in_sync(sentinel) == 1)
        yield master, port


def replicas_in_sync(sentinel: redis.Redis) -> int:
    replicas: Any = sentinel.sentinel_slaves("mymaster")
    return sum(replica["master-link-status"] == "ok" for replica in replicas)


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not happened():
        assert time.monotonic() < until, f"did not happen within {SOON_S} s"
        time.sleep(0.05)


@pytest.mark.slow
async def test_sentinels_lead_to_the_master_and_after_a_failover_to_the_new_one(
    watched: tuple[Running, int],
) -> None:
    (master, _), port = watched
    silent = socket.create_server(("127.0.0.1", 0))  # the first of the Sentinels hangs
    nodes = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{port}"
    secret = PASSWORD.replace(" ", "%20")
    url = f"redis+sentinel://:{secret}@{nodes}/mymaster?sentinel_password={OF_SENTINEL}"
    assert await counted_by_two(url.replace(nodes, f"127.0.0.1:{port}")) == 4
    cache = cache_of(url)
    await cache.put("before", b"kept")
    assert await cache.get("before") == b"kept"
    assert (await cache.state()).works
    master.send_signal(signal.SIGKILL)
    master.wait()
    begin = time.monotonic()
    assert await cache.get("before") is None
    async with cache.claimed("before") as held:
        assert not held
    assert time.monotonic() - begin < SOON_S

    async def is_kept() -> bool:
        await cache.put("after", b"new")
        return await cache.get("after") == b"new"

    await soon(is_kept)
    assert await cache.get("before") == b"kept"
    async with cache.claimed("before") as held:
        assert held
    assert (await cache.state()).works
    await cache.close()
    silent.close()


async def counted_by_two(url: str) -> int:
    """How many requests two servers allow that share a rate of 4 a day."""
    settings = Settings(cache=url, rate_per_key="4/day", redis_timeout_s=30)
    servers = [Rates(settings), Rates(settings)]
    allowed = 0
    for number in range(10):
        with contextlib.suppress(RateLimited):
            await servers[number % 2].count(Counted("key", "ann"))
            allowed += 1
    for server in servers:
        await server.close()
    return allowed


@pytest.fixture(scope="module")
def cluster(
    start_redis: Start, free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Running]]:
    """Three servers that have a third of the keys each, and serve theirs when another one is away."""
    with started_cluster(start_redis, free_port, tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@contextlib.contextmanager
def started_cluster(
    start_redis: Start, free_port: Callable[[], int], tmp_path: Path
) -> Iterator[list[Running]]:
    with contextlib.ExitStack() as stack:
        nodes, buses = [], [free_port() for _ in range(NODES)]
        for number, bus in enumerate(buses):
            folder = tmp_path / str(number)
            folder.mkdir()
            options: dict[str, object] = {
                "cluster-enabled": "yes",
                "cluster-port": bus,
                "cluster-node-timeout": 60_000,
                "cluster-require-full-coverage": "no",
            }
            nodes.append(stack.enter_context(start_redis(folder, **options)))
        clients = [stack.enter_context(redis.Redis(port=port)) for _, port in nodes]
        for number, client in enumerate(clients):
            first, last = number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1
            ask(client, "CLUSTER", "ADDSLOTSRANGE", first, last)
            ask(client, "CLUSTER", "MEET", "127.0.0.1", nodes[0][1], buses[0])
        wait_for(lambda: all(knows_all(client) for client in clients))
        yield nodes


def knows_all(client: redis.Redis) -> bool:
    text = str(ask(client, "CLUSTER", "INFO"))
    return "cluster_state:ok" in text and f"cluster_slots_assigned:{SLOTS}" in text


def ask(client: Any, *command: object) -> object:
    return client.execute_command(*command)


def url_of(nodes: list[Running]) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for _, port in nodes)


@pytest.fixture
async def cluster_cache(cluster: list[Running]) -> AsyncIterator[RedisCache]:
    cache = cache_of(url_of(cluster), pause_s=3)
    yield cache
    await cache.close()


async def test_a_cluster_keeps_claims_and_counts_as_one_server_does(
    cluster: list[Running], cluster_cache: RedisCache
) -> None:
    keys = [f"{number:064x}" for number in range(60)]
    await asyncio.gather(*(cluster_cache.put(key, key.encode()) for key in keys))
    assert await asyncio.gather(*(cluster_cache.get(key) for key in keys)) == [key.encode() for key in keys]
    for _, port in cluster:
        with redis.Redis(port=port) as client:
            assert client.dbsize() > 0
    assert await cluster_cache.state() == CacheState("redis", True, 0)
    other = cache_of(url_of(cluster[:1]))
    held: list[str] = []

    async def hold(cache: RedisCache, key: str) -> None:
        async with cache.claimed(key) as is_held:
            assert is_held
            assert key not in held
            held.append(key)
            await asyncio.sleep(0.02)
            held.remove(key)

    caches = (cluster_cache, other)
    await asyncio.gather(*(hold(cache, key) for key in keys[:6] for cache in caches))
    await other.remove(keys[0])
    assert await cluster_cache.get(keys[0]) is None
    await other.close()
    assert await counted_by_two(url_of(cluster)) == 4


async def works(cache: RedisCache) -> bool:
    return (await cache.state()).works


async def test_of_a_cluster_only_the_keys_of_a_server_that_hangs_are_missing_and_then_found_again(
    cluster: list[Running], cluster_cache: RedisCache
) -> None:
    keys = [f"{number:064x}" for number in range(60)]
    for key in keys:
        await cluster_cache.put(key, b"data")
    process, port = cluster[1]
    with redis.Redis(port=port) as client:
        there = {name.decode().rpartition(":")[2] for name in client.keys()}
    assert 0 < len(there) < len(keys)
    process.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        found = {key: await cluster_cache.get(key) for key in keys}
        took_s = time.monotonic() - begin
        state = await cluster_cache.state()
    finally:
        process.send_signal(signal.SIGCONT)
    assert {key for key, value in found.items() if value is None} == there
    # Not for every one of its keys.
    assert took_s < 5 * TIMEOUT_S
    assert not state.works

    async def are_all_there() -> bool:
        return all([await cluster_cache.get(key) == b"data" for key in keys])

    await soon(are_all_there)
    await soon(lambda: works(cluster_cache))


async def test_without_any_of_its_servers_a_cluster_is_a_miss(
    start_redis: Start, free_port: Callable[[], int], tmp_path: Path
) -> None:
    with started_cluster(start_redis, free_port, tmp_path) as cluster:
        cache = cache_of(url_of(cluster))
        await cache.put("key", b"data")
    assert await cache.get("key") is None
    async with cache.claimed("key") as held:
        assert not held
    assert not (await cache.state()).reachable
    await cache.close()
    absent = cache_of(url_of(cluster))
    assert await absent.get("key") is None
    assert not (await absent.state()).reachable
    await absent.close()


@pytest.mark.slow
async def test_servers_that_share_a_cluster_make_an_embedding_once(
    fake_service: Any, cluster: list[Running], image_bytes: Callable[..., bytes]
) -> None:
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(fake_service(1.0, SPLITSEEM_CACHE=url_of(cluster))) for _ in range(2)]
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=2 * SOON_S, limits=limits) as client:
            asked = [client.post(f"{servers[n % 2].url}/embed", content=image_bytes()) for n in range(40)]
            answers = await asyncio.gather(*asked)
        runs = [pid for server in servers for pid in server.runs()]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(runs) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, object]:
    """Options of a Redis that is reached by TLS, with a certificate that nobody else has signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files)
    subprocess.run(command, check=True, capture_output=True, timeout=SOON_S)
    return {
        "tls-cert-file": certificate,
        "tls-key-file": key,
        "tls-ca-cert-file": certificate,
        "tls-auth-clients": "no",
    }


async def test_every_kind_is_reached_by_tls_with_a_certificate_that_is_checked(
    start_redis: Start, free_port: Callable[[], int], certificate: dict[str, object], tmp_path: Path
) -> None:
    ports = [free_port() for _ in range(4)]
    one, sentinel, cluster, bus = ports
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"tls-replication yes\nsentinel monitor mymaster 127.0.0.1 {one} 1\n"
        + "".join(f"{name} {value}\n" for name, value in certificate.items())
        + f"tls-port {sentinel}\n"
    )
    clustered = {"cluster-enabled": "yes", "tls-cluster": "yes", "cluster-port": bus}
    with (
        start_redis(tmp_path, **certificate, **{"tls-port": one}),
        start_redis(tmp_path, str(conf), "--sentinel"),
        start_redis(tmp_path, **certificate, **clustered, **{"tls-port": cluster}) as (_, port),
        redis.Redis(port=port) as client,
    ):
        ask(client, "CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1)
        wait_for(lambda: knows_all(client))
        checked = f"ssl_ca_certs={certificate['tls-ca-cert-file']}"
        for address in (
            f"rediss://127.0.0.1:{one}/0",
            f"rediss+sentinel://127.0.0.1:{sentinel}/mymaster",
            f"rediss+cluster://127.0.0.1:{cluster}",
        ):
            cache, stranger = cache_of(f"{address}?{checked}"), cache_of(address)
            await cache.put("key", b"data")
            assert await cache.get("key") == b"data", address
            assert (await cache.state()).works, address
            assert not (await stranger.state()).reachable, address
            await asyncio.gather(cache.close(), stranger.close())
