"""`POST /v1/decode`: the answers are the predictor's own."""

from __future__ import annotations

import asyncio
import base64
import io
import json
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
from splitseem_model.errors import TextTowerError
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.mask.photo.snapping import SNAP
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import StepOptions
from splitseem_model.step.replay import replay
from splitseem_model.text.minilm import MiniLm
from splitseem_model.torch_decoder import decoder_of, parts_of
from splitseem_proto import Click, CocoRle, Paint, decode_rle
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.decoding import request as decode_request
from splitseem_server.decoding.service import IMAGES_PREPARED
from splitseem_server.errors import TYPE_PREFIX
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

WIDTH, HEIGHT = 90, 60
ON = {"kind": "click", "x": 30.5, "y": 20.5, "label": 1}
OFF = {"kind": "click", "x": 70.5, "y": 40.5, "label": 0}
CLICKS = [Click(30.5, 20.5), Click(70.5, 40.5, 0)]


class CountingDecoder(ImageDecoder):
    """Counts what it prepares; it can be held."""

    def __init__(self, model: SegmentationModel, fingerprint: str) -> None:
        super().__init__(parts_of(model, fingerprint))
        self.prepared = 0
        self.gate = Gate()

    def prepare(self, embedding: Any) -> Any:
        self.prepared += 1
        self.gate.wait()
        return super().prepare(embedding)


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    torch.manual_seed(0)
    return SegmentationModel(TINY).eval()


@pytest.fixture(scope="module")
def predictor(model: SegmentationModel) -> Predictor:
    """It knows what the server keeps: the embedding without the photo itself."""
    return Predictor(model, options=StepOptions(without=frozenset({SNAP})))


@pytest.fixture
def decoder(model: SegmentationModel, predictor: Predictor) -> CountingDecoder:
    return CountingDecoder(model, predictor.fingerprint)


@pytest.fixture
async def client(
    predictor: Predictor, decoder: CountingDecoder, run_in_process: Callable[[FastAPI], Any]
) -> AsyncIterator[httpx.AsyncClient]:
    cache = InProcessCache(2**24)
    app = create_app(
        Parts(settings=Settings(queue_size=0), encoder=predictor.encoder, cache=cache, prompt_decoder=decoder)
    )
    async with run_in_process(app) as running:
        yield running


def photo(seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def expected_masks(predictor: Predictor, count: int) -> list[Any]:
    """Masks after each of the first `count` clicks, in one process."""
    image = predictor.encode(np.asarray(Image.open(io.BytesIO(photo()))))
    memory, masks = None, []
    for end in range(1, count + 1):
        step = predictor.step(image, CLICKS[:end], memory)
        memory = step.memory
        masks.append(predictor.mask(image, step))
    return masks


def mask_of(item: dict[str, Any]) -> Any:
    return decode_rle(CocoRle(tuple(item["mask"]["size"]), tuple(item["mask"]["counts"])))


def json_body(**fields: Any) -> dict[str, Any]:
    return {"image_base64": base64.b64encode(photo()).decode(), **fields}


async def test_prompts_are_answered_as_by_the_predictor(
    client: httpx.AsyncClient, predictor: Predictor
) -> None:
    response = await client.post("/v1/decode", json=json_body(prompts=[ON, OFF]))
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["model"], answer["size"]) == ("tiny", [HEIGHT, WIDTH])
    (item,) = answer["objects"]
    mask = expected_masks(predictor, 2)[-1]
    assert (mask_of(item) == mask).all()
    assert item["area"] == mask.sum()
    assert item["label"] in TINY.vocabulary
    assert 0 <= item["label_score"] <= 1
    vocabulary = predictor.decoder.vocabulary
    assert vocabulary is not None
    cosines = vocabulary.matrix @ np.array(item["class_embed"])
    assert vocabulary.names[int(cosines.argmax())] == item["label"]
    assert "decode_prompts;dur=" in response.headers["server-timing"]
    assert response.headers["x-splitseem-model"].startswith("tiny@")


STROKE = {"kind": "paint", "points_xy": [[40.0, 30.0], [60.0, 30.0]], "radius": 3.0, "label": 1}


