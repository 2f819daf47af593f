"""`POST /v1/panoptic` over a fake segmenter, and over a whole small model."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from fastapi import FastAPI
from PIL import Image
from tests.server.gates import Gate, until

from splitseem_model.config import TINY, SemanticConfig
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.segmenter import segmenter_of
from splitseem_model.tasks.segments import Segment, Segmentation
from splitseem_proto import CocoRle, Embedding, decode_rle, encode_rle
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.decoding import panoptic as panoptic_service
from splitseem_server.errors import TYPE_PREFIX
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio


class FakeSegmenter:
    """One segment: the left half. It can be held."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float, str]] = []
        self.threads: set[str] = set()
        self.gate = Gate()

    def segment(self, embedding: Embedding, mode: str, min_score: float) -> Segmentation:
        self.asked.append((mode, min_score, embedding.codec))
        self.threads.add(threading.current_thread().name)
        self.gate.wait()
        left = np.zeros(embedding.geometry.original_hw, np.bool_)
        left[:, : left.shape[1] // 2] = True
        return Segmentation(left.astype(np.int32), (Segment(1, 16, "cat", True, 0.5, encode_rle(left)),))


@pytest.fixture
def segmenter() -> FakeSegmenter:
    return FakeSegmenter()


@pytest.fixture
async def client(
    encoder: Any, segmenter: FakeSegmenter, run_in_process: Callable[[FastAPI], Any]
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        Parts(
            settings=Settings(queue_size=0), encoder=encoder, cache=InProcessCache(2**24), segmenter=segmenter
        )
    )
    async with run_in_process(app) as running:
        yield running


async def test_answer_names_the_segments(
    client: httpx.AsyncClient, segmenter: FakeSegmenter, image_bytes: Callable[..., bytes]
) -> None:
    response = await client.post("/v1/panoptic", files={"image": image_bytes(61, 47)})
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["model"], answer["mode"], answer["size"]) == ("fake", "panoptic", [47, 61])
    (segment,) = answer["segments"]
    assert {name: segment[name] for name in ("id", "category", "label", "thing", "score", "area")} == {
        "id": 1,
        "category": 16,
        "label": "cat",
        "thing": True,
        "score": 0.5,
        "area": 47 * 30,
    }
    mask = decode_rle(CocoRle(tuple(segment["mask"]["size"]), tuple(segment["mask"]["counts"])))
    assert mask[:, :30].all()
    assert not mask[:, 30:].any()
    assert "segment;dur=" in response.headers["server-timing"]
    assert response.headers["x-splitseem-model"].startswith("fake@")
    assert threading.current_thread().name not in segmenter.threads


async def test_query_reaches_encoder_and_segmenter(
    client: httpx.AsyncClient, encoder: Any, segmenter: FakeSegmenter, image_bytes: Callable[..., bytes]
) -> None:
    query = "mode=instance&min_score=0.25&codec=float32&roi=1,2,20,10"
    response = await client.post(f"/v1/panoptic?{query}", files={"image": image_bytes()})
    assert response.status_code == 200, response.text
    assert segmenter.asked == [("instance", 0.25, "float32")]


