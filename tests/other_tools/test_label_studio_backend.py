"""Label Studio's own package reads what the ML backend answers; requests are those of its server."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from label_studio_sdk.converter.brush import decode_rle
from label_studio_sdk.label_interface import LabelInterface
from numpy.typing import NDArray
from requests.auth import HTTPBasicAuth
from tests.other_tools.conftest import HEIGHT, WIDTH

pytestmark = pytest.mark.filterwarnings("ignore")
Mask = NDArray[np.bool_]

CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <BrushLabels name="tag" toName="image"><Label value="Disc"/><Label value="Ring"/></BrushLabels>
  <KeyPointLabels name="point" toName="image" smart="true"><Label value="Disc"/></KeyPointLabels>
  <RectangleLabels name="box" toName="image" smart="true"><Label value="Disc"/></RectangleLabels>
</View>"""


def drawn(kind: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """As its page describes a region, in percent."""
    value = {"x": 100 * x / WIDTH, "y": 100 * y / HEIGHT, "width": 0.3, "height": 0.4, kind: ["Disc"]}
    return {
        "id": "T7",
        "type": kind,
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "from_name": "point",
        "to_name": "image",
        "origin": "manual",
        "is_positive": more.pop("is_positive", True),
        "value": {**value, **more},
    }


@pytest.mark.parametrize(
    ("regions", "options"),
    [
        (
            [
                drawn("keypointlabels", 110.5, 90.5),
                drawn("keypointlabels", 200, 150, is_positive=False),
            ],
            ("--point", "110.5,90.5", "--negative", "200,150"),
        ),
        (
            [drawn("rectanglelabels", 235, 145, width=100 * 130 / WIDTH, height=100 * 130 / HEIGHT)],
            ("--box", "235,145,365,275"),
        ),
    ],
)
def test_strokes_are_the_masks_of_segment(
    url: str,
    key: tuple[str, Path],
    photo: Path,
    segmented: Callable[..., Mask],
    regions: Any,
    options: tuple[str, ...],
) -> None:
    picture = f"data:image/png;base64,{base64.b64encode(photo.read_bytes()).decode()}"
    session = requests.Session()
    session.headers["User-Agent"] = "heartex/1.23.2"
    session.auth = HTTPBasicAuth("any", key[0])
    assert session.get(f"{url}/label-studio/health", timeout=1).json()["status"] == "UP"
    project: Any = {"project": "1.1700000000", "schema": CONFIG, "hostname": "http://localhost:8080"}
    version = session.post(f"{url}/label-studio/setup", json=project, timeout=3).json()["model_version"]
    asked: Any = {
        "tasks": [{"id": 1, "data": {"image": picture}, "annotations": [], "predictions": [], "drafts": []}],
        "project": "1.1700000000",
        "label_config": CONFIG,
        "params": {"login": None, "password": None, "context": {"result": regions}},
    }
    response = session.post(f"{url}/label-studio/predict", json=asked, timeout=100)
    response.raise_for_status()
    (prediction,) = response.json()["results"]
    (stroke,) = prediction["result"]
    pixels = np.asarray(decode_rle(stroke["value"]["rle"])).reshape(HEIGHT, WIDTH, 4)
    np.testing.assert_array_equal(pixels[..., 3] > 0, segmented(*options))
    assert prediction["model_version"] == version
    assert LabelInterface(CONFIG).validate_prediction(prediction)
