"""The adapters by name, and how they become part of an app."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from fastapi import FastAPI
from fastapi.routing import APIRoute

from splitseem_server.adapters import cvat, kserve, label_studio, qupath, roboflow
from splitseem_server.adapters.adapter import Adapter
from splitseem_server.services import Services
from splitseem_server.settings import Settings

TABLE: Mapping[str, Adapter] = MappingProxyType(
    {
        "roboflow": roboflow.ADAPTER,
        "kserve": kserve.ADAPTER,
        "qupath": qupath.ADAPTER,
        "label-studio": label_studio.ADAPTER,
        "cvat": cvat.ADAPTER,
    }
)
"""In `SPLITSEEM_ADAPTERS` they have these names."""


def switch_on(app: FastAPI, services: Services) -> None:
    """Have the app answer the protocols that its settings name, to callers whose keys allow it."""
    for adapter in _switched_on(services.settings):
        services.scopes.update(adapter.scopes)
        app.include_router(adapter.router, include_in_schema=False)


def error_fields(settings: Settings) -> dict[re.Pattern[str], str]:
    """The field in which each protocol says what is wrong, by the patterns of its paths."""
    return {
        route.path_regex: adapter.error_field
        for adapter in _switched_on(settings)
        for route in adapter.router.routes
        if isinstance(route, APIRoute)
    }


def _switched_on(settings: Settings) -> Iterator[Adapter]:
    return (TABLE[name] for name in settings.adapters.split(",") if name)
