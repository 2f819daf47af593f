"""Roboflow's protocol: the masks of `splitseem segment`, its forms of answers, its form of errors."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from scipy.ndimage import binary_fill_holes
from tests.server.adapters.conftest import HEIGHT, WIDTH

from splitseem_proto import Box, Click, encode_rle
from splitseem_server.adapters.coco import compressed

# pycocotools is older than the NumPy that it runs on.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Mask = NDArray[np.bool_]
POINTS = [{"x": 30.5, "y": 20.5, "positive": True}, {"x": 70.5, "y": 40.5, "positive": False}]
CLICKS = (Click(30.5, 20.5), Click(70.5, 40.5, 0))
CENTRED = {"x": 32.0, "y": 22.0, "width": 40.0, "height": 30.0}
BOX = Box(12, 7, 52, 37)


@pytest.fixture
def image(photo: bytes) -> dict[str, str]:
    return {"type": "base64", "value": base64.b64encode(photo).decode()}


def read(rle: dict[str, Any]) -> Mask:
    """By COCO's own program."""
    return np.asarray(coco_mask.decode({**rle, "counts": rle["counts"].encode()}), dtype=np.bool_)


def test_ragged_masks_survive_the_text_of_coco() -> None:
    for share in (0.02, 0.5, 0.98):
        mask = np.random.default_rng(0).random((70, 300)) < share
        mask[:, 100:200] = share < 0.5
        np.testing.assert_array_equal(read(compressed(encode_rle(mask))), mask)


def filled(polygons: list[Any], shape: tuple[int, ...]) -> Mask:
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.array(polygon, np.int32) for polygon in polygons if len(polygon)], 1)
    return canvas.astype(np.bool_)


@pytest.mark.parametrize("route", ["/sam2/segment_image", "/sam3/visual_segment"])
def test_each_prompt_is_an_object_with_the_mask_of_segment(
    client: httpx.Client, image: Any, expected: Callable[..., Mask], route: str
) -> None:
    prompts = [{"points": POINTS}, {"box": CENTRED}, {"box": CENTRED, "points": POINTS}]
    body = {"image": image, "prompts": {"prompts": prompts}, "format": "rle", "api_key": None, "source": "x"}
    response = client.post(route, json=body)
    assert response.status_code == 200, response.text
    found = response.json()["predictions"]
    wanted = [expected(*CLICKS), expected(BOX), expected(BOX, *CLICKS)]
    for prediction, mask in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(read(prediction["masks"]), mask)
        assert prediction["format"] == "rle"
        assert 0 <= prediction["confidence"] <= 1


@pytest.mark.parametrize("prompts", [[{"points": POINTS}], {"points": POINTS}])
def test_prompts_may_stand_without_their_wrapper(
    client: httpx.Client, image: Any, expected: Callable[..., Mask], prompts: Any
) -> None:
    body = {"image": image, "prompts": prompts, "format": "rle"}
    (prediction,) = client.post("/sam2/segment_image", json=body).json()["predictions"]
    np.testing.assert_array_equal(read(prediction["masks"]), expected(*CLICKS))


def test_polygons_fill_to_the_mask_without_its_holes(
    client: httpx.Client, image: Any, expected: Callable[..., Mask]
) -> None:
    answer = client.post("/sam2/segment_image", json={"image": image, "prompts": [{"points": POINTS}]}).json()
    (prediction,) = answer["predictions"]
    mask = expected(*CLICKS)
    assert prediction["format"] == "polygon"
    np.testing.assert_array_equal(
        filled(prediction["masks"], mask.shape), binary_fill_holes(mask, np.ones((3, 3)))
    )


@pytest.mark.parametrize(
    ("coords", "labels", "items"),
    [
        ([[30.5, 20.5], [70.5, 40.5]], [1, 0], CLICKS),
        ([[30.5, 20.5], [70.5, 40.5], [0, 0]], [1, 0, -1], CLICKS),
        ([[12, 7], [52, 37]], [2, 3], (BOX,)),
        ([[30.5, 20.5], [12, 7], [52, 37]], [1, 2, 3], (BOX, CLICKS[0])),
    ],
)
def test_points_of_sam_are_prompts(
    client: httpx.Client,
    image: Any,
    expected: Callable[..., Mask],
    coords: Any,
    labels: Any,
    items: tuple[Any, ...],
) -> None:
    body = {"image": image, "point_coords": coords, "point_labels": labels, "format": "binary"}
    response = client.post("/sam/segment_image", json=body)
    assert response.headers["content-type"] == "application/octet-stream"
    with np.load(io.BytesIO(response.content)) as arrays:
        np.testing.assert_array_equal(arrays["masks"] > 0, expected(*items)[None])
    polygon = client.post("/sam/segment_image", json={**body, "format": "json"}).json()["masks"][0]
    drawn = filled([polygon], (HEIGHT, WIDTH))
    assert not (drawn & ~np.asarray(binary_fill_holes(expected(*items), np.ones((3, 3))))).any()


