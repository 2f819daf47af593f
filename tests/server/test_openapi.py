"""Every answer is one that the OpenAPI document describes, whatever is asked that it allows."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import hypothesis
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from PIL import Image

from splitseem_cli.serve import load_parts
from splitseem_server.app import create_app
from splitseem_server.settings import Settings

schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")

pytestmark = pytest.mark.slow

CASES = 20
"""For every operation."""
MOST_S = 120


def photo(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


PHOTOS = [photo(seed) for seed in range(3)]
FILES = st.sampled_from([*PHOTOS, PHOTOS[0][:-20], b"", b"GIF89a"])


@pytest.fixture(scope="module")
def url(serve: Callable[[FastAPI], AbstractContextManager[str]]) -> Iterator[str]:
    """A service of nano on a real port, small so that everything in a photo is found soon."""
    app = create_app(load_parts(Settings(max_canvas=96)))
    with serve(app) as address:
        yield address


def checked_operations(url: str) -> Iterator[Any]:
    schemathesis.openapi.format("binary", FILES)
    schemathesis.openapi.format("byte", FILES.map(lambda file: base64.b64encode(file).decode() or "AAAA"))
    schemathesis.openapi.media_type("image/*", FILES)
    for found in schemathesis.openapi.from_url(f"{url}/openapi.json").get_all_operations():
        yield found.ok()


def statuses_of(operation: Any, key: str, checks: list[Any]) -> set[int]:
    """What comes of requests that the document allows, when each answer passes the checks."""
    seen: set[int] = set()

    def ask(case: Any) -> None:
        if "key" in case.path_parameters:
            case.path_parameters = {"key": key}
        if case.path == "/v1/text" and "texts" in case.body:
            case.body = {**case.body, "texts": ["cat", "dog"]}  # known without another package
        answer = case.call(timeout=MOST_S)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=checks)

    settings = hypothesis.settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    given: Any = hypothesis.given  # typed for strategies that are known when this is checked
    settings(given(operation.as_strategy())(ask))()
    return seen


def test_answers_are_as_documented(url: str) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    made = httpx.post(f"{url}/embed?canvas=64", content=PHOTOS[0], timeout=MOST_S)
    key = made.headers["location"].rpartition("/")[2]
    held = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    seen = {operation.label: statuses_of(operation, key, held) for operation in checked_operations(url)}
    assert len(seen) >= 11
    without = {"GET /v1/model", "GET /v1/model/{file}"}  # no decoder is exported here
    assert {label for label, statuses in seen.items() if 200 not in statuses} <= without
