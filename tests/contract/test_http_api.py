"""docs/http-api.md says what the service does: every route, parameter, error and setting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.errors import PROBLEMS
from splitseem_server.services import Parts
from splitseem_server.settings import PREFIX, SECRETS, Settings

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")


class NoEncoder:
    """Names without a model; nothing is encoded here."""

    name = "none"
    fingerprint = "0" * 16
    canvas = 64
    codecs = ("int8",)
    maps = ("features",)

    def codec_for(self, *_arguments: object) -> str:
        raise NotImplementedError

    def geometry_for(self, *_arguments: object) -> Any:
        raise NotImplementedError

    def encode(self, *_arguments: object, **_options: object) -> Any:
        raise NotImplementedError


OPENAPI = create_app(Parts(settings=Settings(), encoder=NoEncoder(), cache=InProcessCache(0))).openapi()


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_route_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"`(GET|POST) (/[^` ]*)`", section("Routes").split("\n### ")[0]))
    served = {(method.upper(), path) for path, item in OPENAPI["paths"].items() for method in item}
    assert documented == served | {("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/")}


def test_every_parameter_is_documented() -> None:
    parameters = [parameter["name"] for parameter in OPENAPI["paths"]["/embed"]["post"]["parameters"]]
    assert parameters == re.findall(r"^\| `(codec|canvas|roi|maps)` \|", PAGE, re.M)


def test_every_error_is_documented_with_its_status() -> None:
    documented = re.findall(r"^\| `(urn:[\w:-]+)` \| (\d+) \|", section("Errors"), re.M)
    assert dict(documented) == {problem.type: str(problem.status) for problem in PROBLEMS.values()}


def test_every_setting_is_documented_with_its_default_and_description() -> None:
    rows = dict(re.findall(r"^\| `(SPLITSEEM_\w+)` \| (.*) \|$", section("Settings"), re.M))
    secrets = {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    fields = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert rows.keys() == fields.keys() | secrets
    for variable, field in fields.items():
        assert rows[variable].endswith(f"| {field.description}")
        if field.default is not None:
            assert rows[variable].startswith(f"`{field.default}` |")
