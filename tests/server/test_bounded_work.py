"""Work that a client can ask for is bounded by what it sends: the loop stays free and errors stay short."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from tests.server.gates import until

from splitseem_proto import Embedding
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

BEARABLE_S = 0.05
TRIES = 3
"""Of a stall; none of these is over 0.02."""

HW = (3000, 4000)
NOISE = np.random.default_rng(0).random((60, 80)) > 0.5


class Answer:
    """A step with a mask of many runs."""

    label, label_score, score, extent = "noise", 0.5, 0.5, None
    class_embed = np.ones(8, np.float32)

    def __init__(self, memory: Any) -> None:
        self.memory = memory
        self.mask_logits = memory.mask_logits


class BusyDecoder:
    """Takes a moment for every step, and gives masks of the size of a large photo."""

    step_s = 0.01

    def __init__(self) -> None:
        self.steps = 0

    def prepare(self, embedding: Embedding) -> Any:
        return embedding

    def step(self, image: Any, items: Any, memory: Any = None) -> Any:
        from splitseem_model.prompt.memory import MemoryPrompt

        self.steps += 1
        time.sleep(self.step_s)
        return Answer(MemoryPrompt(np.zeros((16, 16), np.float32)))

    def alternatives(self, image: Any, items: Any, memory: Any = None) -> list[Any]:
        raise NotImplementedError

    def can_find(self, image: Any) -> bool:
        return False

    def find(self, image: Any, *texts: str) -> list[Any]:
        raise NotImplementedError

    def with_pixels(self, image: Any, pixels: Any) -> Any:
        raise NotImplementedError

    def mask(self, image: Any, step: Any) -> NDArray[np.bool_]:
        return np.kron(NOISE, np.ones((HW[0] // 60, HW[1] // 80), np.bool_)).astype(np.bool_)


@pytest.fixture
def decoder() -> BusyDecoder:
    return BusyDecoder()


@pytest.fixture
async def client(
    encoder: Any, decoder: BusyDecoder, run_in_process: Callable[[FastAPI], Any]
) -> AsyncIterator[httpx.AsyncClient]:
    class Texts:
        def encode(self, texts: Any) -> Any:
            return [(np.zeros((1, 8), np.float32), np.zeros(8, np.float32)) for _ in texts]

        def class_matrix(self, names: Any) -> Any:
            return np.zeros((len(names), 8), np.float32)

    app = create_app(
        Parts(
            settings=Settings(queue_size=8),
            encoder=encoder,
            cache=InProcessCache(2**24),
            text_encoder=Texts(),
            prompt_decoder=decoder,
        )
    )
    async with run_in_process(app) as running:
        yield running


async def key_of(client: httpx.AsyncClient, image_bytes: Callable[..., bytes]) -> str:
    response = await client.post(
        "/embed", content=image_bytes(), headers={"Content-Type": "image/png", "Accept": "application/json"}
    )
    assert response.status_code == 200, response.text
    return str(response.json()["key"])


class Cost(NamedTuple):
    """Of a request, in seconds of CPU of this process, all threads: what other programs take is not counted.

    Args:
        stall_s: the longest time that the event loop could do nothing else.
    """

    cpu_s: float
    stall_s: float


async def cost_of(request: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, Cost]:
    """The answer to a request, and what it costs: the least of some tries, since the loop may also wait for a
    core that another thread has. What stops it itself does so each time."""
    least = Cost(math.inf, math.inf)
    for _ in range(TRIES):
        response, cost = await _one_cost_of(request)
        least = Cost(*map(min, least, cost))
        if least.stall_s < BEARABLE_S:
            break
    return response, least


async def _one_cost_of(request: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, Cost]:
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.process_time()
            await asyncio.sleep(0.002)
            longest = max(longest, time.process_time() - before)

    begin = time.process_time()
    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)
    response = await request()
    heart.cancel()
    return response, Cost(time.process_time() - begin, longest)


CLICK = {"kind": "click", "x": 1.0, "y": 1.0, "label": 1}
HEAVY_BODIES = {
    "lists of nothing": ("/v1/text", b'{"texts": [' + b"[]," * 300_000 + b"[]]}", 422),
    "millions of fields": (
        "/v1/text",
        b"{" + b",".join(b'"%d":0' % k for k in range(1_000_000)) + b"}",
        422,
    ),
    "fields of the decoder": (
        "/v1/decode",
        b"{" + b",".join(b'"f%d":0' % k for k in range(60_000)) + b"}",
        422,
    ),
    "a long stroke": (
        "/v1/decode",
        json.dumps(
            {"key": "0" * 64, "prompts": [{"kind": "scribble", "points_xy": [[1, 1]] * 10**6, "label": 1}]}
        ).encode(),
        422,
    ),
    "a word of a megabyte": ("/v1/text", json.dumps({"texts": ["x" * 10**6]}).encode(), 422),
    "escapes": ("/v1/text", b'{"texts": ["' + b"\\u0041" * 150_000 + b'"]}', 422),
    "a name of a megabyte": ("/v1/decode", json.dumps({"x" * 10**6: 1}).encode(), 422),
}


@pytest.mark.parametrize(("path", "body", "status"), HEAVY_BODIES.values(), ids=HEAVY_BODIES.keys())
async def test_heavy_bodies_are_refused_shortly_and_quickly(
    client: httpx.AsyncClient, path: str, body: bytes, status: int
) -> None:
    response, cost = await cost_of(
        lambda: client.post(path, content=body, headers={"Content-Type": "application/json"})
    )
    assert response.status_code == status, response.text[:200]
    assert len(response.content) < 1500
    assert cost.cpu_s < 1.0
    assert cost.stall_s < BEARABLE_S


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


HEAD = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
HEAVY_IMAGES = {
    "empty chunks": HEAD + chunk(b"teSt", b"") * 500_000,
    "text that unpacks": HEAD + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**7))) * 50,
    "empty markers": b"\xff\xd8" + b"\xff\xe1\0\2" * 1_000_000,
    "scans": b"\xff\xd8" + b"\xff\xda\0\2" * 1_000_000,
    "frames": b"GIF89a\1\0\1\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0\2\0" * 400_000,
    "nothing": bytes(20_000_000),
    "fill bytes": b"\xff\xd8" + b"\xff\xda\0\2" + b"\xff" * 33_000_000,
}


@pytest.mark.parametrize("image", HEAVY_IMAGES.values(), ids=HEAVY_IMAGES.keys())
async def test_heavy_images_leave_the_loop_free(client: httpx.AsyncClient, image: bytes) -> None:
    response, cost = await cost_of(lambda: client.post("/embed", content=image))
    if image.startswith(b"GIF"):
        assert response.status_code == 200, "the first frame is the image"
    else:
        assert response.status_code in (400, 413, 415), response.text[:200]
        assert len(response.content) < 1500
    assert cost.cpu_s < 2.0
    assert cost.stall_s < BEARABLE_S


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """As they come from a network."""
    for begin in range(0, len(body), 2**16):
        yield body[begin : begin + 2**16]
        await asyncio.sleep(0)


async def test_a_photo_of_33_megabytes_in_json_leaves_the_loop_free(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    text = base64.urlsafe_b64encode(image_bytes() + bytes(33_000_000))
    body = b'{"image_base64": "' + text + b'"}'
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    response, cost = await cost_of(
        lambda: client.post("/embed", content=in_pieces(body), headers=headers, timeout=120)
    )
    assert response.status_code == 200, response.text[:200]
    assert cost.stall_s < BEARABLE_S


async def test_many_objects_on_a_large_image_leave_the_loop_free(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    key = await key_of(client, image_bytes)
    body = {"key": key, "objects": [{"prompts": [CLICK]}] * 16}
    response, cost = await cost_of(lambda: client.post("/v1/decode", json=body))
    assert response.status_code == 200, response.text[:200]
    assert len(response.json()["objects"]) == 16
    assert cost.stall_s < BEARABLE_S


async def test_an_outline_of_many_corners_leaves_the_loop_free(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    key = await key_of(client, image_bytes)
    points = np.random.default_rng(0).uniform(1, 40, (16_384, 2)).tolist()
    outline = {"kind": "polygon", "points_xy": points, "label": 1}
    body = json.dumps({"key": key, "prompts": [outline]}).encode()
    response, cost = await cost_of(
        lambda: client.post("/v1/decode", content=body, headers={"Content-Type": "application/json"})
    )
    assert response.status_code == 200, response.text[:200]
    assert cost.stall_s < BEARABLE_S


async def test_a_small_request_does_not_wait_for_all_steps_of_a_large_one(
    client: httpx.AsyncClient, decoder: BusyDecoder, image_bytes: Callable[..., bytes]
) -> None:
    key = await key_of(client, image_bytes)
    large = asyncio.create_task(
        client.post("/v1/decode", json={"key": key, "objects": [{"prompts": [CLICK] * 3}] * 16}, timeout=120)
    )
    await until(lambda: decoder.steps >= 2)
    small = await client.post("/v1/decode", json={"key": key, "prompts": [CLICK]}, timeout=120)
    steps_meanwhile = decoder.steps
    assert small.status_code == 200
    assert not large.done()
    assert steps_meanwhile < 16
    assert (await large).status_code == 200


async def test_a_client_that_leaves_stops_its_steps(
    client: httpx.AsyncClient, decoder: BusyDecoder, image_bytes: Callable[..., bytes]
) -> None:
    key = await key_of(client, image_bytes)
    body = {"key": key, "objects": [{"prompts": [CLICK] * 3}] * 16}
    work = asyncio.create_task(client.post("/v1/decode", json=body))
    await until(lambda: decoder.steps >= 2)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    small = await client.post("/v1/decode", json={"key": key, "prompts": [CLICK]}, timeout=120)
    assert small.status_code == 200
    stopped_at = decoder.steps
    await asyncio.sleep(0.2)
    assert decoder.steps == stopped_at
    assert stopped_at < 32
