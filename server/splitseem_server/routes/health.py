"""Whether the service is alive, whether it is ready, and what it offers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from splitseem_server.errors import NotReady
from splitseem_server.http.docs_page import docs_page
from splitseem_server.http.negotiation import JSON
from splitseem_server.http.openapi import answers
from splitseem_server.metrics import CONTENT_TYPE, Reading
from splitseem_server.routes.json_answers import ALIVE, READY
from splitseem_server.services import Services, services_of

router = APIRouter(tags=["service"])

_WHY_NOT_READY = {
    "warming": "the model is warming up",
    "failed": "the model did not warm up; the log of the server says why",
}


@router.get("/healthz", **answers(JSON, schema=ALIVE))
async def healthz() -> Response:
    """200 as long as the process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", **answers(JSON, schema=READY))
async def readyz(services: Annotated[Services, Depends(services_of)]) -> Response:
    """200 once the model is warm, with `degraded` when the cache does not answer or store; 503 before,
    and from when the server is asked to stop."""
    if services.draining.begun:
        raise NotReady("the server is stopping", headers={"Retry-After": "1"})
    state = services.readiness.state
    if state != "ready":
        raise NotReady(_WHY_NOT_READY[state], headers={"Retry-After": "1"})
    cache = await services.cache.state()
    return JSONResponse(
        {
            "status": "ready" if cache.works else "degraded",
            "model": services.encoder.name,
            "fingerprint": services.encoder.fingerprint,
            "cache": dataclasses.asdict(cache),
            "waiting": services.queue.waiting,
        }
    )


@router.get("/metrics", **answers("text/plain"))
async def metrics(services: Annotated[Services, Depends(services_of)]) -> Response:
    """Figures of this process for Prometheus."""
    cache = await services.cache.state()
    of_cache: list[Reading] = [
        ("cache_reachable", (), cache.reachable),
        ("cache_faults", (), cache.faults),
    ]
    text = services.metrics.text([*_readings(services), *of_cache])
    return Response(text, media_type=CONTENT_TYPE)


def _readings(services: Services) -> Iterator[Reading]:
    yield "ready", (), services.readiness.state == "ready" and not services.draining.begun
    yield "waiting_images", (), services.queue.waiting
    yield "requests_in_progress", (), services.draining.running
    for queue, waiting in services.waiting.items():
        yield "queue_depth", (queue,), waiting
    for tier, held in services.cache.held_bytes.items():
        yield "cache_held_bytes", (tier,), held
    for encoder in services.encoders:
        memory = encoder.device_memory()
        if memory is not None:
            device, *amounts = memory
            for name, amount in zip(memory._fields[1:], amounts, strict=True):
                yield f"device_memory_{name}_bytes", (device,), amount


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The routes, for people; the same as /openapi.json."""
    return HTMLResponse(docs_page(request.app.openapi()))
