"""NVIDIA's own client of the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

pytestmark = pytest.mark.filterwarnings("ignore")
Mask = NDArray[np.bool_]

POINTS = np.array([[[110.5, 90.5], [200, 150]], [[300, 210], [0, 0]]], np.float32)
LABELS = np.array([[1, 0], [1, -1]], np.int32)
BOXES = np.array([[np.nan] * 4, [235, 145, 365, 275]], np.float32)
OPTIONS = (
    ("--point", "110.5,90.5", "--negative", "200,150"),
    ("--box", "235,145,365,275", "--point", "300,210"),
)


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[InferenceServerClient]:
    with InferenceServerClient(url.removeprefix("http://")) as running:
        yield running


@pytest.fixture
def headers(key: tuple[str, Path]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key[0]}"}


def tensor(name: str, value: NDArray[Any], datatype: str, *, binary: bool = True) -> InferInput:
    made = InferInput(name, value.shape, datatype)
    made.set_data_from_numpy(value, binary_data=binary)
    return made


def prompts() -> list[InferInput]:
    return [
        tensor("points", POINTS, "FP32"),
        tensor("labels", LABELS, "INT32"),
        tensor("boxes", BOXES, "FP32"),
    ]


@pytest.mark.parametrize("kind", ["pixels", "file"])
def test_objects_get_the_masks_of_segment(
    client: InferenceServerClient,
    headers: dict[str, str],
    photo: Path,
    pixels: NDArray[np.uint8],
    segmented: Callable[..., Mask],
    kind: str,
) -> None:
    file = np.array([photo.read_bytes()], dtype=np.object_)
    image = tensor("image", pixels, "UINT8") if kind == "pixels" else tensor("image_file", file, "BYTES")
    result = client.infer("nano", [image, *prompts()], headers=headers)
    for mask, options in zip(result.as_numpy("masks"), OPTIONS, strict=True):
        np.testing.assert_array_equal(mask, segmented(*options))
    assert result.as_numpy("scores").shape == result.as_numpy("names").shape == (2,)
    assert result.as_numpy("names")[0].decode()


def test_what_is_asked_for_comes_in_the_form_that_is_asked_for(
    client: InferenceServerClient, headers: dict[str, str], pixels: NDArray[np.uint8]
) -> None:
    outputs = [InferRequestedOutput("scores", binary_data=False), InferRequestedOutput("masks")]
    result = client.infer(
        "nano", [tensor("image", pixels, "UINT8"), *prompts()], outputs=outputs, headers=headers
    )
    assert len(result.get_output("scores")["data"]) == 2
    assert result.as_numpy("masks").dtype == np.bool_
    assert result.get_output("names") is None


def test_health_and_metadata(client: InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("nano")
    assert not client.is_model_ready("other")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    model = client.get_model_metadata("nano")
    assert client.get_model_metadata("nano", model["versions"][0]) == model
    assert [one["name"] for one in model["outputs"]] == ["masks", "scores", "names"]


def test_refusals_have_their_reason(
    client: InferenceServerClient, headers: dict[str, str], pixels: NDArray[np.uint8]
) -> None:
    image = tensor("image", pixels, "UINT8")
    with pytest.raises(InferenceServerException, match="points") as meaning:
        client.infer("nano", [image], headers=headers)
    assert meaning.value.status() == "422"
    with pytest.raises(InferenceServerException, match="API key") as key:
        client.infer("nano", [image, *prompts()])
    assert key.value.status() == "401"
    with pytest.raises(InferenceServerException, match="no model"):
        client.infer("other", [image, *prompts()], headers=headers)
