"""docs/http-api.md says what the service does: every route, parameter, error and setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitseem_proto import CODECS
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
    numerics = ""
    canvas = 64
    largest_canvas = 64
    codecs = ("int8",)
    maps = ("features",)

    def device_memory(self) -> None:
        raise NotImplementedError

    def codec_for(self, *_arguments: object) -> str:
        raise NotImplementedError

    def geometry_for(self, *_arguments: object) -> Any:
        raise NotImplementedError

    def prepare(self, *_arguments: object) -> Any:
        raise NotImplementedError

    def run(self, *_arguments: object) -> Any:
        raise NotImplementedError

    def finish(self, *_arguments: object) -> Any:
        raise NotImplementedError


OPENAPI = create_app(Parts(settings=Settings(), encoder=NoEncoder(), cache=InProcessCache(0))).openapi()


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_route_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"`(GET|POST) (/[^` ]*)`", section("Routes").split("\n### ")[0]))
    served = {(method.upper(), path) for path, item in OPENAPI["paths"].items() for method in item}
    assert documented == served | {("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/")}


def test_every_parameter_of_every_route_is_documented_and_no_other() -> None:
    table = PAGE.split("### Parameters of the query")[1].split("###")[0]
    documented = {
        (path, name)
        for name, paths in re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.M)
        for path in re.findall(r"`(/[^`]*)`", paths)
    }
    documented |= {("/v1/embed", name) for path, name in documented if path == "/embed"}
    assert documented == {(path, parameter["name"]) for path, parameter in query_parameters()}


def test_every_codec_is_documented_with_the_parameter() -> None:
    meaning = re.search(r"^\| `codec` \|.*?\| (.*?) \|", PAGE, re.M)
    assert meaning is not None
    assert re.findall(r"`(\w+)`", meaning[1]) == list(CODECS)
    for _, parameter in query_parameters():
        if parameter["name"] == "codec":
            assert parameter["description"].endswith(", ".join(CODECS))


def query_parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and description of every parameter of a query that the service takes."""
    for path, methods in OPENAPI["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    yield path, parameter


def test_the_document_says_what_a_parameter_may_be() -> None:
    schemas = {parameter["name"]: parameter["schema"] for _, parameter in query_parameters()}
    assert schemas.keys() == {"codec", "canvas", "roi", "original", "maps", "mode", "min_score"}
    assert schemas["codec"]["enum"] == list(NoEncoder.codecs)
    assert schemas["maps"]["enum"] == list(NoEncoder.maps)
    assert schemas["canvas"]["maximum"] == Settings().max_canvas
    # What stands in a query is never null, and what is left out is left out.
    assert not any("anyOf" in schema for schema in schemas.values())


def test_the_document_says_what_comes() -> None:
    kinds = {
        path: set(operation["responses"]["200"]["content"])
        for path, methods in OPENAPI["paths"].items()
        for operation in methods.values()
    }
    both = {"application/msgpack", "application/json"}
    pictures = {"application/json", "image/png"}
    assert kinds == {
        "/embed": both,
        "/v1/embed": both,
        "/v1/upright": {"image/png"},
        "/v1/embeddings/{key}": {"application/msgpack"},
        "/v1/decode": pictures,
        "/v1/text": both,
        "/v1/panoptic": pictures,
        "/v1/model": {"application/json"},
        "/v1/model/{file}": {"application/octet-stream"},
        "/healthz": {"application/json"},
        "/readyz": {"application/json"},
        "/metrics": {"text/plain"},
    }


@pytest.mark.parametrize("path", ["/embed", "/v1/embed", "/v1/panoptic", "/v1/upright"])
def test_the_document_says_that_json_names_an_image_by_its_bytes_or_its_address(path: str) -> None:
    bodies = OPENAPI["paths"][path]["post"]["requestBody"]["content"]
    schema = bodies["application/json"]["schema"]
    assert schema["properties"]["url"]["format"] == "uri"
    assert schema["properties"]["image_base64"]["format"] == "byte"
    assert schema["oneOf"] == [{"required": ["image_base64"]}, {"required": ["url"]}]
    assert bodies["multipart/form-data"]["schema"]["required"] == ["image"]


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
