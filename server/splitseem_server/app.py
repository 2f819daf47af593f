"""The application: settings, encoder and cache in, FastAPI out. Importing this module has no effects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic import TypeAdapter

from splitseem_proto.schema import PromptItemFields
from splitseem_server.adapters.table import error_fields, switch_on
from splitseem_server.errors import PROBLEMS
from splitseem_server.files.client import ClientFiles
from splitseem_server.http.bodies import BodyLimits, LimitedBodies
from splitseem_server.http.draining import Drained
from splitseem_server.http.middleware import (
    ForwardedPrefix,
    IsolationHeaders,
    RelativeRedirects,
    RequestIds,
    Watch,
    log_request,
)
from splitseem_server.http.openapi import named_schemas, with_schemas
from splitseem_server.http.parameters import refuse_unknown
from splitseem_server.http.plain_route import plain_routes
from splitseem_server.http.problem_json import ErrorFields, ErrorResponses, install_error_handlers
from splitseem_server.http.uploads import max_body_bytes
from splitseem_server.routes import decode, embed, health, model, panoptic, text, upright
from splitseem_server.routes.json_answers import PROBLEM
from splitseem_server.routes.options import parameter_schemas
from splitseem_server.services import Parts, Services, check_access

_ROUTES = (embed, upright, decode, text, panoptic, model, health)
CORS_MAX_AGE_S = 600
EXPOSED_HEADERS = (
    "ETag",
    "Location",
    "Retry-After",
    "Server-Timing",
    "X-Request-Id",
    "X-Splitseem-Bytes",
    "X-Splitseem-Cache",
    "X-Splitseem-Canvas",
    "X-Splitseem-Model",
)
"""What scripts of other origins may read of an answer."""


def create_app(parts: Parts) -> FastAPI:
    """The service.

    Raises:
        DecoderFilesError: the decoder is missing, damaged, or of another model.
        ClientFilesError: the client is missing.
    """
    services = Services(parts)
    app = FastAPI(
        title="splitseem",
        version="1",
        description="An image in, its embedding out; the decoder runs in the browser.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        responses=_documented_problems(),
        # Figures are those of /metrics; messages of errors would hold what callers sent.
        telemetry={
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": parts.settings.traces,
        },
        dependencies=[Depends(check_access), Depends(refuse_unknown)],
    )
    app.state.services = services
    app.openapi = partial(_document, app)  # type: ignore[method-assign]  # as FastAPI's pages have it
    for routes in _ROUTES:
        app.include_router(routes.router)
    switch_on(app, services)
    app.router.routes[:0] = plain_routes(embed.router, embed.embed, embed.answer_embed)
    if parts.client_dir is not None:
        # Asked last, when no route has the path, so that a wrong method on a route stays a 405.
        app.router.default = ClientFiles(parts.client_dir, services.coded_files)
    install_error_handlers(app)
    _add_middleware(app, services)
    return app


def _add_middleware(app: FastAPI, services: Services) -> None:
    """What holds for every request; the last one added is the outermost."""
    settings = services.settings
    app.add_middleware(Drained, draining=services.draining)
    bodies = BodyLimits(
        most=max_body_bytes(settings.max_image_bytes),
        most_held=settings.max_held_bytes,
        stall_s=settings.body_stall_s,
        seconds=settings.body_s,
    )
    app.add_middleware(ErrorResponses)
    app.add_middleware(LimitedBodies, limits=bodies)
    app.add_middleware(IsolationHeaders, resource_policy=settings.resource_policy)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(","),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
            max_age=CORS_MAX_AGE_S,
        )
    if settings.adapters:
        app.add_middleware(ErrorFields, fields=error_fields(settings))
    app.add_middleware(RelativeRedirects)
    app.add_middleware(ForwardedPrefix)
    app.add_middleware(Watch, tell=(services.metrics.requested, log_request))
    app.add_middleware(RequestIds)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    warm_up = asyncio.create_task(services.warm_up())
    try:
        yield
    finally:
        warm_up.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await warm_up
        await services.cache.close()
        await services.rates.close()
        services.coded_files.close()
        services.images.close()


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    made = app.openapi_schema is not None
    document = FastAPI.openapi(app)
    if made:
        return document
    prompts = named_schemas(TypeAdapter(PromptItemFields), "PromptItem")
    return with_schemas(document, parameter_schemas(app.state.services), prompts)


def _documented_problems() -> dict[int | str, dict[str, Any]]:
    by_status: dict[int | str, dict[str, Any]] = {}
    for problem in PROBLEMS.values():
        described = by_status.setdefault(
            problem.status, {"content": {"application/problem+json": {"schema": PROBLEM}}}
        )
        described["description"] = "; ".join(filter(None, (described.get("description"), problem.title)))
    return by_status
