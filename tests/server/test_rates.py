"""How many requests a key and an address may make, alone and with other servers of one Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.errors import RateLimited
from splitseem_server.http.access import Access, make_key
from splitseem_server.http.rates import Counted, Rates, address_of
from splitseem_server.services import Parts
from splitseem_server.settings import Settings, SettingsError

pytestmark = pytest.mark.anyio

KEYS = {
    label: make_key(name, ["embed", "decode", "admin"])
    for label, name in {"ann": "ann", "ann's other": "ann", "ben": "ben"}.items()
}
MISSING = f"/v1/embeddings/{'0' * 64}"


def auth(label: str) -> dict[str, str]:
    return {"X-API-Key": KEYS[label][0]}


@pytest.fixture
def keyed_app(encoder: Any, decoder_dir: Any) -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        return create_app(
            Parts(
                settings=Settings(**settings),
                encoder=encoder,
                cache=InProcessCache(2**24),
                decoder_dir=decoder_dir,
                access=Access(tuple(key for _, key in KEYS.values())),
            )
        )

    return make


async def statuses(client: httpx.AsyncClient, count: int, path: str = MISSING, **given: Any) -> list[int]:
    return [(await client.get(path, **given)).status_code for _ in range(count)]


async def test_keys_of_one_name_share_a_rate_and_others_have_their_own(
    keyed_app: Any, run_in_process: Any
) -> None:
    async with run_in_process(keyed_app(rate_per_key="3/minute")) as client:
        assert await statuses(client, 2, headers=auth("ann")) == [404, 404]
        assert await statuses(client, 2, headers=auth("ann's other")) == [404, 429]
        assert await statuses(client, 1, headers=auth("ben")) == [404]
        refused = await client.get(MISSING, headers=auth("ann"))
    assert refused.json()["type"] == "urn:splitseem:problem:rate-limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60


async def test_what_needs_no_key_is_not_counted(keyed_app: Any, run_in_process: Any) -> None:
    async with run_in_process(keyed_app(rate_per_address="1/minute")) as client:
        assert await statuses(client, 4, "/healthz") == [200] * 4
        assert await statuses(client, 4, "/v1/model") == [200] * 4


async def test_wrong_keys_of_one_address_cannot_be_tried_out(keyed_app: Any, run_in_process: Any) -> None:
    async with run_in_process(keyed_app(rate_per_address="2/minute")) as client:
        assert await statuses(client, 3, headers={"X-API-Key": "guess"}) == [401, 401, 429]


async def test_a_body_is_not_read_when_there_were_too_many_requests(
    make_app: Any, run_in_process: Any, encoder: Any, image_bytes: Any
) -> None:
    async with run_in_process(make_app(rate_per_address="1/hour")) as client:
        warm = len(encoder.images)
        first = await client.post("/v1/embed", content=image_bytes())
        second = await client.post("/v1/embed", content=image_bytes(colour="red"))
    assert (first.status_code, second.status_code) == (200, 429)
    assert len(encoder.images) == warm + 1


async def test_the_shortest_and_the_longest_limit_hold_together(make_app: Any, run_in_process: Any) -> None:
    async with run_in_process(make_app(rate_per_address="2/second;3/day")) as client:
        assert await statuses(client, 3) == [404, 404, 429]
        await asyncio.sleep(2.1)
        assert await statuses(client, 2) == [404, 429]
        refused = await client.get(MISSING)
    assert int(refused.headers["retry-after"]) > 60


@pytest.mark.redis
async def test_servers_of_one_redis_count_together(
    make_app: Any, run_in_process: Any, redis_server: Any
) -> None:
    _, url = redis_server
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                run_in_process(make_app(cache_url=url, rate_per_address="5/minute"))
            )
            for _ in range(2)
        ]
        came = [code for client in clients for code in await statuses(client, 4)]
    assert came == [404] * 5 + [429] * 3


@pytest.mark.redis
async def test_without_its_redis_a_server_counts_for_itself(
    make_app: Any, run_in_process: Any, redis_server: Any
) -> None:
    process, url = redis_server
    async with run_in_process(make_app(cache_url=url, rate_per_address="4/minute")) as client:
        assert await statuses(client, 2) == [404, 404]
        process.kill()
        process.wait()
        assert await statuses(client, 5) == [404] * 4 + [429]


async def test_no_limit_is_the_default() -> None:
    rates = Rates(Settings())
    for _ in range(1000):
        await rates.count(Counted("address", "1.2.3.4"))


async def test_the_wait_that_is_named_is_long_enough() -> None:
    rates, counted = Rates(Settings(rate_per_key="2/second")), Counted("key", "ann")
    for _ in range(2):
        await rates.count(counted)
    with pytest.raises(RateLimited) as refused:
        await rates.count(counted)
    await asyncio.sleep(float(refused.value.headers["Retry-After"]))
    await rates.count(counted)


@pytest.mark.parametrize("value", ["often", "5/fortnight", "-1/minute", "5"])
async def test_what_is_no_rate_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match=r"SPLITSEEM_RATE_PER_KEY.*60/minute"):
        Settings.from_environment({"SPLITSEEM_RATE_PER_KEY": value})


@pytest.mark.parametrize(
    ("client", "forwarded", "proxies", "expected"),
    [
        ("9.9.9.9", [], 0, "9.9.9.9"),
        ("9.9.9.9", ["1.1.1.1"], 0, "9.9.9.9"),
        ("9.9.9.9", ["6.6.6.6, 1.1.1.1"], 1, "1.1.1.1"),
        ("9.9.9.9", ["6.6.6.6", "1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
        ("9.9.9.9", ["1.1.1.1"], 2, "1.1.1.1"),
        ("9.9.9.9", [], 1, "9.9.9.9"),
        ("2001:db8:0:1:2:3:4:5", [], 0, "2001:db8:0:1::/64"),
        ("::ffff:1.2.3.4", [], 0, "1.2.3.4"),
        ("9.9.9.9", ["x" * 500], 1, "x" * 64),
    ],
)
async def test_the_address_is_the_one_that_nobody_can_choose(
    client: str, forwarded: list[str], proxies: int, expected: str
) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": (client, 5), "headers": headers}
    assert address_of(scope, proxies) == expected


async def test_pictures_that_wait_to_be_turned_upright_are_bounded(
    make_app: Any, run_in_process: Any, image_bytes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    app = make_app(queue_size=1, decode_processes=1)

    async def held(_: bytes) -> bytes:
        await gate.wait()
        return b"PNG"

    monkeypatch.setattr(app.state.services.images, "png", held)
    async with run_in_process(app) as client:
        asked = [asyncio.ensure_future(client.post("/v1/upright", content=image_bytes())) for _ in range(2)]
        while app.state.services.uprights.waiting < 1:
            await asyncio.sleep(0.01)
        refused = await client.post("/v1/upright", content=image_bytes())
        gate.set()
        answered = [(await task).status_code for task in asked]
    assert refused.status_code == 429
    assert "pictures" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    assert answered == [200, 200]


def test_callers_cannot_choose_their_address_where_no_proxy_is_named(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    with (
        fake_service(SPLITSEEM_RATE_PER_ADDRESS="2/minute") as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        statuses = [
            client.post(
                "/embed", content=image_bytes(), headers={"X-Forwarded-For": f"198.51.100.{number}"}
            ).status_code
            for number in range(3)
        ]
    assert statuses == [200, 200, 429]
