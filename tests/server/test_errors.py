"""Every way to be refused: status, type, and nothing of our insides."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from splitseem_server.errors import PROBLEMS, TYPE_PREFIX, ServerError

pytestmark = pytest.mark.anyio

RAW = {"Content-Type": "image/jpeg"}


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=name, **options)
    return stream.getvalue()


def huge_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 65000, 65000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def with_chunks(png: bytes, count: int) -> bytes:
    empty = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", zlib.crc32(b"teXt"))
    return png[:33] + empty * count + png[33:]


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(Image.new("L", (64, 64), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


PHOTO = saved(Image.effect_noise((120, 90), 80).convert("RGB"), "JPEG")
PICTURE = saved(Image.effect_noise((120, 90), 80).convert("RGB"), "PNG")

IMAGES = {
    "empty": (b"", 400, "unreadable-image"),
    "truncated_jpeg": (PHOTO[: len(PHOTO) // 2], 400, "unreadable-image"),
    "truncated_png": (PICTURE[: len(PICTURE) // 2], 400, "unreadable-image"),
    "truncated_in_the_header": (PHOTO[:12], 400, "unreadable-image"),
    "damaged_png": (PICTURE[:60] + b"\x00" * 40 + PICTURE[100:], 400, "unreadable-image"),
    "text": (b"hello", 415, "unsupported-image"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported-image"),
    "pdf": (b"%PDF-1.7\n", 415, "unsupported-image"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(40), 415, "unsupported-image"),
    "jpeg_xl": (b"\xff\x0a" + bytes(40), 415, "unsupported-image"),
    "png_of_empty_chunks": (with_chunks(PICTURE, 70_000), 400, "unreadable-image"),
    "jpeg_of_empty_segments": (PHOTO[:2] + b"\xff\xfe\0\2" * 70_000 + PHOTO[2:], 400, "unreadable-image"),
    "jpeg_of_empty_segments_late": (PHOTO[:-2] + b"\xff\xfe\0\2" * 70_000, 400, "unreadable-image"),
    "jpeg_of_1000_scans": (with_scans(1000), 400, "unreadable-image"),
    "header_of_65000_x_65000": (huge_png(), 413, "image-too-large"),
    "too_many_pixels": (saved(Image.new("1", (10_000, 10_000)), "PNG"), 413, "image-too-large"),
}


def assert_problem(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == TYPE_PREFIX + name
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in response.text
    assert "site-packages" not in response.text
    return body


@pytest.mark.parametrize(("image", "status", "name"), IMAGES.values(), ids=IMAGES.keys())
async def test_bad_image(client: httpx.AsyncClient, image: bytes, status: int, name: str) -> None:
    assert_problem(await client.post("/embed", content=image, headers=RAW), status, name)
    assert_problem(await client.post("/embed", files={"image": image}), status, name)


async def test_image_of_too_many_bytes(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Any
) -> None:
    async with run_in_process(make_app(max_image_bytes=1024)) as client:
        image = image_bytes(40, 40, compress_level=0)
        assert_problem(await client.post("/embed", content=image, headers=RAW), 413, "body-too-large")


async def test_body_over_the_limit_is_refused_by_its_header(
    make_app: Callable[..., FastAPI], run_in_process: Any
) -> None:
    async with run_in_process(make_app(max_image_bytes=1024)) as client:
        headers = {**RAW, "Content-Length": "10000000"}
        response = await client.post("/embed", content=b"", headers=headers)
    assert_problem(response, 413, "body-too-large")


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "application/json", "multipart/form-data; boundary=x"]
)
async def test_body_over_the_limit_is_refused_while_it_comes(
    make_app: Callable[..., FastAPI], run_in_process: Any, content_type: str
) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        while True:
            sent += 1
            yield bytes(65536)

    async with run_in_process(make_app(max_image_bytes=1024)) as client:
        response = await client.post("/embed", content=endless(), headers={"Content-Type": content_type})
    assert_problem(response, 413, "body-too-large")
    assert sent <= 3


BODIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "text": ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-image"),
    "no_content_type": ({"content": b"x"}, 415, "unsupported-image"),
    "form": ({"data": {"image": "x"}}, 415, "unsupported-image"),
    "unknown_field": ({"files": {"image": PHOTO}, "data": {"note": "x"}}, 422, "invalid-parameter"),
    "unknown_json_field": (
        {"content": b'{"image_base64": "", "note": 1}', "headers": {"Content-Type": "application/json"}},
        422,
        "invalid-parameter",
    ),
    "multipart_without_field": ({"files": {"photo": PHOTO}}, 400, "malformed-request"),
    "multipart_with_text_field": ({"files": {"image": (None, "text")}}, 400, "malformed-request"),
    "multipart_with_two_files": (
        {"files": [("image", PHOTO), ("image", PHOTO)]},
        400,
        "malformed-request",
    ),
    "multipart_without_boundary": (
        {"content": PHOTO, "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "malformed-request",
    ),
    "multipart_garbage": (
        {"content": b"garbage", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        400,
        "malformed-request",
    ),
    "json_garbage": (
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        400,
        "malformed-request",
    ),
    "json_nested": (
        {"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}},
        400,
        "malformed-request",
    ),
    "json_array": ({"json": [1]}, 400, "malformed-request"),
    "json_without_field": ({"json": {}}, 400, "malformed-request"),
    "json_number": ({"json": {"image_base64": 1}}, 400, "malformed-request"),
    "json_not_base64": ({"json": {"image_base64": "å"}}, 400, "malformed-request"),
    "json_empty_image": ({"json": {"image_base64": ""}}, 400, "unreadable-image"),
    "json_url": ({"json": {"url": "http://127.0.0.1/"}}, 403, "url-not-enabled"),
}


@pytest.mark.parametrize(("request_body", "status", "name"), BODIES.values(), ids=BODIES.keys())
async def test_bad_body(
    client: httpx.AsyncClient, request_body: dict[str, Any], status: int, name: str
) -> None:
    assert_problem(await client.post("/embed", **request_body), status, name)


QUERIES = {
    "codec": ("codec=int4", "int4"),
    "canvas_word": ("canvas=large", "canvas"),
    "canvas_zero": ("canvas=0", "canvas"),
    "canvas_large": ("canvas=4096", "1024"),
    "roi_three": ("roi=1,2,3", "x,y,w,h"),
    "roi_words": ("roi=a,b,c,d", "x,y,w,h"),
    "roi_outside": ("roi=0,0,121,90", "roi"),
    "roi_negative": ("roi=-1,0,10,10", "roi"),
    "roi_empty": ("roi=0,0,0,10", "roi"),
    "unknown": ("codek=int8", "codek"),
}


@pytest.mark.parametrize(("query", "names"), QUERIES.values(), ids=QUERIES.keys())
async def test_bad_parameter_is_422_and_named(client: httpx.AsyncClient, query: str, names: str) -> None:
    response = await client.post(f"/embed?{query}", content=PHOTO, headers=RAW)
    body = assert_problem(response, 422, "invalid-parameter")
    assert names in body["detail"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/model/../../etc/passwd", "/v1/model/notes.txt", "/%00"]
)
async def test_unknown_path_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/embed", "POST"),
        ("DELETE", "/v1/embed", "POST"),
        ("POST", "/v1/model", "GET"),
        ("PUT", "/v1/embeddings/" + "0" * 64, "GET"),
        ("POST", "/healthz", "GET"),
    ],
)
async def test_wrong_method_is_405(client: httpx.AsyncClient, method: str, path: str, allowed: str) -> None:
    response = await client.request(method, path)
    assert_problem(response, 405, "method-not-allowed")
    assert allowed in response.headers["allow"]


async def test_posting_to_the_client_is_404(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post("/index.html"), 404, "not-found")


async def test_unforeseen_error_is_500_without_its_text(
    client: httpx.AsyncClient, encoder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder.error = RuntimeError("secret of the encoder")
    response = await client.post("/embed", content=PHOTO, headers=RAW)
    assert_problem(response, 500, "internal-error")
    assert "secret of the encoder" not in response.text
    assert "secret of the encoder" in capsys.readouterr().out
    assert response.headers["cross-origin-opener-policy"] == "same-origin"


async def test_after_an_error_the_next_request_works(client: httpx.AsyncClient, encoder: Any) -> None:
    encoder.error = RuntimeError("once")
    assert (await client.post("/embed", content=PHOTO, headers=RAW)).status_code == 500
    encoder.error = None
    assert (await client.post("/embed", content=PHOTO, headers=RAW)).status_code == 200


def error_classes() -> set[type[ServerError]]:
    return set(ServerError.__subclasses__())


@pytest.mark.unit
def test_every_error_class_has_a_problem_and_names_are_unique() -> None:
    assert PROBLEMS.keys() == error_classes()
    names = [problem.name for problem in PROBLEMS.values()]
    assert len(set(names)) == len(names)


async def test_openapi_documents_exactly_the_statuses_there_are(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/embed"]["post"]
    documented = {int(status) for status in operation["responses"]} - {200}
    assert documented == {problem.status for problem in PROBLEMS.values()}
    assert "image_base64" in json.dumps(operation["requestBody"])


def test_base64_overhead_fits_the_body_limit() -> None:
    from splitseem_server.http.uploads import max_body_bytes

    for size in (1024, 1025, 1026, 10**6):
        assert len(base64.b64encode(bytes(size))) + 1000 < max_body_bytes(size)
