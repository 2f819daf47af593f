"""Roboflow's own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inference_sdk import InferenceConfiguration, InferenceHTTPClient
from inference_sdk.http.errors import HTTPCallErrorError
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

pytestmark = pytest.mark.filterwarnings("ignore")
Mask = NDArray[np.bool_]

POINTS = {"points": [{"x": 110.5, "y": 90.5, "positive": True}, {"x": 200, "y": 150, "positive": False}]}
BOX = {"box": {"x": 300, "y": 210, "width": 130, "height": 130}}
CLICKS = ("--point", "110.5,90.5", "--negative", "200,150")
BOXED = ("--box", "235,145,365,275")


def connect(url: str, key: str) -> Any:
    client = InferenceHTTPClient(api_url=url, api_key=key)
    client.configure(InferenceConfiguration(api_key_transport="header"))
    return client


@pytest.fixture(scope="module")
def client(url: str, key: tuple[str, Path]) -> Any:
    return connect(url, key[0])


def read(prediction: dict[str, Any]) -> Mask:
    return np.asarray(coco_mask.decode(prediction["masks"]), dtype=np.bool_)


@pytest.mark.parametrize("method", ["sam2_segment_image", "sam3_visual_segment"])
@pytest.mark.parametrize("kind", ["path", "pixels"])
def test_prompts_give_the_masks_of_segment(
    client: Any,
    photo: Path,
    pixels: NDArray[np.uint8],
    segmented: Callable[..., Mask],
    method: str,
    kind: str,
) -> None:
    # Pixels are those of OpenCV, blue first.
    image: Any = str(photo) if kind == "path" else pixels[..., ::-1].copy()
    answer = getattr(client, method)(image, prompts=[POINTS, BOX], mask_input_format="rle")
    masks = [read(prediction) for prediction in answer["predictions"]]
    if kind == "path":
        for mask, options in zip(masks, (CLICKS, BOXED), strict=True):
            np.testing.assert_array_equal(mask, segmented(*options))
    else:  # which it sends as JPEG
        for mask, options in zip(masks, (CLICKS, BOXED), strict=True):
            wanted = segmented(*options)
            assert (mask & wanted).sum() > 0.97 * (mask | wanted).sum()
    assert all(0 < prediction["confidence"] <= 1 for prediction in answer["predictions"])


def test_an_image_is_embedded_once(client: Any, photo: Path) -> None:
    first, second = (client.sam3_embed_image(str(photo)) for _ in range(2))
    assert first["image_id"] == second["image_id"]


def test_refusals_have_a_message(client: Any, url: str, photo: Path) -> None:
    with pytest.raises(HTTPCallErrorError) as none:
        client.sam2_segment_image(str(photo), prompts=[{"points": []}])
    assert (none.value.status_code, "prompts" in none.value.api_message) == (422, True)
    stranger = connect(url, "splitseem_x")
    with pytest.raises(HTTPCallErrorError) as unknown:
        stranger.sam2_segment_image(str(photo), prompts=[POINTS])
    assert (unknown.value.status_code, "API key" in unknown.value.api_message) == (401, True)
