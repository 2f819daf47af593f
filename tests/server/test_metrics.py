"""`/metrics`: what the service says of itself to Prometheus."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from splitseem_model.encode.device_memory import DeviceMemory
from splitseem_server.cache.redis_cache import RedisCache
from splitseem_server.settings import Settings

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


async def test_refusals_are_counted_by_their_reason_wherever_they_arise(
    make_app: Callable[..., FastAPI], run_in_process: RunInProcess, image_bytes: Callable[..., bytes]
) -> None:
    async with run_in_process(make_app(rate_per_address="3/day", max_image_bytes=1024)) as client:
        await client.post("/embed", content=b"no image", headers=PNG)
        await client.post("/embed?no=1", content=image_bytes(), headers=PNG)
        await client.post("/embed", content=b"x" * 2**20, headers=PNG)  # before the app is asked
        for _ in range(2):
            await client.post("/embed", content=image_bytes(), headers={**PNG, "X-Forwarded-Prefix": "/tool"})
        await client.get("/nowhere")
        seen = await figures_of(client)
    refused = {name[1]: value for name, value in seen.items() if name[0] == "splitseem_refusals_total"}
    assert refused == {
        "unsupported-image": 1,
        "invalid-parameter": 1,
        "body-too-large": 1,
        "rate-limited": 1,
        "not-found": 1,
    }


async def figures_of(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """As `figures`, of an app that counts the requests of an address."""
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    other = httpx.ASGITransport(transport.app, client=("10.0.0.9", 1))
    async with httpx.AsyncClient(transport=other, base_url="http://test") as another:
        return await figures(another)


async def test_caches_are_counted_by_tier_and_result(
    make_app: Callable[..., FastAPI],
    run_in_process: RunInProcess,
    redis_server: tuple[subprocess.Popen[bytes], str],
    image_bytes: Callable[..., bytes],
) -> None:
    _, url = redis_server
    cache = RedisCache(url, timeout_s=5, pause_s=0, ttl_s=0)
    async with run_in_process(make_app(cache, cache_url=url)) as client:
        first = await client.post("/embed", content=image_bytes(), headers=PNG)
        await client.post("/embed", content=image_bytes(), headers=PNG)
        seen = await figures(client)
    assert seen["splitseem_cache_reads_total", "miss", "redis"] >= 1
    assert seen["splitseem_cache_reads_total", "hit", "local"] == 1
    assert seen["splitseem_embedding_made_bytes_total", "int8"] == len(first.content)
    assert seen["splitseem_cache_held_bytes", "local"] == len(first.content)
    other = RedisCache(url, timeout_s=5, pause_s=0, ttl_s=0)
    key = first.headers["etag"].strip('"')
    async with run_in_process(make_app(other, cache_url=url, local_cache_bytes=0)) as client:
        await client.get(f"/v1/embeddings/{key}")
        await other.put(key, b"rubbish")
        await client.get(f"/v1/embeddings/{key}")
        seen = await figures(client)
    assert seen["splitseem_cache_reads_total", "hit", "redis"] == 1
    assert seen["splitseem_cache_reads_total", "damaged", "redis"] == 1


async def test_runs_of_the_device_and_what_runs_here_are_told(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    before = await figures(client)
    await client.post("/embed", content=image_bytes(), headers=PNG)
    seen = await figures(client)
    runs = "splitseem_encoder_run_images_count"
    assert seen[runs,] == before[runs,] + 1
    assert seen["splitseem_encoder_run_images_sum",] == seen[runs,]
    assert seen["splitseem_encoder_run_seconds_sum",] >= 0
    assert seen["splitseem_requests_in_progress",] == 0
    assert [name[1:] for name in seen if name[0] == "splitseem_build_info"] == [
        ("cpu", "fa4e" * 8, "fake", version("splitseem"))
    ]


def held_by_device(seen: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    prefix = "splitseem_device_memory_"
    return {
        (name.removeprefix(prefix), *labels): value
        for (name, *labels), value in seen.items()
        if name.startswith(prefix)
    }


async def test_the_memory_of_every_device_is_told(
    make_app: Callable[..., FastAPI], run_in_process: RunInProcess, encoder: Any
) -> None:
    app = make_app()
    second = type(encoder)()
    app.state.services.encoders = (encoder, second)
    async with run_in_process(app) as client:
        assert held_by_device(await figures(client)) == {}
        encoder.memory = DeviceMemory("cuda:0", 10, 20, 15, 100)
        second.memory = DeviceMemory("cuda:1", 1, 2, 3, 4)
        assert held_by_device(await figures(client)) == {
            ("allocated_bytes", "cuda:0"): 10,
            ("reserved_bytes", "cuda:0"): 20,
            ("peak_bytes", "cuda:0"): 15,
            ("total_bytes", "cuda:0"): 100,
            ("allocated_bytes", "cuda:1"): 1,
            ("reserved_bytes", "cuda:1"): 2,
            ("peak_bytes", "cuda:1"): 3,
            ("total_bytes", "cuda:1"): 4,
        }


async def test_what_waits_and_how_long_it_waited_are_told_by_queue(
    make_app: Callable[..., FastAPI],
    run_in_process: RunInProcess,
    encoder: Any,
    image_bytes: Callable[..., bytes],
) -> None:
    async with run_in_process(make_app()) as client:
        seen = await figures(client)
        depths = {
            labels[0]: value for (name, *labels), value in seen.items() if name == "splitseem_queue_depth"
        }
        assert depths == dict.fromkeys(("images", "pictures", "texts", "segmentations", "prompts"), 0)
        encoder.gate.clear()
        asked = [
            asyncio.ensure_future(client.post("/embed", content=image_bytes(colour=(n, 0, 0)), headers=PNG))
            for n in range(3)
        ]
        async with asyncio.timeout(60):
            while (seen := await figures(client))["splitseem_queue_depth", "images"] < 2:
                await asyncio.sleep(0.01)
        assert seen["splitseem_waiting_images",] == 2
        assert seen["splitseem_requests_in_progress",] == 3
        encoder.gate.set()
        await asyncio.gather(*asked)
        seen = await figures(client)
    assert seen["splitseem_queue_depth", "images"] == 0
    assert seen["splitseem_queue_wait_seconds_count", "images"] == 3
    assert seen["splitseem_queue_wait_seconds_sum", "images"] > 0


ABBREVIATED = re.compile(r"_(s|ms|us|ns|sec|secs|kb|mb|gb|b|pct)(_|$)")
OTHER_UNITS = re.compile(r"_(milliseconds|minutes|hours|days|kilobytes|megabytes|percent)(_|$)")
TYPES = re.compile(r"_(counter|gauge|histogram|summary)(_|$)")


async def test_names_follow_the_rules_of_prometheus(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    """What `promtool check metrics` looks at."""
    await client.post("/embed", content=image_bytes(), headers=PNG)
    await client.post("/embed", content=b"", headers=PNG)
    families = list(text_string_to_metric_families((await client.get("/metrics")).text))
    assert {family.name for family in families} >= {"process_resident_memory_bytes", "process_open_fds"}
    ours = [
        family
        for family in families
        if not family.name.endswith("_created") and not family.name.startswith("process_")
    ]
    assert len(ours) >= 15
    assert len({family.name for family in families}) == len(families)
    for family in ours:
        samples = {sample.name for sample in family.samples}
        assert family.documentation.strip(), family.name
        assert re.fullmatch(r"splitseem_[a-z0-9_]+", family.name)
        assert not ABBREVIATED.search(family.name), family.name
        assert not OTHER_UNITS.search(family.name), family.name
        assert not TYPES.search(family.name), family.name
        assert (family.type == "counter") == all(name.endswith("_total") for name in samples), family.name
        if family.type == "gauge":
            assert not any(name.endswith(("_count", "_sum", "_bucket", "_total")) for name in samples)


def test_promtool_has_nothing_to_say_of_a_server_that_has_worked(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is needed: scripts/test_tools.sh fetches it")
    with fake_service() as service, httpx.Client(base_url=service.url, timeout=60) as client:
        for body in (image_bytes(), image_bytes(), image_bytes(colour=(1, 2, 3)), b"no image"):
            client.post("/embed", content=body, headers=PNG)
        client.get(f"/v1/embeddings/{'a' * 64}")
        client.post("/v1/upright", content=image_bytes())
        client.post("/v1/text", json={"texts": ["cat"]})
        answer = client.get("/metrics").content
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=answer, capture_output=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    assert b'splitseem_answers_total{cache="hit"} 1.0' in answer


async def test_every_figure_is_documented(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    await client.post("/embed", content=image_bytes(), headers=PNG)
    await client.post("/embed", content=b"", headers=PNG)
    page = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")
    for family in text_string_to_metric_families((await client.get("/metrics")).text):
        name = family.name + ("_total" if family.type == "counter" else "")
        assert family.name.endswith("_created") or f"`{name}`" in page, name


async def test_alerts_and_advice_name_figures_and_settings_that_exist() -> None:
    docs = Path(__file__).parents[2] / "docs"
    operating = (docs / "operating.md").read_text(encoding="utf-8")
    figures_page = (docs / "http-api.md").read_text(encoding="utf-8")
    named = {name.removesuffix("_sum") for name in re.findall(r"\bsplitseem_[a-z_]+\b", operating)}
    assert len(named) >= 6
    assert {name for name in named if f"`{name}`" not in figures_page} == set()
    settings = {
        name.removeprefix("SPLITSEEM_").lower() for name in re.findall(r"SPLITSEEM_[A-Z_]+", operating)
    }
    assert len(settings) >= 12
    assert settings <= Settings.model_fields.keys()
