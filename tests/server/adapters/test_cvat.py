"""What CVAT asks nuclio: which functions there are, and masks; and the function that asks for nuclio."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from splitseem_proto import Box, Click
from splitseem_server.adapters import cvat

Mask = NDArray[np.bool_]
INVOKE = "/api/function_invocations"
NUCLIO = Path(__file__).parents[3] / "sdk" / "splitseem_cvat" / "nuclio"
CORNERS = [[12.0, 7.0], [52.0, 37.0]]
ON, OFF = [[30.5, 20.5]], [[70.5, 40.5]]
CLICKS = (Click(30.5, 20.5), Click(70.5, 40.5, 0))


@pytest.fixture
def frame(photo: bytes) -> dict[str, Any]:
    return {"image": base64.b64encode(photo).decode(), "pos_points": ON, "neg_points": [], "obj_bbox": None}


def mask_of(answer: Any) -> Mask:
    mask = np.array(answer["mask"])
    assert set(np.unique(mask)) <= {0, 255}
    return mask > 0


@pytest.mark.parametrize(
    ("changed", "items"),
    [
        ({}, CLICKS[:1]),
        ({"neg_points": OFF, "threshold": 0.5}, CLICKS),
        ({"pos_points": [], "obj_bbox": CORNERS}, (Box(12, 7, 52, 37),)),
        ({"neg_points": OFF, "obj_bbox": [12, 7, 52, 37]}, (Box(12, 7, 52, 37), *CLICKS)),
        ({"obj_bbox": []}, CLICKS[:1]),
    ],
)
def test_the_mask_is_that_of_segment(
    client: httpx.Client, frame: Any, expected: Callable[..., Mask], changed: Any, items: Any
) -> None:
    headers = {"x-nuclio-function-name": "splitseem", "x-nuclio-path": "/"}
    response = client.post(INVOKE, json={**frame, **changed}, headers=headers)
    assert response.status_code == 200, response.text
    np.testing.assert_array_equal(mask_of(response.json()), expected(*items))


def test_cvat_finds_an_interactor(client: httpx.Client) -> None:
    """It reads these fields, and makes numbers and lists of some."""
    ((name, described),) = client.get("/api/functions").json().items()
    assert client.get(f"/api/functions/{name}").json() == described
    annotations = described["metadata"]["annotations"]
    assert (described["metadata"]["name"], annotations["type"]) == (name, "interactor")
    assert [int(annotations[field]) for field in ("min_pos_points", "min_neg_points", "version")] == [1, 0, 2]
    assert json.loads(annotations["spec"] or "[]") == []
    assert described["spec"]["description"]
    assert described["status"]["state"] == "ready"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"pos_points": []}, 422),
        ({"pos_points": [[1]]}, 422),
        ({"pos_points": [[10**400, 1]]}, 422),
        ({"pos_points": [[1e9, 1]]}, 422),
        ({"pos_points": [[1, 1]] * 64}, 422),
        ({"obj_bbox": [1, 2, 3]}, 422),
        ({"obj_bbox": [[1, 2], [1, 2]]}, 422),
        ({"image": "&"}, 400),
        ({"image": None}, 400),
        ({"image": "aGVsbG8="}, 415),
    ],
)
def test_what_has_no_meaning_is_refused(client: httpx.Client, frame: Any, changed: Any, status: int) -> None:
    response = client.post(INVOKE, json={**frame, **changed})
    assert (response.status_code, list(response.json())) == (status, ["error"]), response.text


def test_other_functions_are_not_here(client: httpx.Client, frame: Any) -> None:
    there = client.get("/api/functions/other")
    asked = client.post(INVOKE, json=frame, headers={"x-nuclio-function-name": "other"})
    assert [there.status_code, asked.status_code] == [404, 404]
    assert list(there.json()) == list(asked.json()) == ["error"]


def test_a_mask_too_large_for_json_is_refused(
    client: httpx.Client, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cvat, "MOST_PIXELS", 100)
    response = client.post(INVOKE, json=frame)
    assert (response.status_code, list(response.json())) == (413, ["error"])


def loaded() -> ModuleType:
    """The function, as nuclio loads it: a file without a package."""
    spec = importlib.util.spec_from_file_location("main", NUCLIO / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(main: ModuleType, body: Any) -> Any:
    context = SimpleNamespace(user_data=SimpleNamespace(), Response=SimpleNamespace)
    main.init_context(context)
    with context.user_data.client:
        return main.handler(context, SimpleNamespace(body=body))


def test_the_function_of_nuclio_asks_here_with_its_key(
    guarded: httpx.Client,
    keys: Any,
    frame: Any,
    expected: Callable[..., Mask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPLITSEEM_SERVER", str(guarded.base_url))
    refused = run(loaded(), frame)
    monkeypatch.setenv("SPLITSEEM_API_KEY", keys["decode"][0])
    answered = run(loaded(), frame)
    assert (refused.status_code, list(json.loads(refused.body))) == (401, ["error"])
    assert (answered.status_code, answered.content_type) == (200, "application/json")
    np.testing.assert_array_equal(mask_of(json.loads(answered.body)), expected(CLICKS[0]))
    assert run(loaded(), b"{").status_code == 400


def test_without_a_server_the_function_says_so(
    frame: Any, free_port: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPLITSEEM_SERVER", f"http://127.0.0.1:{free_port()}")
    answered = run(loaded(), frame)
    assert (answered.status_code, "no answer" in answered.body) == (502, True)


def test_the_function_of_nuclio_is_described_as_the_adapter_is() -> None:
    described = yaml.safe_load((NUCLIO / "function.yaml").read_text("utf-8"))
    ours = {name: str(value).lower() for name, value in cvat.FUNCTION["metadata"]["annotations"].items()}
    theirs = {
        name: str("" if value is None else value).lower()
        for name, value in described["metadata"]["annotations"].items()
    }
    assert theirs == {name: ours[name] for name in theirs}
    assert described["spec"]["handler"] == "main:handler"