async def test_the_embedding_is_that_of_embed(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    embedded = await client.post("/embed", files={"image": image_bytes()})
    response = await client.post("/v1/panoptic", files={"image": image_bytes()})
    assert response.headers["x-splitseem-cache"] == "hit"
    assert f'"{response.json()["key"]}"' == embedded.headers["etag"]


async def test_png_is_the_map(client: httpx.AsyncClient, image_bytes: Callable[..., bytes]) -> None:
    response = await client.post(
        "/v1/panoptic", files={"image": image_bytes(61, 47)}, headers={"Accept": "image/png"}
    )
    assert response.headers["content-type"] == "image/png"
    ids = np.asarray(Image.open(io.BytesIO(response.content)))
    assert ids.shape == (47, 61)
    assert (ids[:, :30] == 1).all()
    assert (ids[:, 30:] == 0).all()


@pytest.mark.parametrize(
    ("query", "status", "name", "detail"),
    [
        ("mode=stuff", 422, "invalid-parameter", "known are panoptic, semantic, instance"),
        ("min_score=2", 422, "invalid-parameter", "min_score"),
        ("mood=panoptic", 422, "invalid-parameter", "unknown parameter mood"),
        ("codec=int4", 422, "invalid-parameter", "int4"),
    ],
)
async def test_parameter_without_meaning_is_a_problem(
    client: httpx.AsyncClient,
    image_bytes: Callable[..., bytes],
    query: str,
    status: int,
    name: str,
    detail: str,
) -> None:
    response = await client.post(f"/v1/panoptic?{query}", files={"image": image_bytes()})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == TYPE_PREFIX + name
    assert detail in response.json()["detail"]


async def test_what_is_no_image_is_a_problem(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/panoptic", files={"image": b"not an image"})
    assert response.status_code == 415
    response = await client.post(
        "/v1/panoptic", files={"image": b"not an image"}, headers={"Accept": "image/webp"}
    )
    assert response.status_code == 406


async def test_more_pixels_than_can_be_segmented_are_refused(
    client: httpx.AsyncClient,
    image_bytes: Callable[..., bytes],
    segmenter: FakeSegmenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panoptic_service, "MOST_PIXELS", 1000)
    response = await client.post("/v1/panoptic", files={"image": image_bytes(61, 47)})
    assert response.status_code == 413
    assert "name a part by `roi`" in response.json()["detail"]
    part = await client.post("/v1/panoptic?roi=0,0,30,30", files={"image": image_bytes(61, 47)})
    assert part.status_code == 200
    assert len(segmenter.asked) == 1


async def test_full_queue_is_a_429(
    client: httpx.AsyncClient, segmenter: FakeSegmenter, image_bytes: Callable[..., bytes]
) -> None:
    segmenter.gate.clear()
    first = asyncio.create_task(client.post("/v1/panoptic", files={"image": image_bytes()}))
    await until(lambda: segmenter.asked)
    second = await client.post("/v1/panoptic", files={"image": image_bytes()})
    segmenter.gate.set()
    assert second.status_code == 429
    assert int(second.headers["retry-after"]) >= 1
    assert (await first).status_code == 200


async def test_a_model_without_object_queries_says_so(
    encoder: Any, run_in_process: Callable[[FastAPI], Any], image_bytes: Callable[..., bytes]
) -> None:
    async with run_in_process(
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(0)))
    ) as client:
        response = await client.post("/v1/panoptic", files={"image": image_bytes()})
    assert response.status_code == 404
    assert "fake answers prompts only" in response.json()["detail"]


def app_of(model: SegmentationModel) -> FastAPI:
    """A service that finds everything with this model."""
    encoder = ImageEncoder(model)
    segmenter = segmenter_of(model, encoder.fingerprint)
    assert segmenter is not None
    return create_app(
        Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(2**24), segmenter=segmenter)
    )


@pytest.mark.parametrize("mode", ["panoptic", "semantic", "instance"])
async def test_service_and_predictor_agree(
    mode: str, run_in_process: Callable[[FastAPI], Any], image_bytes: Callable[..., bytes]
) -> None:
    torch.manual_seed(0)
    config = replace(TINY, decoder=replace(TINY.decoder, wiring="v0"))
    model = SegmentationModel(replace(config, refiner=None, correction=None)).eval()
    async with run_in_process(app_of(model)) as client:
        response = await client.post(f"/v1/panoptic?mode={mode}", files={"image": image_bytes(90, 60)})
    predictor = Predictor(model)
    image = predictor.encode(np.asarray(Image.open(io.BytesIO(image_bytes(90, 60)))))
    expected = predictor.panoptic(image, mode)
    assert response.json()["segments"] == [segment.to_dict() for segment in expected.segments]


def test_a_model_with_neither_object_queries_nor_a_map_of_meanings_has_no_segmenter() -> None:
    model = SegmentationModel(TINY)
    assert segmenter_of(model, model.fingerprint()) is None


@pytest.mark.parametrize("mode", ["panoptic", "semantic", "instance"])
async def test_a_model_that_answers_prompts_segments_by_its_proposals(
    mode: str, run_in_process: Callable[[FastAPI], Any], image_bytes: Callable[..., bytes]
) -> None:
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, semantic=SemanticConfig(4), sentence_dim=4)).eval()
    assert model.semantic is not None
    torch.nn.init.normal_(model.semantic.names)
    async with run_in_process(app_of(model)) as client:
        response = await client.post(f"/v1/panoptic?mode={mode}", files={"image": image_bytes(90, 60)})
    assert response.status_code == 200, response.text
    segments = response.json()["segments"]
    assert segments
    masks = [
        decode_rle(CocoRle(tuple(one["mask"]["size"]), tuple(one["mask"]["counts"]))) for one in segments
    ]
    assert {one["label"] for one in segments} <= set(TINY.vocabulary)
    times = np.sum(masks, axis=0)
    if mode == "semantic":
        assert (times == 1).all()
    if mode == "panoptic":
        assert times.max() == 1
    if mode == "instance":
        scores = [one["score"] for one in segments]
        assert scores == sorted(scores, reverse=True)
