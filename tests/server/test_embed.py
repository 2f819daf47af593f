"""`POST /embed` and `GET /v1/embeddings/{key}` over a fake encoder."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
import zstandard
from fastapi import FastAPI
from PIL import Image

from splitseem_proto import Embedding, decode_tensor, unpack
from splitseem_server.cache import packed
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.cache.redis_cache import RedisCache
from splitseem_server.embedding import service

pytestmark = pytest.mark.anyio

ImageBytes = Callable[..., bytes]
PNG = {"Content-Type": "image/png"}


def as_raw(image: bytes) -> dict[str, Any]:
    return {"content": image, "headers": PNG}


def as_multipart(image: bytes) -> dict[str, Any]:
    return {"files": {"image": ("photo.png", image, "image/png")}}


def as_multipart_with_another_type(image: bytes) -> dict[str, Any]:
    return {"files": {"image": ("photo", image, "text/plain")}}


def as_octets(image: bytes) -> dict[str, Any]:
    return {"content": image, "headers": {"Content-Type": "application/octet-stream"}}


def as_form_by_mistake(image: bytes) -> dict[str, Any]:
    """What curl says of `--data-binary` unless told otherwise."""
    return {"content": image, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


def as_bytes_alone(image: bytes) -> dict[str, Any]:
    return {"content": image}


def as_json(image: bytes) -> dict[str, Any]:
    return {"json": {"image_base64": base64.b64encode(image).decode()}}


def embedding_of(response: httpx.Response) -> Embedding:
    assert response.status_code == 200, response.text
    message = unpack(response.content)
    assert isinstance(message, Embedding)
    return message


@pytest.mark.parametrize("path", ["/embed", "/v1/embed"])
@pytest.mark.parametrize(
    "send",
    [
        as_raw,
        as_multipart,
        as_json,
        as_multipart_with_another_type,
        as_octets,
        as_form_by_mistake,
        as_bytes_alone,
    ],
)
async def test_every_way_of_sending_gives_the_same_embedding(
    client: httpx.AsyncClient, image_bytes: ImageBytes, path: str, send: Callable[[bytes], dict[str, Any]]
) -> None:
    image = image_bytes()
    reference = embedding_of(await client.post("/embed", **as_raw(image)))
    embedding = embedding_of(await client.post(path, **send(image)))
    assert embedding == reference
    assert embedding.geometry.original_hw == (47, 61)
    mean = decode_tensor(embedding.tensor("level0"))[0, :, 0, 0]
    np.testing.assert_allclose(mean, [200, 100, 50], rtol=0.01)


async def test_a_picture_may_be_what_the_model_sees_of_a_larger_photo(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    whole = embedding_of(await client.post("/embed", **as_raw(image_bytes())))
    height, width = whole.geometry.input_hw
    seen = as_raw(image_bytes(width, height))
    for original in ("61,47", "610,470"):
        asked = embedding_of(await client.post(f"/embed?original={original}", **seen))
        assert asked.geometry.original_hw == tuple(int(side) for side in original.split(","))[::-1]
        assert asked.geometry.input_hw == (height, width)
        again = embedding_of(
            await client.post("/embed", data={"original": original}, files={"image": seen["content"]})
        )
        assert again == asked
    refused = await client.post("/embed?original=610,480", **seen)
    assert refused.status_code == 422
    assert "of that original the model sees" in refused.json()["detail"]


FIELDS = {"codec": "float32", "canvas": "32", "roi": "0,0,30,20"}


@pytest.mark.parametrize("path", ["/embed", "/v1/embed"])
async def test_fields_beside_the_image_are_as_good_as_the_query(
    client: httpx.AsyncClient, image_bytes: ImageBytes, path: str
) -> None:
    image = image_bytes()
    asked = embedding_of(await client.post("/embed", params=FIELDS, **as_raw(image)))
    assert asked.codec == "float32"
    assert asked.geometry.roi_xywh == (0, 0, 30, 20)
    form = await client.post(path, data=FIELDS, **as_multipart(image))
    numbers = {"codec": "float32", "canvas": 32, "roi": [0, 0, 30, 20]}
    body = {**as_json(image)["json"], **numbers}
    assert embedding_of(form) == asked
    assert embedding_of(await client.post(path, json=body)) == asked


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("codec", "jpeg"), ("canvas", "-1"), ("canvas", "many"), ("roi", "1,2"), ("maps", "x")),
        *(("original", "9"), ("original", "a,b"), ("original", "0,9"), ("original", "65536,9")),
        *(("original", "61,48"), ("original", "65535,50310")),
    ],
)
async def test_a_field_is_refused_as_in_the_query(
    client: httpx.AsyncClient, image_bytes: ImageBytes, field: str, value: str
) -> None:
    form = await client.post("/embed", data={field: value}, **as_multipart(image_bytes()))
    query = await client.post("/embed", params={field: value}, **as_raw(image_bytes()))
    assert form.status_code == query.status_code == 422


async def test_an_option_given_twice_is_refused(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    both = await client.post(
        "/embed", params={"codec": "int8"}, data={"codec": "int8"}, **as_multipart(image_bytes())
    )
    repeated = await client.post("/embed?codec=int8&codec=float32", **as_raw(image_bytes()))
    assert both.status_code == repeated.status_code == 422
    assert "query and in the body" in both.json()["detail"]
    assert "twice" in repeated.json()["detail"]


def lined(text: str) -> str:
    return "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))


@pytest.mark.parametrize(
    "write",
    [
        lambda data: "data:image/png;base64," + base64.b64encode(data).decode(),
        lambda data: "DATA:;base64," + base64.b64encode(data).decode(),
        lambda data: lined(base64.b64encode(data).decode()),
        lambda data: base64.urlsafe_b64encode(data).decode(),
        lambda data: base64.b64encode(data).decode().rstrip("="),
        lambda data: " " + base64.b64encode(data).decode() + "\n",
    ],
    ids=["data URL", "data URL without type", "lines", "URL-safe", "no padding", "spaces"],
)
@pytest.mark.parametrize("length", [3000, 1_500_001, 2_600_000])
async def test_base64_is_taken_as_clients_write_it(
    client: httpx.AsyncClient, length: int, write: Callable[[bytes], str]
) -> None:
    image = noisy_png(length)
    response = await client.post("/embed", json={"codec": "int8", "image_base64": write(image)})
    assert embedding_of(response) == embedding_of(await client.post("/embed?codec=int8", **as_raw(image)))


def noisy_png(length: int) -> bytes:
    """A small picture, and noise behind it."""
    rng = np.random.default_rng(0)
    stream = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (31, 29, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue() + rng.bytes(length - stream.tell())


TEXT = base64.b64encode(noisy_png(1_500_000)).decode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"image_base64": "TEXT"}', 200),
        ('{"image_base64": "ESCAPED"}', 200),
        ('{"codec": "int8", "image_base64" : "TEXT"}', 200),
        ('{"image_base64": "TEXT", "codec": "int8"}', 200),
        ('{"image_base64": "TEXT=TEXT"}', 400),
        ('{"image_base64": "TEXTA"}', 400),
        ('{"image_base64": "TEXT*"}', 400),
        ('{"image_base64": "TEXT\\\\x"}', 400),
        ('{"image_base64": "TEXT\\"}', 400),
        ('{"image_base64": "TEXT', 400),
        ('{"image_base64": "TEXT"', 400),
        ('{"a": {"image_base64": "TEXT"}}', 400),
        ('{"image_base64": "TEXT", "image_base64": "AAAA"}', 400),
        ('["image_base64", "TEXT"]', 400),
    ],
)
async def test_a_long_text_in_json_is_read_as_a_short_one(
    client: httpx.AsyncClient, body: str, status: int
) -> None:
    escaped = TEXT.replace("+", "\\u002B").replace("/", "\\/")
    content = body.replace("TEXT", TEXT).replace("ESCAPED", escaped).encode()
    headers = {"Content-Type": "application/json"}
    response = await client.post("/embed", content=content, headers=headers)
    assert response.status_code == status, response.text


async def test_links_begin_with_the_prefix_that_a_proxy_took_away(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    prefix = {"X-Forwarded-Prefix": "/tool/"}
    headers = {**as_raw(image_bytes())["headers"], "Accept": "application/json", **prefix}
    response = await client.post("/embed", content=image_bytes(), headers=headers)
    key = response.json()["key"]
    assert response.json()["link"] == response.headers["location"] == f"/tool/v1/embeddings/{key}"
    document = (await client.get("/openapi.json", headers=prefix)).json()
    assert document["servers"] == [{"url": "/tool"}]
    assert 'href="openapi.json"' in (await client.get("/docs", headers=prefix)).text


@pytest.mark.parametrize("prefix", ["//evil.example", "http://evil.example", "/a b", "/" + "x" * 999, "tool"])
async def test_a_prefix_that_is_no_plain_path_is_passed_over(
    client: httpx.AsyncClient, image_bytes: ImageBytes, prefix: str
) -> None:
    headers = {**as_raw(image_bytes())["headers"], "X-Forwarded-Prefix": prefix}
    response = await client.post("/embed", content=image_bytes(), headers=headers)
    assert response.headers["location"].startswith("/v1/embeddings/")


async def test_headers_of_an_embedding(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    response = await client.post("/embed", **as_raw(image_bytes()))
    key = embedding_of(response).key
    assert len(key) == 64
    assert response.headers["content-type"] == "application/msgpack"
    assert response.headers["etag"] == f'"{key}"'
    assert response.headers["location"] == f"/v1/embeddings/{key}"
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert response.headers["x-splitseem-cache"] == "miss"
    assert response.headers["x-splitseem-model"] == "fake@" + "fa4e" * 8
    assert response.headers["vary"] == "Accept, Accept-Encoding"
    assert response.headers["x-splitseem-bytes"] == str(len(response.content))
    timings = dict(part.split(";dur=") for part in response.headers["server-timing"].split(", "))
    assert {"header", "wait", "cache", "queue", "decode", "encode", "pack", "store"} == timings.keys()
    assert all(float(value) >= 0 for value in timings.values())


async def test_second_request_is_a_hit_without_another_run(
    client: httpx.AsyncClient, image_bytes: ImageBytes, encoder: Any
) -> None:
    first = await client.post("/embed", **as_raw(image_bytes()))
    runs = len(encoder.images)
    second = await client.post("/embed", **as_multipart(image_bytes()))
    assert second.headers["x-splitseem-cache"] == "hit"
    assert second.content == first.content
    assert len(encoder.images) == runs


@pytest.mark.parametrize(("accept", "times"), [("application/msgpack", 0), ("application/json", 1)])
async def test_a_hit_in_memory_is_unpacked_only_to_be_described(
    client: httpx.AsyncClient,
    image_bytes: ImageBytes,
    monkeypatch: pytest.MonkeyPatch,
    accept: str,
    times: int,
) -> None:
    image = image_bytes()
    await client.post("/embed", content=image)
    unpacked: list[bytes] = []

    def counted(data: bytes) -> Any:
        unpacked.append(data)
        return unpack(data)

    monkeypatch.setattr(packed, "unpack", counted)
    response = await client.post("/embed", content=image, headers={"Accept": accept})
    assert response.headers["x-splitseem-cache"] == "hit"
    assert len(unpacked) == times


@pytest.mark.redis
async def test_a_hit_from_redis_is_unpacked_once_and_then_not_again(
    make_app: Callable[..., FastAPI],
    run_in_process: Any,
    redis_server: Any,
    image_bytes: ImageBytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, url = redis_server
    unpacked: list[bytes] = []

    def counted(data: bytes) -> Any:
        unpacked.append(data)
        return unpack(data)

    monkeypatch.setattr(packed, "unpack", counted)
    sources = []
    for _ in range(2):
        cache = RedisCache(url, timeout_s=10, pause_s=0, ttl_s=0)
        async with run_in_process(make_app(cache, cache_url=url)) as client:
            for _ in range(2):
                answer = await client.post("/embed", content=image_bytes())
                sources.append(answer.headers["x-splitseem-cache"])
    assert sources == ["miss", "hit", "hit", "hit"]
    assert len(unpacked) == 1


async def test_a_file_that_was_seen_needs_no_thread_for_its_header(
    client: httpx.AsyncClient, image_bytes: ImageBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await client.post("/embed", content=image_bytes())
    read: list[bytes] = []
    monkeypatch.setattr(service, "read_header", lambda data, *_: read.append(data))
    second = await client.post("/embed", content=image_bytes())
    assert (second.headers["x-splitseem-cache"], second.content) == ("hit", first.content)
    assert read == []


async def test_a_hit_in_memory_needs_neither_a_task_nor_a_thread(
    client: httpx.AsyncClient, image_bytes: ImageBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await client.post("/embed", content=image_bytes())

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a hit was not answered at once")

    monkeypatch.setattr("anyio.to_thread.run_sync", fail)
    monkeypatch.setattr("asyncio.ensure_future", fail)
    again = await client.post("/embed", content=image_bytes())
    assert again.headers["x-splitseem-cache"] == "hit"
    assert again.content == first.content


@pytest.mark.parametrize(
    "query", ["codec=float16", "canvas=96", "roi=1,2,30,20", "codec=float16&canvas=96&roi=1,2,30,20"]
)
async def test_options_are_part_of_the_key_and_of_the_embedding(
    client: httpx.AsyncClient, image_bytes: ImageBytes, query: str
) -> None:
    plain = embedding_of(await client.post("/embed", **as_raw(image_bytes())))
    other = embedding_of(await client.post(f"/embed?{query}", **as_raw(image_bytes())))
    assert other.key != plain.key
    assert (other.codec == "float16") == ("codec" in query)
    assert (max(other.geometry.input_hw) == 96) == ("canvas" in query)
    assert (other.geometry.roi_xywh == (1, 2, 30, 20)) == ("roi" in query)


async def test_a_miss_asks_once_what_is_known_and_memory_twice(
    make_app: Any, run_in_process: Any, image_bytes: ImageBytes
) -> None:
    """The second time in the flight: a run that has just ended may have made it."""
    asked: list[str] = []

    class Noting(InProcessCache):
        async def get(self, key: str) -> bytes | None:
            asked.append("memory")
            return await super().get(key)

    app = make_app(Noting(2**24))
    embeddings = app.state.services.embeddings
    known = embeddings.known

    async def noting(*given: Any) -> Any:
        asked.append("known")
        return await known(*given)

    embeddings.known = noting
    async with run_in_process(app) as client:
        for expected in ("miss", "hit"):
            asked.clear()
            answer = await client.post("/embed", **as_raw(image_bytes()))
            assert answer.headers["x-splitseem-cache"] == expected
            # Nothing is known of a file that was not seen yet, so that memory is not asked there.
            assert asked == ["known", "memory"]
        asked.clear()
        other = await client.post("/embed?codec=float16", **as_raw(image_bytes()))
    assert other.headers["x-splitseem-cache"] == "miss"
    assert asked == ["known", "memory", "memory"]


async def test_explicit_defaults_share_the_key(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    plain = embedding_of(await client.post("/embed", **as_raw(image_bytes())))
    same = await client.post("/embed?codec=int8&canvas=64&roi=0,0,61,47", **as_raw(image_bytes()))
    assert embedding_of(same).key == plain.key
    assert same.headers["x-splitseem-cache"] == "hit"


async def test_another_way_to_compute_has_keys_of_its_own_and_the_same_decoder(
    make_app: Any, run_in_process: Any, encoder: Any, image_bytes: ImageBytes
) -> None:
    made = []
    for numerics in ("", "channels_last"):
        encoder.numerics = numerics
        async with run_in_process(make_app()) as client:
            made.append(embedding_of(await client.post("/embed", **as_raw(image_bytes()))))
    usual, other = made
    assert other.key != usual.key
    assert other.fingerprint == usual.fingerprint


async def test_other_bytes_of_the_same_pixels_have_another_key(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    plain = embedding_of(await client.post("/embed", **as_raw(image_bytes())))
    other = embedding_of(await client.post("/embed", **as_raw(image_bytes(compress_level=0))))
    assert other.key != plain.key


async def test_json_describes_the_embedding(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    plain = await client.post("/embed", **as_raw(image_bytes()))
    response = await client.post(
        "/embed", content=image_bytes(), headers={**PNG, "Accept": "application/json"}
    )
    key = embedding_of(plain).key
    assert response.headers["content-type"] == "application/json"
    assert response.headers["etag"] == f'"{key}.json"'
    assert response.json() == {
        "key": key,
        "link": f"/v1/embeddings/{key}",
        "model": "fake",
        "fingerprint": "fa4e" * 8,
        "codec": "int8",
        "bytes": len(plain.content),
        "geometry": {
            "original_hw": [47, 61],
            "roi_xywh": [0, 0, 61, 47],
            "input_hw": [49, 64],
            "padded_hw": [64, 64],
        },
        "tensors": [
            {"name": "level0", "dtype": "int8", "shape": [1, 3, 2, 2]},
            {"name": "level1", "dtype": "int8", "shape": [1, 3, 4, 4]},
            {"name": "level2", "dtype": "int8", "shape": [1, 3, 8, 8]},
            {"name": "mask_features", "dtype": "int8", "shape": [1, 3, 16, 16]},
        ],
    }


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/msgpack"),
        ("application/*", "application/msgpack"),
        ("application/json, application/msgpack", "application/msgpack"),
        ("application/msgpack;q=0.5, application/json", "application/json"),
        ("application/msgpack;q=0, */*", "application/json"),
        ("text/html, application/json;q=0.1", "application/json"),
    ],
)
async def test_accept_chooses_the_representation(
    client: httpx.AsyncClient, image_bytes: ImageBytes, accept: str, content_type: str
) -> None:
    response = await client.post("/embed", content=image_bytes(), headers={**PNG, "Accept": accept})
    assert response.headers["content-type"] == content_type


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=x", "image/png"])
async def test_accepting_neither_is_406(
    client: httpx.AsyncClient, image_bytes: ImageBytes, accept: str
) -> None:
    response = await client.post("/embed", content=image_bytes(), headers={**PNG, "Accept": accept})
    assert response.status_code == 406
    assert "application/msgpack" in response.json()["detail"]


async def test_embedding_is_found_under_its_location(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    posted = await client.post("/embed", **as_raw(image_bytes()))
    response = await client.get(posted.headers["location"])
    assert response.status_code == 200
    assert response.content == posted.content
    for name in ("etag", "cache-control", "content-type"):
        assert response.headers[name] == posted.headers[name]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("tag", ['"{key}"', 'W/"{key}"', '"other", "{key}"'])
async def test_known_embedding_is_304(
    client: httpx.AsyncClient, image_bytes: ImageBytes, method: str, tag: str
) -> None:
    posted = await client.post("/embed", **as_raw(image_bytes()))
    key = posted.headers["etag"].strip('"')
    headers = {"If-None-Match": tag.format(key=key)}
    response = await client.request(method, posted.headers["location"], headers=headers)
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == posted.headers["etag"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_embedding_that_is_not_there_is_404_also_for_callers_who_name_its_tag(
    client: httpx.AsyncClient, method: str
) -> None:
    key = "ab" * 32
    response = await client.request(method, f"/v1/embeddings/{key}", headers={"If-None-Match": f'"{key}"'})
    assert response.status_code == 404


async def test_other_etag_gets_the_embedding(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    posted = await client.post("/embed", **as_raw(image_bytes()))
    response = await client.get(posted.headers["location"], headers={"If-None-Match": '"other"'})
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("key", ["0" * 64, "0" * 63, "nonsense", "..%2f..%2fetc"])
async def test_unknown_key_is_404(client: httpx.AsyncClient, method: str, key: str) -> None:
    response = await client.request(method, f"/v1/embeddings/{key}")
    assert response.status_code == 404


async def test_the_encoder_runs_on_no_thread_of_the_event_loop(
    client: httpx.AsyncClient, image_bytes: ImageBytes, encoder: Any
) -> None:
    await client.post("/embed", **as_raw(image_bytes()))
    assert encoder.threads
    assert threading.current_thread().name not in encoder.threads


async def test_elongated_input_is_refused_before_it_is_encoded(
    make_app: Callable[..., FastAPI],
    run_in_process: Any,
    image_bytes: ImageBytes,
    encoder: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = encoder.geometry_for

    def shorter_side(hw: tuple[int, int], roi: Any, canvas: int | None) -> Any:
        return reference(hw, roi, (canvas or encoder.canvas) * max(hw) // min(hw))

    monkeypatch.setattr(encoder, "geometry_for", shorter_side)
    async with run_in_process(make_app(max_canvas=64)) as client:
        response = await client.post("/embed", **as_raw(image_bytes(200, 10)))
    assert response.status_code == 422
    assert "elongated" in response.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "codec"),
    [
        ("application/msgpack;codec=float16", "float16"),
        ("application/msgpack; codec=uint2, application/msgpack; codec=float16;q=0.5", "float16"),
        ("application/msgpack;codec=float16;q=0.2, application/msgpack;codec=float32", "float32"),
        ("application/msgpack;codec=uint2, application/msgpack", "int8"),
        ("*/*", "int8"),
    ],
    ids=["one", "the known one", "the heavier one", "or any", "any"],
)
async def test_accept_may_name_the_codec(
    client: httpx.AsyncClient, image_bytes: ImageBytes, accept: str, codec: str
) -> None:
    response = await client.post("/embed", content=image_bytes(), headers={**PNG, "Accept": accept})
    assert embedding_of(response).codec == codec


async def test_a_codec_in_the_query_comes_before_that_of_accept(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    headers = {**PNG, "Accept": "application/msgpack;codec=float16"}
    response = await client.post("/embed?codec=float32", content=image_bytes(), headers=headers)
    assert embedding_of(response).codec == "float32"


async def test_only_unknown_codecs_in_accept_are_not_acceptable(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    headers = {**PNG, "Accept": "application/msgpack;codec=uint2"}
    response = await client.post("/embed", content=image_bytes(), headers=headers)
    assert response.status_code == 406


async def test_other_maps_have_a_key_and_a_codec_of_their_own(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    usual, asked, again = [
        await client.post(path, content=image_bytes(), headers=PNG)
        for path in ("/embed", "/embed?maps=lateral", "/embed?maps=lateral&codec=float16")
    ]
    embedding = embedding_of(asked)
    assert embedding.codec == "float16"
    assert [tensor.name for tensor in embedding.tensors] == ["level0", "level1", "level2", "lateral"]
    assert asked.headers["etag"] == again.headers["etag"] != usual.headers["etag"]


async def test_maps_that_the_model_does_not_give_are_refused(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    response = await client.post("/embed?maps=source", content=image_bytes(), headers=PNG)
    assert response.status_code == 422
    assert "this model gives features, lateral" in response.json()["detail"]


LARGE = "/embed?codec=float32&canvas=256"


async def test_large_embeddings_are_coded_for_who_can_read_it(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    plain = await client.post(LARGE, content=image_bytes(), headers={**PNG, "Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    key = embedding_of(plain).key
    headers = {"Accept-Encoding": "gzip, zstd"}
    async with client.stream("GET", f"/v1/embeddings/{key}", headers=headers) as response:
        coded = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["content-encoding"] == "zstd"
    assert response.headers["etag"] == f'"{key}.zstd"'
    assert response.headers["x-splitseem-bytes"] == str(len(plain.content))
    assert len(coded) < len(plain.content) / 2
    assert zstandard.ZstdDecompressor().decompress(coded) == plain.content


@pytest.mark.parametrize("suffix", ["", ".zstd"])
async def test_either_tag_of_an_embedding_is_known(
    client: httpx.AsyncClient, image_bytes: ImageBytes, suffix: str
) -> None:
    key = embedding_of(await client.post(LARGE, **as_raw(image_bytes()))).key
    headers = {"If-None-Match": f'"{key}{suffix}"', "Accept-Encoding": "zstd"}
    response = await client.get(f"/v1/embeddings/{key}", headers=headers)
    assert response.status_code == 304
    assert response.headers["etag"] == f'"{key}{suffix}"'


async def test_zstd_that_is_refused_is_not_sent(client: httpx.AsyncClient, image_bytes: ImageBytes) -> None:
    headers = {**PNG, "Accept-Encoding": "zstd;q=0, identity"}
    response = await client.post(LARGE, content=image_bytes(), headers=headers)
    assert "content-encoding" not in response.headers


async def test_pages_of_listed_origins_may_call_the_service(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: ImageBytes
) -> None:
    app = make_app(cors_origins="https://a.example, https://b.example", resource_policy="cross-origin")
    sent = "content-type, traceparent, x-api-key"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": sent}
    async with run_in_process(app) as client:
        preflight = await client.options("/embed", headers={"Origin": "https://b.example", **asked})
        stranger = await client.options("/embed", headers={"Origin": "https://c.example", **asked})
        answer = await client.post(
            "/embed", content=image_bytes(), headers={**PNG, "Origin": "https://a.example"}
        )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://b.example"
    allowed = {name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert {"content-type", "traceparent", "x-api-key"} <= allowed
    assert "access-control-allow-origin" not in stranger.headers
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert "X-Splitseem-Cache" in answer.headers["access-control-expose-headers"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_without_a_list_no_other_origin_may_call(
    client: httpx.AsyncClient, image_bytes: ImageBytes
) -> None:
    answer = await client.post(
        "/embed", content=image_bytes(), headers={**PNG, "Origin": "https://a.example"}
    )
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_no_route_passes_over_a_parameter_that_it_does_not_know(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = [(method.upper(), path) for path, item in paths.items() for method in item]
    assert len(operations) >= 10
    for method, path in operations:
        response = await client.request(method, path.replace("{", "").replace("}", ""), params={"colour": 1})
        assert response.status_code == 422, (method, path, response.text)
        assert "unknown parameter colour" in response.json()["detail"]
