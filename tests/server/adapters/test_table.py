"""Adapters are off, and not part of our own protocol; each is in the table, the settings and the guide."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from splitseem_server.adapters.table import TABLE
from splitseem_server.settings import ADAPTERS, Settings, SettingsError

GUIDE = (Path(__file__).parents[3] / "docs" / "other-tools.md").read_text(encoding="utf-8")
ROUTES = {
    name: {route.path: route for route in adapter.router.routes if isinstance(route, APIRoute)}
    for name, adapter in TABLE.items()
}


def test_settings_table_and_guide_name_the_same() -> None:
    assert tuple(TABLE) == ADAPTERS
    assert re.findall(r"^\| `([a-z-]+)` \|", GUIDE, re.M) == list(ADAPTERS)
    described = Settings.model_fields["adapters"].description or ""
    assert all(f"`{name}`" in described for name in ADAPTERS)


@pytest.mark.parametrize("name", TABLE)
def test_everything_that_asks_for_work_needs_a_scope(name: str) -> None:
    posts = {path for path, route in ROUTES[name].items() if "POST" in (route.methods or ())}
    assert set(TABLE[name].scopes) <= posts
    assert all(f"`{path}`" in GUIDE or f"POST {path}" in GUIDE for path in TABLE[name].scopes)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="known are"):
        Settings.from_environment({"SPLITSEEM_ADAPTERS": "roboflow,sam"})


def test_off_there_is_nothing_and_on_the_document_stays(
    make_app: Callable[..., FastAPI], client: httpx.Client
) -> None:
    off = make_app(adapters="")
    paths = {getattr(route, "path", "") for route in off.routes}
    assert not paths & {path for routes in ROUTES.values() for path in routes}
    assert client.get("/openapi.json").json() == off.openapi()


def test_our_own_routes_keep_their_form_of_errors(client: httpx.Client) -> None:
    response = client.post("/embed", content=b"no image")
    assert response.headers["content-type"] == "application/problem+json"
