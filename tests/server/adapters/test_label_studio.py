"""What Label Studio sends to an ML backend, and the brush strokes that it reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from tests.server.adapters.conftest import HEIGHT, WIDTH

from splitseem_proto import Box, Click
from splitseem_server.adapters import brush
from splitseem_server.adapters.brush import brush_of
from splitseem_server.errors import InvalidParameter

Mask = NDArray[np.bool_]
CONFIG = """<View><Image name="img" value="$picture" zoom="true"/>
<BrushLabels name="tag" toName="img"><Label value="Cat"/></BrushLabels>
<KeyPointLabels name="kp" toName="img" smart="true"><Label value="Cat"/></KeyPointLabels></View>"""
PREDICT = "/label-studio/predict"


def region(
    kind: str, x: float, y: float, width: float = 0.5, height: float = 0.5, **more: Any
) -> dict[str, Any]:
    """As its smart tools describe it: percent of the picture."""
    value = {
        "x": 100 * x / WIDTH,
        "y": 100 * y / HEIGHT,
        "width": 100 * width / WIDTH,
        "height": 100 * height / HEIGHT,
        kind: ["Cat"],
    }
    return {
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "value": value,
        "id": "abc",
        "from_name": "kp",
        "to_name": "img",
        "type": kind,
        "origin": "manual",
        "is_positive": True,
        **more,
    }


def body(picture: str, *drawn: dict[str, Any], **more: Any) -> dict[str, Any]:
    task = {"id": 5, "data": {"picture": picture}, "annotations": [], "predictions": [], "drafts": []}
    params = {"login": None, "password": None, "context": {"result": list(drawn)} if drawn else None}
    return {"tasks": [task], "project": "1.1700000000", "label_config": CONFIG, "params": params, **more}


@pytest.fixture
def picture(photo: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(photo).decode()}"


def painted(stroke: dict[str, Any]) -> Mask:
    """The stream of bits read as its format says: lengths of runs, or values one by one."""
    bits = "".join(format(byte, "08b") for byte in stroke["value"]["rle"])
    at = 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    size, width = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < size:
        is_run, count = take(1), take(lengths[take(2)]) + 1
        values += [take(width)] * count if is_run else [take(width) for _ in range(count)]
    pixels = np.array(values, np.uint8).reshape(stroke["original_height"], stroke["original_width"], 4)
    assert (pixels == pixels[..., :1]).all()
    return np.asarray(pixels[..., 3] > 0)


NEGATIVE = region("keypointlabels", 70.5, 40.5, is_positive=False)
POSITIVE = region("keypointlabels", 30.5, 20.5)
RECTANGLE = region("rectanglelabels", 12, 7, 40, 30)
CLICKS = (Click(30.5, 20.5), Click(70.5, 40.5, 0))


@pytest.mark.parametrize(
    ("drawn", "items"),
    [
        ((POSITIVE,), CLICKS[:1]),
        ((POSITIVE, NEGATIVE), CLICKS),
        ((RECTANGLE,), (Box(12, 7, 52, 37),)),
        ((RECTANGLE, POSITIVE, {**NEGATIVE, "is_positive": 0}), (Box(12, 7, 52, 37), *CLICKS)),
    ],
)
def test_what_is_drawn_becomes_the_mask_of_segment(
    client: httpx.Client, picture: str, expected: Callable[..., Mask], drawn: Any, items: Any
) -> None:
    response = client.post(PREDICT, json=body(picture, *drawn))
    assert response.status_code == 200, response.text
    (prediction,) = response.json()["results"]
    (stroke,) = prediction["result"]
    # Percent and back moves a point by less than a millionth of a pixel.
    np.testing.assert_array_equal(painted(stroke), expected(*items))
    assert (stroke["from_name"], stroke["to_name"], stroke["type"]) == ("tag", "img", "brushlabels")
    assert stroke["value"]["brushlabels"] == ["Cat"]
    assert prediction["model_version"].startswith("tiny@")
    assert 0 <= prediction["score"] <= 1


def test_without_a_drawing_there_is_an_empty_prediction_a_task(client: httpx.Client, picture: str) -> None:
    sent = body(picture)
    answer = client.post(PREDICT, json={**sent, "tasks": sent["tasks"] * 3}).json()
    assert [one["result"] for one in answer["results"]] == [[], [], []]


def test_connecting_says_what_model_it_is(client: httpx.Client) -> None:
    assert client.get("/label-studio/health").json()["status"] == "UP"
    project = {"project": "1.17", "schema": CONFIG, "hostname": "http://x", "access_token": "t"}
    version = client.post("/label-studio/setup", json=project).json()["model_version"]
    assert client.get("/label-studio/versions").json() == {"versions": [version]}
    assert client.post("/label-studio/webhook", json={"action": "ANNOTATION_CREATED"}).status_code == 200


def test_ragged_masks_are_painted_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for share in (0.02, 0.5, 0.98):
        mask = np.random.default_rng(0).random((61, 400)) < share
        mask[20:50] = share < 0.5
        stroke = {"value": {"rle": brush_of(mask)}, "original_height": 61, "original_width": 400}
        np.testing.assert_array_equal(painted(stroke), mask)
    monkeypatch.setattr(brush, "MOST_RUNS", 100)
    with pytest.raises(InvalidParameter, match="at most 100"):
        brush_of(mask)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><View>&c;</View>'


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"label_config": ""}, 422),
        ({"label_config": "<View>"}, 422),
        ({"label_config": BOMB}, 422),
        ({"label_config": "\ud800"}, 422),
        ({"label_config": "<View><BrushLabels name='a' toName='b'/></View>"}, 422),
        ({"label_config": "<a>" * 200_000}, 422),
        ({"label_config": 5}, 422),
        ({"tasks": []}, 422),
        ({"tasks": 5}, 422),
        ({"tasks": [{"data": {}}]}, 422),
        ({"tasks": [{"data": {"picture": 5}}]}, 422),
        ({"tasks": [{"data": {"picture": "data:,&"}}]}, 400),
        ({"tasks": [{"data": {"picture": "s3://bucket/a.png"}}]}, 422),
        ({"tasks": [{"data": {"picture": "/data/upload/a.png"}}]}, 403),
        ({"tasks": [{"data": {"picture": "http://127.0.0.1/a.png"}}]}, 403),
        ({"tasks": [{"data": {"picture": "file:///etc/passwd"}}]}, 422),
    ],
)
def test_what_has_no_meaning_is_refused(
    client: httpx.Client, picture: str, changed: Any, status: int
) -> None:
    content = json.dumps({**body(picture, POSITIVE), **changed})
    response = client.post(PREDICT, content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(response.json())) == (status, ["error"]), response.text


@pytest.mark.parametrize(
    "drawn",
    [
        {**POSITIVE, "type": "ellipselabels"},
        {**POSITIVE, "value": {"x": "here", "y": 3}},
        {**POSITIVE, "value": {}},
        {**POSITIVE, "value": {"x": 10**400, "y": 3}},
        {**POSITIVE, "original_width": None},
        {**POSITIVE, "original_width": 10**400},
        {**RECTANGLE, "value": {**RECTANGLE["value"], "rotation": 12}},
        {**RECTANGLE, "value": {**RECTANGLE["value"], "width": 0}},
    ],
)
def test_drawings_without_meaning_are_refused(client: httpx.Client, picture: str, drawn: Any) -> None:
    response = client.post(PREDICT, json=body(picture, drawn))
    assert (response.status_code, list(response.json())) == (422, ["error"])


def test_a_key_is_a_password(guarded: httpx.Client, picture: str, keys: Any) -> None:
    """Label Studio knows HTTP Basic only."""
    refused = guarded.post("/label-studio/setup", json={})
    allowed = guarded.post(PREDICT, json=body(picture, POSITIVE), auth=("any", keys["decode"][0]))
    told = guarded.post("/label-studio/webhook", json={"action": "TASKS_CREATED"})
    assert [told.status_code, guarded.get("/label-studio/health").status_code] == [200, 200]
    assert (refused.status_code, list(refused.json()), allowed.status_code) == (401, ["error"], 200)


@pytest.fixture
def studio(photo: bytes) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A Label Studio that gives files to those who know its token: its address, and what it was asked."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            known = self.headers.get("Authorization") == "Token secret" and "moved" not in self.path
            # So does the one of version 1.23.
            accepted = self.headers.get("Accept") == "*/*"
            self.send_response((200 if accepted else 406) if known else 302)
            self.send_header("Location", "http://127.0.0.1:1/login")
            self.send_header("Content-Length", str(len(photo)))
            self.end_headers()
            self.wfile.write(photo)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/label", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_its_own_pictures_are_fetched_with_its_token_and_nothing_else_is(
    make_app: Callable[..., FastAPI],
    serve: Any,
    studio: tuple[str, list[tuple[str, str | None]]],
    expected: Callable[..., Mask],
) -> None:
    address, asked = studio
    app = make_app(label_studio_url=address, label_studio_token="secret")
    with serve(app) as url, httpx.Client(base_url=url, timeout=60) as client:

        def ask(picture: str) -> httpx.Response:
            return client.post(PREDICT, json=body(picture, POSITIVE))

        for picture in ("/data/upload/1/a%20b.png", f"{address}/data/local-files/?d=a.png"):
            (prediction,) = ask(picture).json()["results"]
            np.testing.assert_array_equal(painted(prediction["result"][0]), expected(CLICKS[0]))
        refused = [
            ask(picture).status_code
            for picture in (
                "/api/users",
                "/data/../api/users",
                "/data/%2e%2e/api/users",
                "/data\\..\\api",
                f"{address}.example.org/data/a.png",
                f"{address}@127.0.0.1/data/a.png",
                "//127.0.0.1/data/a.png",
            )
        ]
        moved = ask("/data/upload/moved.png")
    assert refused == [403] * 7
    assert moved.status_code == 400
    assert [path for path, _ in asked] == [
        "/label/data/upload/1/a%20b.png",
        "/label/data/local-files/?d=a.png",
        "/label/data/upload/moved.png",
    ]
    assert {token for _, token in asked} == {"Token secret"}
