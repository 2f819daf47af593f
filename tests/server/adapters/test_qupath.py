"""What QuPath's extension for SAM sends, and what it reads."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_proto import Box, Click, CocoRle, decode_rle

Mask = NDArray[np.bool_]
BOX = [12, 7, 52, 37]
POINTS = {"point_coords": [[70, 40], [30, 20]], "point_labels": [0, 1]}
CLICKS = (Click(30.5, 20.5), Click(70.5, 40.5, 0))


@pytest.fixture
def sent(photo: bytes) -> dict[str, Any]:
    """As Gson writes it: what is null is left out."""
    return {"type": "vit_l", "b64img": base64.b64encode(photo).decode(), "multimask_output": True}


def filled(geometry: dict[str, Any], shape: tuple[int, ...]) -> Mask:
    """Pixels whose middles lie in a polygon with holes, or in one of several."""
    one = geometry["type"] == "Polygon"
    mask = np.zeros(shape, np.bool_)
    for part in [geometry["coordinates"]] if one else geometry["coordinates"]:
        crossings = np.zeros(shape, np.int64)
        for ring in part:
            assert ring[0] == ring[-1]
            for (x0, y0), (_, y1) in pairwise(ring):
                crossings[min(y0, y1) : max(y0, y1), x0:] += 1
        mask |= crossings % 2 == 1
    return mask


@pytest.mark.parametrize(
    ("prompts", "items"),
    [
        ({"bbox": BOX}, (Box(*BOX),)),
        ({"bbox": [52, 37, 12, 7]}, (Box(*BOX),)),
        (POINTS, CLICKS),
        ({"bbox": BOX, **POINTS}, (Box(*BOX), *CLICKS)),
    ],
)
def test_the_feature_is_the_mask_of_segment(
    client: httpx.Client, sent: Any, expected: Callable[..., Mask], prompts: Any, items: tuple[Any, ...]
) -> None:
    response = client.post("/sam/", json={**sent, **prompts})
    assert response.status_code == 200, response.text
    (feature,) = response.json()
    mask = expected(*items)
    np.testing.assert_array_equal(filled(feature["geometry"], mask.shape), mask)
    assert feature["type"] == "Feature"
    assert 0 <= feature["properties"]["quality"] <= 1
    assert feature["properties"]["sam_model"] == "vit_l"


def test_without_prompts_there_is_what_panoptic_finds(client: httpx.Client, sent: Any, photo: bytes) -> None:
    features = client.post("/sam/automask/", json={**sent, "points_per_side": 32}).json()
    answer = client.post("/v1/panoptic?mode=instance", content=photo).json()
    masks = [
        decode_rle(CocoRle(tuple(one["mask"]["size"]), tuple(one["mask"]["counts"])))
        for one in answer["segments"]
    ]
    wanted = [mask for mask in masks if mask.any()]
    assert [feature["geometry"]["type"] for feature in features] == ["MultiPolygon", "Polygon"]
    for feature, mask in zip(features, wanted, strict=True):
        np.testing.assert_array_equal(filled(feature["geometry"], mask.shape), mask)


def test_the_extension_learns_what_there_is(client: httpx.Client) -> None:
    assert client.get("/sam/version/").text
    (only,) = client.get("/sam/weights/?type=vit_b").json()
    assert (only["type"], only["name"], only["url"]) == ("vit_b", "tiny", "")
    assert client.get("/sam/progress/").json() == {"message": None, "percent": -1}
    assert client.get("/sam/weights/?kind=x").status_code == 422


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 422),
        ({"bbox": [1, 2, 3]}, 422),
        ({"bbox": [1, 1, 1, 1]}, 422),
        ({"bbox": [1, 1, 2, 1e300]}, 422),
        ({**POINTS, "point_labels": [1]}, 422),
        ({**POINTS, "point_labels": [1, 7]}, 422),
        ({"point_coords": [[900, 3]], "point_labels": [1]}, 422),
        ({"point_coords": [[10**400, 3]], "point_labels": [1]}, 422),
        ({"bbox": [1, 1, 10**400, 3]}, 422),
        ({**POINTS, "b64mask": "AAAA"}, 422),
        ({"bbox": BOX, "b64img": "&"}, 400),
        ({"bbox": BOX, "b64img": ["a"]}, 400),
        ({"bbox": BOX, "b64img": "aGVsbG8="}, 415),
        ({"bbox": BOX, "type": 7}, 422),
    ],
)
def test_what_has_no_meaning_is_told_in_its_form(
    client: httpx.Client, sent: Any, changed: Any, status: int
) -> None:
    response = client.post("/sam/", json={**sent, **changed})
    assert (response.status_code, list(response.json())) == (status, ["detail"]), response.text
    assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize("path", ["/sam/", "/sam/automask/"])
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'{"b64img": ' + b"[" * 9000, b"\xff"])
def test_what_is_no_json_is_refused(client: httpx.Client, path: str, body: bytes) -> None:
    response = client.post(path, content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert client.post(path, content=body).status_code == 415


def test_where_there_are_keys_one_is_needed(guarded: httpx.Client, sent: Any, keys: Any) -> None:
    refused = guarded.post("/sam/", json={**sent, "bbox": BOX})
    assert (refused.status_code, list(refused.json())) == (401, ["detail"])
    added = {"X-API-Key": keys["decode"][0]}
    assert guarded.post("/sam/", json={**sent, "bbox": BOX}, headers=added).status_code == 200