def test_an_embedded_image_is_named_by_its_id_and_encoded_once(client: httpx.Client, image: Any) -> None:
    made = client.post("/sam2/embed_image", json={"image": image})
    again = client.post("/sam/embed_image", json={"image": image, "image_id": "mine"})
    assert (made.status_code, made.json()["embeddings"]) == (200, [])
    assert again.headers["x-splitseem-cache"] == "hit"
    named = client.post(
        "/sam2/segment_image", json={"image_id": made.json()["image_id"], "prompts": [{"points": POINTS}]}
    )
    assert named.status_code == 200, named.text
    assert named.headers["x-splitseem-cache"] == "hit"
    gone = client.post("/sam2/segment_image", json={"image_id": "0" * 64, "prompts": [{"points": POINTS}]})
    assert gone.status_code == 404
    assert "send the image" in gone.json()["message"]


@pytest.mark.parametrize(
    ("route", "body", "status", "says"),
    [
        ("/sam2/segment_image", {"prompts": [{"points": POINTS}]}, 422, "image_id"),
        ("/sam2/segment_image", {"image_id": "mine", "prompts": [{"points": POINTS}]}, 422, "key"),
        ("/sam2/segment_image", {"image": None, "prompts": 7}, 422, "prompts"),
        ("/sam2/segment_image", {"image": {"type": "numpy", "value": "gASV"}}, 422, "numpy"),
        ("/sam2/segment_image", {"image": {"type": "url", "value": "http://127.0.0.1/"}}, 403, "URL"),
        ("/sam2/segment_image", {"image": {"type": "base64", "value": "&"}}, 400, "base64"),
        ("/sam2/segment_image", {"image": {"type": "base64", "value": 5}}, 400, "value"),
        ("/sam2/embed_image", {"image": {"type": "base64", "value": "aGVsbG8="}}, 415, "image"),
        ("/sam2/embed_image", {}, 422, "image"),
        ("/sam/embed_image", {"image": {"type": "url", "value": "x"}, "format": "binary"}, 422, "format"),
        ("/sam/segment_image", {"has_mask_input": True}, 422, "all points"),
    ],
)
def test_what_has_no_meaning_is_refused_in_roboflows_form(
    client: httpx.Client, route: str, body: Any, status: int, says: str
) -> None:
    response = client.post(route, json=body)
    assert (response.status_code, list(response.json())) == (status, ["message"])
    assert response.headers["content-type"] == "application/json"
    assert says in response.json()["message"]


@pytest.mark.parametrize(
    "prompts",
    [
        [],
        [{}],
        [{"points": []}],
        [{"points": [{"x": 1e9, "y": 3}]}],
        [{"points": [{"x": 1}]}],
        [{"points": [{"x": 10**400, "y": 3}]}],
        [{"box": {**CENTRED, "x": 10**400}}],
        [{"box": {**CENTRED, "width": 0}}],
        [{"points": POINTS}] * 65,
        [{"points": POINTS * 40}],
    ],
)
def test_prompts_without_meaning_are_refused(client: httpx.Client, image: Any, prompts: Any) -> None:
    response = client.post("/sam2/segment_image", json={"image": image, "prompts": prompts})
    assert (response.status_code, list(response.json())) == (422, ["message"])


def test_numbers_that_are_none_are_refused(client: httpx.Client, image: Any) -> None:
    points = '"prompts": [{"points": [{"x": NaN, "y": 1e999}]}]'
    body = json.dumps({"image": image})[:-1] + f", {points}}}"
    response = client.post("/sam2/segment_image", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(response.json())) == (422, ["message"])


def test_a_photo_of_megabytes_is_read_as_a_small_one(
    client: httpx.Client, photo: bytes, expected: Callable[..., Mask]
) -> None:
    # What stands behind the picture in its file is not looked at.
    large = {"type": "base64", "value": base64.b64encode(photo + bytes(2**20)).decode()}
    body = {"prompts": [{"points": POINTS}], "format": "rle", "image": large}
    response = client.post("/sam2/segment_image", json=body)
    assert response.status_code == 200, response.text
    np.testing.assert_array_equal(read(response.json()["predictions"][0]["masks"]), expected(*CLICKS))
    elsewhere = client.post("/sam2/segment_image", json={**body, "image": "", "other": large})
    assert elsewhere.status_code == 400


def test_keys_scopes_and_limits_are_those_of_the_service(
    guarded: httpx.Client, keys: Any, image: Any
) -> None:
    segment = {"image": image, "prompts": [{"points": POINTS}]}

    def ask(scope: str | None, route: str, body: Any) -> httpx.Response:
        headers = {} if scope is None else {"Authorization": f"Bearer {keys[scope][0]}"}
        return guarded.post(route, json=body, headers=headers)

    answers = [
        ask(None, "/sam2/segment_image", segment),
        ask("embed", "/sam2/segment_image", segment),
        ask("decode", "/sam2/segment_image", segment),
        ask("decode", "/sam/embed_image", segment),
        ask("embed", "/sam/embed_image", segment),
        ask(
            "decode", "/sam2/segment_image", {**segment, "image": {"type": "base64", "value": "A" * 200_000}}
        ),
    ]
    assert [answer.status_code for answer in answers] == [401, 403, 200, 403, 200, 413]
    assert all(list(answer.json()) == ["message"] for answer in answers if answer.status_code > 400)
    assert answers[0].headers["www-authenticate"] == "Bearer"
