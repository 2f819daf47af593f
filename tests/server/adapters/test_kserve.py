"""The Open Inference Protocol: metadata, health, and inference with JSON and binary tensors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.server.adapters.conftest import HEIGHT, WIDTH

from splitseem_model.config import TINY
from splitseem_proto import Box, Click
from splitseem_server.adapters import kserve, kserve_tensors

Mask = NDArray[np.bool_]
INFER = f"/v2/models/{TINY.name}/infer"
POINTS = np.array([[[30.5, 20.5], [70.5, 40.5]], [[30.5, 20.5], [0, 0]]], np.float32)
LABELS = np.array([[1, 0], [1, -1]], np.int32)
BOXES = np.array([[12, 7, 52, 37], [np.nan] * 4], np.float32)
OBJECTS = ((Box(12, 7, 52, 37), Click(30.5, 20.5), Click(70.5, 40.5, 0)), (Click(30.5, 20.5),))
DATATYPES = {"uint8": "UINT8", "float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64"}


def head_of(name: str, tensor: NDArray[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": list(tensor.shape), "datatype": DATATYPES[tensor.dtype.name], **more}


def post(client: httpx.Client, inputs: dict[str, Any], path: str = INFER, **more: Any) -> httpx.Response:
    """With binary inputs and, unless told otherwise, binary outputs."""
    heads, contents = [], []
    for name, value in inputs.items():
        if isinstance(value, bytes):
            content = len(value).to_bytes(4, "little") + value
            head = {"name": name, "shape": [1], "datatype": "BYTES"}
        else:
            content, head = value.tobytes(), head_of(name, value)
        heads.append({**head, "parameters": {"binary_data_size": len(content)}})
        contents.append(content)
    text = json.dumps({"inputs": heads, "parameters": {"binary_data_output": True}, **more}).encode()
    headers = {"Inference-Header-Content-Length": str(len(text))}
    return client.post(path, content=b"".join([text, *contents]), headers=headers)


def read(response: httpx.Response) -> dict[str, Any]:
    """Outputs by name."""
    assert response.status_code == 200, response.text
    length = int(response.headers.get("inference-header-content-length", len(response.content)))
    at = length
    found: dict[str, Any] = {}
    for output in json.loads(response.content[:length])["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        content = response.content[at : at + (size or 0)]
        at += len(content)
        if size is None:
            found[output["name"]] = np.array(output["data"]).reshape(output["shape"])
        elif output["datatype"] == "BYTES":
            found[output["name"]] = content
        else:
            dtype = {"BOOL": "?", "FP32": "<f4"}[output["datatype"]]
            found[output["name"]] = np.frombuffer(content, dtype).reshape(output["shape"])
    assert at == len(response.content)
    return found


@pytest.mark.parametrize("kind", ["pixels", "file"])
def test_objects_get_the_masks_of_segment(
    client: httpx.Client,
    photo: bytes,
    pixels: NDArray[np.uint8],
    expected: Callable[..., Mask],
    kind: str,
) -> None:
    image: dict[str, Any] = {"image": pixels} if kind == "pixels" else {"image_file": photo}
    response = post(client, {**image, "points": POINTS, "labels": LABELS, "boxes": BOXES}, id="42")
    found = read(response)
    np.testing.assert_array_equal(found["masks"], [expected(*items) for items in OBJECTS])
    assert found["scores"].shape == (2,)
    first = int.from_bytes(found["names"][:4], "little")
    assert found["names"][4 : 4 + first].decode() in TINY.vocabulary
    assert '"id":"42"' in response.text
    assert response.headers["content-type"] == "application/octet-stream"


def test_json_alone_does_too(
    client: httpx.Client, pixels: NDArray[np.uint8], expected: Callable[..., Mask]
) -> None:
    inputs = [
        head_of("image", pixels, data=pixels.tolist()),
        head_of("points", POINTS[1:, :1].astype(np.float64), data=[30.5, 20.5]),
    ]
    response = client.post(INFER, json={"inputs": inputs, "outputs": [{"name": "masks"}]})
    found = read(response)
    assert list(found) == ["masks"]
    np.testing.assert_array_equal(found["masks"], expected(Click(30.5, 20.5))[None])


def test_each_output_may_be_binary_or_not(client: httpx.Client, pixels: NDArray[np.uint8]) -> None:
    outputs = [{"name": "scores"}, {"name": "masks", "parameters": {"binary_data": True}}]
    inputs = {"image": pixels, "boxes": BOXES[:1]}
    response = post(client, inputs, outputs=outputs, parameters={})
    length = int(response.headers["inference-header-content-length"])
    assert len(response.content) - length == HEIGHT * WIDTH
    assert list(read(response)) == ["scores", "masks"]


def test_metadata_tell_what_goes_in_and_comes_out(client: httpx.Client) -> None:
    server = client.get("/v2").json()
    assert (server["name"], server["extensions"]) == ("splitseem", ["binary_tensor_data"])
    model = client.get(f"/v2/models/{TINY.name}").json()
    (version,) = model["versions"]
    assert {one["name"]: one["datatype"] for one in model["inputs"]} == {
        "image": "UINT8",
        "image_file": "BYTES",
        "points": "FP32",
        "labels": "INT32",
        "boxes": "FP32",
    }
    assert [one["name"] for one in model["outputs"]] == ["masks", "scores", "names"]
    assert client.get(f"/v2/models/{TINY.name}/versions/{version}").json() == model
    for path in ("health/live", "health/ready", f"models/{TINY.name}/ready"):
        assert client.get(f"/v2/{path}").status_code == 200
    assert client.get(f"/v2/models/{TINY.name}/versions/{version}/ready").status_code == 200


@pytest.mark.parametrize("path", ["models/other", "models/other/ready", f"models/{TINY.name}/versions/1"])
def test_other_models_are_not_here(client: httpx.Client, path: str) -> None:
    response = client.get(f"/v2/{path}")
    assert (response.status_code, list(response.json())) == (404, ["error"])


NO_PIXELS = np.zeros((0, 4, 3), np.uint8)
GREY = np.zeros((4, 4), np.uint8)
SMALL = np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"points": POINTS}, "image"),
        ({"image": SMALL, "image_file": b"x", "points": POINTS}, "image"),
        ({"image": NO_PIXELS, "points": POINTS}, "pixel"),
        ({"image": GREY, "points": POINTS}, "UINT8 [4, 4]"),
        ({"image": SMALL.astype(np.float32), "points": POINTS}, "FP32"),
        ({"image": SMALL}, "points"),
        ({"image": SMALL, "points": POINTS, "boxes": BOXES[:1]}, "same N"),
        ({"image": SMALL, "points": POINTS, "labels": LABELS[:1]}, "labels"),
        ({"image": SMALL, "points": POINTS, "labels": LABELS + 5}, "labels"),
        ({"image": SMALL, "points": POINTS * np.float32(np.nan)}, "finite"),
        ({"image": SMALL, "points": POINTS}, "outside"),
        ({"image": SMALL, "points": POINTS[:, :0]}, "at least one"),
        ({"image": SMALL, "points": POINTS[:0]}, "0 entries"),
        ({"image": SMALL, "boxes": BOXES[1:]}, "at least one"),
        ({"image": SMALL, "boxes": np.zeros((1, 4), np.float32)}, "x0 < x1"),
        ({"image": SMALL, "colour": LABELS}, "unknown input"),
    ],
)
def test_tensors_without_meaning_are_refused(client: httpx.Client, inputs: Any, says: str) -> None:
    response = post(client, inputs)
    assert (response.status_code, list(response.json())) == (422, ["error"])
    assert says in response.json()["error"]


IMAGE = head_of("image", SMALL)


@pytest.mark.parametrize(
    ("head", "rest", "length", "status"),
    [
        ({"inputs": [IMAGE]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "data": [1, "x"]}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "data": [1] * 47 + [300]}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "data": [[1], [2, 3]]}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "data": {"a": 1}}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "shape": [-1, 4, 3], "data": []}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "shape": [2**62, 2**62, 3], "data": [1]}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "datatype": "FP16", "data": [1]}]}, b"", None, 422),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": 48}}]}, b"x" * 47, "all", 400),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": 48}}]}, b"x" * 49, "all", 400),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": -1}}]}, b"x" * 48, "all", 400),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": 2**70}}]}, b"", "all", 400),
        ({"inputs": [{**IMAGE, "parameters": {"binary_data_size": 47}}]}, b"x" * 47, "all", 422),
        (
            {
                "inputs": [
                    {
                        "name": "image_file",
                        "shape": [1],
                        "datatype": "BYTES",
                        "parameters": {"binary_data_size": 9},
                    }
                ]
            },
            b"\xff\xff\xff\x7fhello",
            "all",
            400,
        ),
        (
            {"inputs": [{"name": "image_file", "shape": [1], "datatype": "BYTES", "data": ["x"]}]},
            b"",
            None,
            422,
        ),
        (
            {
                "inputs": [
                    {"name": "points", "shape": [1, 1, 2], "datatype": "FP32", "data": [1e300, 1]},
                    {**IMAGE, "data": [7] * 48},
                ]
            },
            b"",
            None,
            422,
        ),
        ({"inputs": [{**IMAGE, "data": [1] * 48}] * 2}, b"", None, 422),
        ({"inputs": [], "outputs": [{"name": "logits"}]}, b"", None, 422),
        ({"inputs": 5}, b"", None, 422),
        ({}, b"", None, 422),
        ({"inputs": []}, b"", "-5", 400),
        ({"inputs": []}, b"", "99999", 400),
        ({"inputs": []}, b"", "3", 400),
    ],
)
def test_bodies_that_mean_no_good_are_refused(
    client: httpx.Client, head: Any, rest: bytes, length: str | None, status: int
) -> None:
    text = json.dumps(head).encode()
    headers = (
        {}
        if length is None
        else {"Inference-Header-Content-Length": str(len(text)) if length == "all" else length}
    )
    response = client.post(INFER, content=text + rest, headers=headers)
    assert (response.status_code, list(response.json())) == (status, ["error"]), response.text


def test_compressed_bodies_are_refused(client: httpx.Client) -> None:
    response = client.post(INFER, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert (response.status_code, list(response.json())) == (415, ["error"])


def test_answers_have_bounds(
    client: httpx.Client, pixels: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kserve_tensors, "MOST_JSON_VALUES", 100)
    json_only = post(client, {"image": pixels, "boxes": BOXES[:1]}, parameters={})
    assert "as binary data only" in json_only.json()["error"]
    monkeypatch.setattr(kserve, "MOST_MASK_PIXELS", 100)
    assert "at most 100" in post(client, {"image": pixels, "boxes": BOXES[:1]}).json()["error"]
    scores = [{"name": "scores"}] * 900
    assert list(read(post(client, {"image": pixels, "boxes": BOXES[:1]}, outputs=scores))) == ["scores"]


def test_a_key_is_needed_for_inference_and_not_for_metadata(
    guarded: httpx.Client, keys: Any, pixels: NDArray[np.uint8]
) -> None:
    assert guarded.get(f"/v2/models/{TINY.name}").status_code == 200
    refused = post(guarded, {"image": pixels, "boxes": BOXES[:1]})
    assert (refused.status_code, list(refused.json())) == (401, ["error"])
    guarded.headers["Authorization"] = f"Bearer {keys['decode'][0]}"
    try:
        assert post(guarded, {"image": pixels, "boxes": BOXES[:1]}).status_code == 200
    finally:
        del guarded.headers["Authorization"]
