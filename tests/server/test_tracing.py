"""A trace goes from the caller's span to the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="pip install opentelemetry-sdk")

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

pytestmark = pytest.mark.anyio

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
EXPORTER = InMemorySpanExporter()
STAGES = ("cache", "queue", "decode", "encode", "pack", "store")


@pytest.fixture(scope="module")
def _provider() -> None:
    # There is one for a process, and it stays.
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)


@pytest.fixture
def spans(_provider: None) -> Iterator[Callable[[], dict[str, Any]]]:
    EXPORTER.clear()
    yield lambda: {span.name: span for span in EXPORTER.get_finished_spans()}
    EXPORTER.clear()


async def test_stages_are_spans_below_the_request_of_the_caller(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], spans: Callable[[], dict[str, Any]]
) -> None:
    EXPORTER.clear()
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    await client.post("/embed", content=image_bytes(), headers=headers)
    seen = spans()
    request = seen["POST /embed"]
    assert f"{request.parent.span_id:016x}" == CALLER
    assert request.attributes["http.route"] == "/embed"
    for stage in STAGES:
        assert f"{seen[stage].context.trace_id:032x}" == TRACE, stage
        assert seen[stage].parent.span_id == request.context.span_id, stage
    assert [event.name for event in seen["encode"].events] == ["begun"]


@pytest.mark.parametrize("path", ["/v1/embed", "/v1/text", "/v1/upright", "/v1/decode"])
async def test_every_request_of_the_page_belongs_to_the_trace_that_it_begins(
    client: httpx.AsyncClient,
    image_bytes: Callable[..., bytes],
    spans: Callable[[], dict[str, Any]],
    path: str,
) -> None:
    EXPORTER.clear()
    # As `client/src/api/traceparent.ts` writes it; nobody waits for the answer to be good.
    await client.post(path, content=image_bytes(), headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    request = spans()[f"POST {path}"]
    assert f"{request.context.trace_id:032x}" == TRACE
    assert f"{request.parent.span_id:016x}" == CALLER
    assert request.parent.is_remote


async def test_a_hit_asks_no_device(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], spans: Callable[[], dict[str, Any]]
) -> None:
    await client.post("/embed", content=image_bytes())
    EXPORTER.clear()
    await client.post("/embed", content=image_bytes())
    assert [*spans()] == ["POST /embed"]