async def only_object(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/decode", json=json_body(**fields))
    assert response.status_code == 200, response.text
    (item,) = response.json()["objects"]
    answered: dict[str, Any] = item
    return answered


async def test_strokes_change_the_mask_itself(client: httpx.AsyncClient, predictor: Predictor) -> None:
    image = predictor.encode(np.asarray(Image.open(io.BytesIO(photo()))))
    items = [CLICKS[0], Paint(((40.0, 30.0), (60.0, 30.0)), 3.0), CLICKS[1]]
    _, painted, clicked = replay(predictor.step, image, [(item,) for item in items])
    first = await only_object(client, prompts=[ON, STROKE])
    assert (mask_of(first) == predictor.mask(image, painted)).all()
    assert first["memory"]["prompts"] == 2
    whole = await only_object(client, prompts=[ON, STROKE, OFF])
    rest = await only_object(client, prompts=[ON, STROKE, OFF], memory=first["memory"])
    for answer in (whole, rest):
        assert (mask_of(answer) == predictor.mask(image, clicked)).all()


async def test_strokes_alone_have_neither_memory_nor_name(client: httpx.AsyncClient) -> None:
    alone = await only_object(client, prompts=[STROKE])
    assert alone["area"] == mask_of(alone).sum() > 6 * 20
    assert (alone["memory"], alone["label"], alone["class_embed"]) == (None, None, [])


async def test_all_answers_to_a_click_are_listed_where_they_are_asked_for(
    client: httpx.AsyncClient, predictor: Predictor
) -> None:
    image = predictor.encode(np.asarray(Image.open(io.BytesIO(photo()))))
    before = predictor.step(image, CLICKS[:1]).memory
    expected = predictor.alternatives(image, CLICKS, before)
    assert "alternatives" not in await only_object(client, prompts=[ON, OFF])
    whole = await only_object(client, prompts=[ON, OFF], alternatives=True)
    first = await only_object(client, prompts=[ON])
    rest = await only_object(client, prompts=[ON, OFF], memory=first["memory"], alternatives=True)
    for answer in (whole, rest):
        listed = answer["alternatives"]
        assert [one["extent"] for one in listed] == [step.extent for step in expected]
        for one, step in zip(listed, expected, strict=True):
            assert (mask_of(one) == predictor.mask(image, step)).all()
            assert one["score"] == pytest.approx(step.score, abs=1e-4)
            assert one["memory"]["prompts"] == 2
        assert listed[0]["mask"] == answer["mask"]


async def test_memory_goes_on_where_an_answer_ended(client: httpx.AsyncClient, predictor: Predictor) -> None:
    first = await client.post("/v1/decode", json=json_body(prompts=[ON]))
    key, (item,) = first.json()["key"], first.json()["objects"]
    body = {"key": key, "prompts": [ON, OFF], "memory": item["memory"]}
    second = await client.post("/v1/decode", json=body)
    assert second.status_code == 200, second.text
    assert second.headers["x-splitseem-cache"] == "hit"
    assert (mask_of(second.json()["objects"][0]) == expected_masks(predictor, 2)[-1]).all()


async def test_several_objects_are_answered_in_order(client: httpx.AsyncClient, predictor: Predictor) -> None:
    objects = [{"prompts": [ON]}, {"prompts": [ON, OFF]}]
    response = await client.post("/v1/decode", json=json_body(objects=objects))
    for item, mask in zip(response.json()["objects"], expected_masks(predictor, 2), strict=True):
        assert (mask_of(item) == mask).all()


async def test_multipart_carries_the_file(client: httpx.AsyncClient, predictor: Predictor) -> None:
    response = await client.post(
        "/v1/decode", files={"image": photo()}, data={"request": json.dumps({"prompts": [ON]})}
    )
    assert response.status_code == 200, response.text
    assert (mask_of(response.json()["objects"][0]) == expected_masks(predictor, 1)[0]).all()


async def test_png_is_a_map_of_object_numbers(client: httpx.AsyncClient, predictor: Predictor) -> None:
    objects = [{"prompts": [ON]}, {"prompts": [ON, OFF]}]
    response = await client.post(
        "/v1/decode", json=json_body(objects=objects), headers={"Accept": "image/png"}
    )
    assert response.headers["content-type"] == "image/png"
    first, second = expected_masks(predictor, 2)
    numbers = np.asarray(Image.open(io.BytesIO(response.content)))
    assert (numbers == np.where(second, 2, np.where(first, 1, 0))).all()


async def test_an_image_is_prepared_once_and_a_few_are_kept(
    client: httpx.AsyncClient, decoder: CountingDecoder
) -> None:
    async def ask(seed: int) -> None:
        response = await client.post(
            "/v1/decode", files={"image": photo(seed)}, data={"request": json.dumps({"prompts": [ON]})}
        )
        assert response.status_code == 200

    for _ in range(3):
        await ask(0)
    assert decoder.prepared == 1
    for seed in range(1, IMAGES_PREPARED + 1):
        await ask(seed)
    await ask(0)
    assert decoder.prepared == IMAGES_PREPARED + 2


async def test_query_is_for_the_encoder(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/decode?roi=0,0,50,50&codec=float32", json=json_body(prompts=[ON]))
    assert response.status_code == 200
    assert not mask_of(response.json()["objects"][0])[:, 50:].any()


MEMORY = {"prompts": 1, "shape": [2, 2], "float32_base64": base64.b64encode(bytes(16)).decode()}


@pytest.mark.parametrize(
    ("fields", "status", "name", "detail"),
    [
        ({}, 422, "invalid-parameter", "give `prompts` of one object"),
        ({"prompts": [ON], "objects": []}, 422, "invalid-parameter", "give `prompts` of one object"),
        ({"prompts": []}, 422, "invalid-parameter", "at least one item"),
        ({"prompts": "here"}, 422, "invalid-parameter", "prompts"),
        ({"prompts": [{"kind": "wink"}]}, 422, "invalid-parameter", "wink"),
        ({"prompts": [{**ON, "x": 1e9}]}, 422, "invalid-parameter", "outside"),
        ({"prompts": [{"kind": "text", "text": "cat"}]}, 422, "invalid-parameter", "text"),
        ({"prompts": [ON], "colour": "red"}, 422, "invalid-parameter", "unknown field colour"),
        ({"objects": [{"prompts": [ON], "key": "x"}]}, 422, "invalid-parameter", "objects[0]"),
        ({"objects": []}, 422, "invalid-parameter", "0 entries"),
        ({"objects": [1]}, 400, "malformed-request", "list of objects"),
        ({"prompts": [ON], "key": "0" * 64}, 422, "invalid-parameter", "name the image once"),
        ({"prompts": [ON], "alternatives": 1}, 422, "invalid-parameter", "true or false"),
        ({"prompts": [ON, STROKE], "alternatives": True}, 422, "invalid-parameter", "only a click"),
        ({"objects": [{"prompts": [ON], "alternatives": True}] * 9}, 422, "invalid-parameter", "are 72"),
        ({"prompts": [ON], "memory": MEMORY}, 422, "invalid-parameter", "nothing new"),
        ({"prompts": [ON, OFF], "memory": MEMORY}, 422, "invalid-parameter", "another image"),
        ({"prompts": [ON, OFF], "memory": 5}, 400, "malformed-request", "memory"),
        ({"prompts": [ON, OFF], "memory": {**MEMORY, "shape": [3]}}, 400, "malformed-request", "shape"),
        ({"prompts": [ON, OFF], "memory": {**MEMORY, "shape": [3, 3]}}, 422, "invalid-parameter", "16 bytes"),
        (
            {"prompts": [ON, OFF], "memory": {**MEMORY, "float32_base64": "&"}},
            400,
            "malformed-request",
            "base64",
        ),
        (
            {
                "prompts": [ON, OFF],
                "memory": {**MEMORY, "float32_base64": base64.b64encode(b"\xff" * 16).decode()},
            },
            422,
            "invalid-parameter",
            "finite",
        ),
    ],
)
async def test_request_without_meaning_is_a_problem(
    client: httpx.AsyncClient, fields: dict[str, Any], status: int, name: str, detail: str
) -> None:
    response = await client.post("/v1/decode", json=json_body(**fields))
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == TYPE_PREFIX + name
    assert detail in response.json()["detail"]


@pytest.mark.parametrize(
    ("request_args", "status"),
    [
        ({"json": {"key": "0" * 64, "prompts": [ON]}}, 404),
        ({"json": {"key": "short", "prompts": [ON]}}, 422),
        ({"json": {"key": 5, "prompts": [ON]}}, 400),
        ({"json": {"url": "http://127.0.0.1/", "prompts": [ON]}}, 403),
        ({"json": [1]}, 400),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"x", "headers": {"Content-Type": "image/png"}}, 415),
        ({"files": {"image": photo()}}, 400),
        ({"json": json_body(prompts=[ON]), "headers": {"Accept": "text/html"}}, 406),
    ],
)
async def test_request_that_cannot_be_served_is_a_problem(
    client: httpx.AsyncClient, request_args: dict[str, Any], status: int
) -> None:
    response = await client.post("/v1/decode", **request_args)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


