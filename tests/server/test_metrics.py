"""`/metrics`: what the service says of itself to Prometheus."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from splitseem_server.cache.redis_cache import RedisCache

pytestmark = pytest.mark.anyio

RunInProcess = Callable[[FastAPI], AbstractAsyncContextManager[httpx.AsyncClient]]
PNG = {"Content-Type": "image/png"}


async def figures(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, sorted by label."""
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_answers_are_counted_by_where_their_embedding_came_from(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    for _ in range(3):
        await client.post("/embed", content=image_bytes(), headers=PNG)
    seen = await figures(client)
    assert seen["splitseem_answers_total", "miss"] == 1
    assert seen["splitseem_answers_total", "hit"] == 2
    assert seen["splitseem_stage_seconds_count", "encode"] == 1
    assert seen["splitseem_stage_seconds_count", "header"] == 3
    assert 0 < seen["splitseem_stage_seconds_sum", "encode"] < 60


async def test_requests_are_counted_under_the_pattern_of_their_route(client: httpx.AsyncClient) -> None:
    for key in ("a" * 64, "b" * 64):
        await client.get(f"/v1/embeddings/{key}")
    await client.post("/embed", content=b"no image", headers=PNG)
    for method in ("GET", "PURGE", "X" * 40):
        await client.request(method, "/no/such/page")
    seen = await figures(client)
    assert seen["splitseem_http_requests_total", "GET", "/v1/embeddings/{key}", "404"] == 2
    assert seen["splitseem_http_requests_total", "POST", "/embed", "415"] == 1
    assert seen["splitseem_http_requests_total", "GET", "other", "404"] == 1
    assert seen["splitseem_http_requests_total", "other", "other", "404"] == 2
    assert seen["splitseem_http_request_seconds_count", "GET", "/v1/embeddings/{key}"] == 2


async def test_every_app_counts_for_itself(
    make_app: Callable[..., FastAPI], run_in_process: RunInProcess, image_bytes: Callable[..., bytes]
) -> None:
    async with run_in_process(make_app()) as first, run_in_process(make_app()) as second:
        await first.post("/embed", content=image_bytes(), headers=PNG)
        assert ("splitseem_answers_total", "miss") in await figures(first)
        assert ("splitseem_answers_total", "miss") not in await figures(second)


async def test_a_dead_cache_shows(
    make_app: Callable[..., FastAPI],
    run_in_process: RunInProcess,
    redis_server: tuple[subprocess.Popen[bytes], str],
) -> None:
    process, url = redis_server
    cache = RedisCache(url, timeout_s=0.5, pause_s=0, ttl_s=0)
    async with run_in_process(make_app(cache)) as client:
        seen = await figures(client)
        assert (seen["splitseem_ready",], seen["splitseem_cache_reachable",]) == (1, 1)
        process.kill()
        process.wait()
        seen = await figures(client)
        assert seen["splitseem_cache_reachable",] == 0
        assert seen["splitseem_cache_faults",] >= 1
        assert seen["splitseem_waiting_images",] == 0
