"""Every request has an id, in its answer and in the log, and the log holds nothing of its image. Every line
of a log for machines is JSON."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from splitseem_server.log import configure_log
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

ID = "X-Request-Id"


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/", "/v1/embeddings/none"])
async def test_every_answer_has_an_id_of_its_own(client: httpx.AsyncClient, path: str) -> None:
    ids = [(await client.get(path)).headers[ID] for _ in range(3)]
    assert len(set(ids)) == 3


async def test_the_id_of_the_caller_is_kept(client: httpx.AsyncClient) -> None:
    given = "0123-abc_DEF.7"
    assert (await client.get("/healthz", headers={ID: given})).headers.get_list(ID) == [given]


@pytest.mark.parametrize("given", ["", "two words", "a" * 65, "{}", "a\tb", "é".encode()])
async def test_what_is_no_plain_word_is_not_taken(client: httpx.AsyncClient, given: Any) -> None:
    answered = (await client.get("/healthz", headers={ID: given})).headers[ID]
    assert answered.isalnum()
    assert len(answered) == 16


async def test_all_that_is_logged_of_a_request_has_its_id_and_nothing_of_its_image(
    client: httpx.AsyncClient,
    image_bytes: Callable[..., bytes],
    encoder: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log(Settings(log_format="json"))
    image = image_bytes()
    encoded = base64.b64encode(image).decode()
    capsys.readouterr()
    await client.post("/embed", json={"image_base64": encoded}, headers={ID: "good"})
    encoder.error = RuntimeError("broken")
    await client.post("/embed?canvas=96", content=image, headers={ID: "bad"})
    written = capsys.readouterr().out
    lines = [json.loads(line) for line in written.splitlines()]
    assert {(line["event"], line["request_id"]) for line in lines} >= {
        ("request", "good"),
        ("request", "bad"),
        ("unexpected_error", "bad"),
    }
    assert all(line["request_id"] in ("good", "bad") for line in lines)
    assert encoded[:40] not in written
    assert repr(image[:20])[2:-1] not in written


@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_no_path_ends_a_line_of_the_log_or_steers_a_terminal(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_log(Settings.from_environment({}, log_format=log_format))
    capsys.readouterr()
    await client.get("/%0a%0dinvented%1b[2J%c2%85")
    written = capsys.readouterr().out
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written
    assert "/%0a%0dinvented%1b" in written.lower()


def test_what_libraries_log_is_json_too(fake_service: Any, image_bytes: Callable[..., bytes]) -> None:
    with fake_service(SPLITSEEM_LOG_FORMAT="json") as service:
        address = urlsplit(service.url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            connection.sendall(b"no request\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while connection.recv(4096):
                    pass
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        httpx.post(f"{service.url}/embed", content=b"--y\r\n", headers=headers, timeout=60)
        httpx.post(f"{service.url}/embed", content=image_bytes(), timeout=60)
        written = service.output.read_text().splitlines()
    lines = [json.loads(line) for line in written if not line.startswith("splitseem serves on")]
    by_event = {line["event"]: line for line in lines}
    assert by_event["Invalid HTTP request received."]["level"] == "warning"
    assert by_event["Invalid HTTP request received."]["logger"].startswith("uvicorn")
    assert {line["event"] for line in lines} >= {"settings", "ready", "request"}