async def test_too_much_at_once_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_request, "MAX_RUNS", 3)
    response = await client.post("/v1/decode", json=json_body(prompts=[ON] * 3))
    assert response.status_code == 422
    assert "at most 3 are answered at once" in response.json()["detail"]
    # The first of an object is asked twice.
    assert (await client.post("/v1/decode", json=json_body(prompts=[ON] * 2))).status_code == 200


async def test_embedding_of_another_model_is_a_409(
    client: httpx.AsyncClient, decoder: CountingDecoder
) -> None:
    decoder.fingerprint = "0" * 64
    response = await client.post("/v1/decode", json=json_body(prompts=[ON]))
    assert response.status_code == 409
    assert response.json()["type"] == TYPE_PREFIX + "wrong-model"


async def test_full_queue_is_a_429(client: httpx.AsyncClient, decoder: CountingDecoder) -> None:
    decoder.gate.clear()
    first = asyncio.create_task(client.post("/v1/decode", json=json_body(prompts=[ON])))
    await until(lambda: decoder.prepared)
    second = await client.post("/v1/decode", json=json_body(prompts=[ON]))
    decoder.gate.set()
    assert second.status_code == 429
    assert int(second.headers["retry-after"]) >= 1
    assert (await first).status_code == 200


async def test_text_for_a_model_whose_encoder_is_not_installed_is_a_404(
    run_in_process: Callable[[FastAPI], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> MiniLm:
        raise TextTowerError("install it")

    monkeypatch.setattr(MiniLm, "load", missing)
    model = SegmentationModel(replace(TINY, sentence_dim=384)).eval()
    predictor = Predictor(model)
    cache, decoder = InProcessCache(2**24), decoder_of(model, predictor.fingerprint)
    app = create_app(
        Parts(settings=Settings(), encoder=predictor.encoder, cache=cache, prompt_decoder=decoder)
    )
    async with run_in_process(app) as client:
        response = await client.post(
            "/v1/decode", json=json_body(prompts=[{"kind": "text", "text": "red scarf"}])
        )
    assert response.status_code == 404, response.text
    assert response.json()["type"] == TYPE_PREFIX + "no-text-encoder"


@pytest.fixture
def naming(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A model with a map of meanings, and words whose vectors are drawn."""

    class Drawn:
        def encode(self, texts: list[str]) -> torch.Tensor:
            return torch.stack(
                [torch.randn(4, generator=torch.Generator().manual_seed(len(t))) for t in texts]
            )

    monkeypatch.setattr(MiniLm, "load", Drawn)
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, semantic=SemanticConfig(4), sentence_dim=4)).eval()
    return Predictor(model)


async def test_words_alone_give_all_that_they_name_and_clicks_correct_each(
    naming: Predictor, run_in_process: Callable[[FastAPI], Any]
) -> None:
    cache = InProcessCache(2**24)
    parts = Parts(settings=Settings(), encoder=naming.encoder, cache=cache, prompt_decoder=naming.decoder)
    image = naming.encode(np.asarray(Image.open(io.BytesIO(photo()))))
    expected = naming.decoder.find(image, "cat")
    async with run_in_process(create_app(parts)) as client:
        text = {"kind": "text", "text": "cat"}
        answer = (await client.post("/v1/decode", json=json_body(prompts=[text]))).json()
        found = answer["objects"]
        for item, one in zip(found, expected, strict=True):
            assert (mask_of(item) == naming.mask(image, one.step)).all()
            assert item["prompts"] == [{"kind": "click", "x": one.click.x, "y": one.click.y, "label": 1}]
        assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
        again = {"key": answer["key"], "prompts": found[0]["prompts"]}
        (remade,) = (await client.post("/v1/decode", json=again)).json()["objects"]
        assert remade["mask"] == found[0]["mask"]
        more = {**again, "prompts": [*again["prompts"], OFF], "memory": found[0]["memory"]}
        (corrected,) = (await client.post("/v1/decode", json=more)).json()["objects"]
        assert not mask_of(corrected)[40, 70]
        both = {"key": answer["key"], "prompts": [text, ON]}
        assert len((await client.post("/v1/decode", json=both)).json()["objects"]) == 1


async def test_server_without_decoder_says_so(encoder: Any, run_in_process: Callable[[FastAPI], Any]) -> None:
    async with run_in_process(
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(0)))
    ) as client:
        response = await client.post("/v1/decode", json=json_body(prompts=[ON]))
    assert response.status_code == 404
    assert "no decoder of its own" in response.json()["detail"]
