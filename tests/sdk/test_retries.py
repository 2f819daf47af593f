"""What the client does while a server is busy, away, or no splitseem server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from splitseem import (
    AsyncClient,
    BadAnswer,
    Busy,
    Click,
    Client,
    EmbeddedImage,
    InputError,
    NoAnswer,
    NotAllowed,
    Refused,
    Retries,
)
from splitseem.inputs import ImageFile
from splitseem_proto import EMBEDDING_STRIDES, Embedding, ImageGeometry, encode_tensor, pack

PROBLEM = {"Content-Type": "application/problem+json"}
READY: tuple[int, dict[str, str], bytes] = (200, {}, b'{"status": "ready"}')


def problem(status: int, name: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    body = {"type": f"urn:splitseem:problem:{name}", "title": "T", "detail": f"{name} it is"}
    return (
        status,
        {**PROBLEM, **{key.replace("_", "-"): value for key, value in headers.items()}},
        json.dumps(body).encode(),
    )


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, which take no time here."""
    pauses: list[float] = []
    monkeypatch.setattr("splitseem.client.time.sleep", pauses.append)
    return pauses


def test_a_busy_server_is_asked_again_after_the_time_that_it_names(told: Any, paused: list[float]) -> None:
    told.answers = [problem(429, "queue-full", Retry_After="3"), problem(503, "not-ready"), READY]
    with Client(told.url, retries=Retries(draw=lambda: 0.5)) as client:
        assert client.readiness() == {"status": "ready"}
    assert paused == [3 + 0.125, 0.25]


def test_retry_after_may_be_a_date(told: Any, paused: list[float]) -> None:
    told.answers = [problem(503, "not-ready", Retry_After=formatdate(time.time() + 30, usegmt=True)), READY]
    with Client(told.url, retries=Retries(draw=lambda: 0.0)) as client:
        client.readiness()
    assert 20 < paused[0] <= 30


def test_pauses_grow_are_drawn_and_end(told: Any, paused: list[float]) -> None:
    told.answers = [problem(429, "queue-full")]
    with Client(told.url, retries=Retries(most=7, draw=lambda: 1.0)) as client, pytest.raises(Busy) as busy:
        client.readiness()
    assert paused == [0.25, 0.5, 1, 2, 4, 8, 8]
    assert busy.value.type == "queue-full"
    assert len({Retries().pause_s(3, busy.value) for _ in range(20)}) > 10


def test_a_server_that_asks_for_more_patience_than_there_is_is_not_waited_for(
    told: Any, paused: list[float]
) -> None:
    told.answers = [problem(429, "queue-full", Retry_After="3600")]
    with Client(told.url) as client, pytest.raises(Busy) as busy:
        client.readiness()
    assert busy.value.retry_after_s == 3600
    assert paused == []


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415, 422, 500])
def test_what_is_wrong_for_good_is_not_asked_again(told: Any, paused: list[float], status: int) -> None:
    told.answers = [problem(status, "anything")]
    with Client(told.url) as client, pytest.raises(Refused) as refused:
        client.embed(b"x")
    assert isinstance(refused.value, NotAllowed) == (status in (401, 403))
    assert (len(told.asked), paused) == (1, [])


def test_a_server_that_is_not_there_is_named(paused: list[float]) -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(NoAnswer, match=r"127\.0\.0\.1:9"):
        client.readiness()
    assert len(paused) == 2


def test_an_answer_that_breaks_off_is_asked_for_again(told: Any, paused: list[float]) -> None:
    told.answers = [(200, {"Content-Length": "500", "Connection": "close"}, b"{"), READY]
    with Client(told.url, timeout_s=0.5) as client:
        assert client.readiness() == {"status": "ready"}
    assert len(told.asked) == 2


@pytest.mark.parametrize(
    "answer", [(200, {}, b"<html>"), (200, {}, b"[]"), (200, {}, b"\xff"), (200, {}, b"")]
)
def test_what_is_no_answer_of_the_service_is_told(told: Any, answer: Any) -> None:
    told.answers = [answer]
    with Client(told.url) as client, pytest.raises(BadAnswer, match="does"):
        client.segment(b"x", [Click(1, 1)])
    with Client(told.url) as client, pytest.raises(BadAnswer):
        client.embed(b"x")
    with Client(told.url) as client, pytest.raises(BadAnswer):
        client.texts(["cat"])


def test_the_key_goes_with_every_request_and_not_with_the_query(told: Any) -> None:
    told.answers = [READY]
    with Client(told.url, api_key="splitseem_abc\n") as client:
        client.readiness()
        client.manifest()
    assert [headers["authorization"] for _, _, headers, _ in told.asked] == ["Bearer splitseem_abc"] * 2
    with pytest.raises(InputError, match="api_key"):
        Client(told.url, api_key="a\nb")


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8000", "", "http://", "http://a b", "http://x:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="http or https"):
        Client(url)


def embedded() -> EmbeddedImage:
    tensors = tuple(
        encode_tensor(name, np.zeros((1, 1, 32 // stride, 32 // stride), np.float32), "float32")
        for name, stride in EMBEDDING_STRIDES.items()
    )
    geometry = ImageGeometry((4, 4), (0, 0, 4, 4), (32, 32), (32, 32))
    return EmbeddedImage(pack(Embedding(1, "f" * 16, "a" * 64, geometry, "float32", tensors)))


ANSWERED = {
    "key": "a" * 64,
    "objects": [
        {"mask": {"size": [2, 2], "counts": [1, 3]}, "score": 1.0, "label": None, "label_score": None}
        | {"class_embed": None, "memory": None}
    ],
}


def test_an_image_whose_embedding_is_forgotten_is_sent_again(told: Any, paused: list[float]) -> None:
    image = EmbeddedImage(embedded().data, ImageFile(b"the file", "a.png"), {"canvas": "64"})
    told.answers = [problem(404, "not-found"), (200, {}, json.dumps(ANSWERED).encode())]
    with Client(told.url) as client:
        found = client.segment(image, [Click(1, 1)])
    assert found.mask.tolist() == [[False, True], [True, True]]
    assert [path for _, path, _, _ in told.asked] == ["/v1/decode", "/v1/decode?canvas=64"]
    assert b"the file" in told.asked[1][3]
    assert paused == []


@pytest.mark.anyio
async def test_the_asynchronous_client_is_as_patient(told: Any) -> None:
    told.answers = [problem(429, "queue-full"), READY]
    async with AsyncClient(told.url, retries=Retries(draw=lambda: 0.0)) as client:
        assert await client.readiness() == {"status": "ready"}
    async with AsyncClient("http://127.0.0.1:9", retries=Retries(most_away=0)) as client:
        with pytest.raises(NoAnswer):
            await client.readiness()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_importing_takes_less_than_half_a_second_of_processor_time() -> None:
    code = "import time; from splitseem import Client; print(time.process_time())"
    seconds = min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    )
    assert seconds < 0.5


def test_the_package_lies_in_what_is_installed() -> None:
    import splitseem

    assert (Path(splitseem.__file__).parent / "py.typed").is_file()
