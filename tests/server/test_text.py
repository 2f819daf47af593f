"""`POST /v1/text` over a fake text encoder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import msgpack
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from tests.server.gates import Gate, until

from splitseem_model.errors import TextTowerError
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.errors import TYPE_PREFIX
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

Array = NDArray[np.float32]


class FakeTexts:
    """As many tokens as words; vectors are their lengths. It can be held."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.gate = Gate()

    def encode(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        self.threads.add(threading.current_thread().name)
        self.gate.wait()
        lengths = [np.array([[len(word)] * 2 for word in text.split()], np.float32) for text in texts]
        return [(tokens, tokens.sum(0)) for tokens in lengths]

    def class_matrix(self, names: Sequence[str]) -> Array:
        return np.eye(len(names), dtype=np.float32)


@pytest.fixture
def texts() -> FakeTexts:
    return FakeTexts()


@pytest.fixture
async def client(
    encoder: Any, texts: FakeTexts, run_in_process: Callable[[FastAPI], Any]
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(max_texts=3, queue_size=0)
    app = create_app(Parts(settings=settings, encoder=encoder, cache=InProcessCache(0), text_encoder=texts))
    async with run_in_process(app) as running:
        yield running


def array_of(tensor: dict[str, Any]) -> Array:
    assert tensor["dtype"] == "float32"
    return np.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"])


async def test_texts_become_tokens_and_sentences(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/text", json={"texts": ["a dog", "café"]})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/msgpack"
    assert response.headers["x-splitseem-model"].startswith("fake@")
    answer = msgpack.unpackb(response.content)
    assert [entry["text"] for entry in answer["texts"]] == ["a dog", "café"]
    np.testing.assert_array_equal(array_of(answer["texts"][0]["tokens"]), [[1, 1], [3, 3]])
    np.testing.assert_array_equal(array_of(answer["texts"][0]["sentence"]), [4, 4])
    assert "vocabulary" not in answer


async def test_a_vocabulary_becomes_a_class_matrix(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/text", json={"vocabulary": ["cat", "dog"]})
    answer = msgpack.unpackb(response.content)
    assert answer["vocabulary"]["names"] == ["cat", "dog"]
    np.testing.assert_array_equal(array_of(answer["vocabulary"]["class_matrix"]), np.eye(2))


async def test_json_holds_nested_lists(client: httpx.AsyncClient) -> None:
    asked = {"texts": ["a dog"], "vocabulary": ["cat"]}
    response = await client.post("/v1/text", json=asked, headers={"Accept": "application/json"})
    answer = response.json()
    assert answer["model"] == "fake"
    assert answer["texts"] == [{"text": "a dog", "tokens": [[1, 1], [3, 3]], "sentence": [4, 4]}]
    assert answer["vocabulary"] == {"names": ["cat"], "class_matrix": [[1]]}


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        (b"{", 400, "malformed-request"),
        (b"[]", 400, "malformed-request"),
        (b'"\xff"', 400, "malformed-request"),
        (b"[" * 100_000, 400, "malformed-request"),
        (b'{"texts": "a dog"}', 400, "malformed-request"),
        (b'{"texts": [1]}', 400, "malformed-request"),
        (b"{}", 422, "invalid-parameter"),
        (b'{"words": ["a"]}', 422, "invalid-parameter"),
        (b'{"texts": []}', 422, "invalid-parameter"),
        (b'{"texts": ["a", "b", "c", "d"]}', 422, "invalid-parameter"),
        (b'{"texts": ["a"], "vocabulary": [" "]}', 422, "invalid-parameter"),
        (b'{"texts": ["\\ud800"]}', 422, "invalid-parameter"),
        (b'{"texts": ["' + b"a" * 1001 + b'"]}', 422, "invalid-parameter"),
    ],
)
async def test_what_cannot_be_encoded_is_refused(
    client: httpx.AsyncClient, content: bytes, status: int, name: str
) -> None:
    response = await client.post("/v1/text", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    assert response.json()["type"] == TYPE_PREFIX + name


async def test_another_content_type_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/text", content=b"a dog", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


async def test_a_model_without_text_tower_has_no_texts(
    make_app: Callable[..., FastAPI], run_in_process: Callable[[FastAPI], Any]
) -> None:
    async with run_in_process(make_app()) as client:
        response = await client.post("/v1/text", json={"texts": ["a dog"]})
    assert response.status_code == 404
    assert response.json()["detail"] == "no text encoder is loaded for model fake"


async def test_texts_are_encoded_off_the_event_loop_and_refused_when_too_many_wait(
    client: httpx.AsyncClient, texts: FakeTexts
) -> None:
    texts.gate.clear()
    first = asyncio.ensure_future(client.post("/v1/text", json={"texts": ["a dog"]}))
    await until(lambda: texts.threads)
    refused = await client.post("/v1/text", json={"texts": ["a cat"]})
    texts.gate.set()
    assert (await first).status_code == 200
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert texts.threads != {threading.main_thread().name}


async def test_a_text_that_needs_an_encoder_which_is_not_installed_is_a_404(
    client: httpx.AsyncClient, texts: FakeTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Sequence[str]) -> Array:
        raise TextTowerError("install it")

    monkeypatch.setattr(texts, "encode", missing)
    monkeypatch.setattr(texts, "class_matrix", missing)
    for body in ({"texts": ["a red scarf"]}, {"vocabulary": ["red scarf"]}):
        response = await client.post("/v1/text", json=body)
        assert response.status_code == 404
        assert response.json()["type"] == TYPE_PREFIX + "no-text-encoder"
        assert "install it" in response.json()["detail"]
