"""`splitseem panoptic`: modes and files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.files.segmentations import map_png
from splitseem_cli.options.model import ModelOptions
from splitseem_cli.panoptic import command
from splitseem_model.errors import TaskError
from splitseem_model.tasks.segments import Segment, Segmentation
from splitseem_proto import CocoRle, decode_rle, encode_rle

pytestmark = pytest.mark.unit

WIDTH, HEIGHT = 50, 30


class HalvesPredictor:
    """Two segments that share the image; as instances they overlap in the middle."""

    name, fingerprint = "halves", "4a1f" * 4

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def encode(self, image_rgb: Any, **options: Any) -> Any:
        self.asked.append(options)
        return image_rgb

    def panoptic(self, image: Any, mode: str, *, min_score: float) -> Segmentation:
        self.asked.append({"mode": mode, "min_score": min_score})
        columns = np.broadcast_to(np.arange(WIDTH), (HEIGHT, WIDTH))
        reach = 30 if mode == "instance" else 25
        left, right = columns < reach, columns >= 25
        ids = np.where(left, 1, 2).astype(np.int32)
        return Segmentation(
            ids,
            (
                Segment(1, 16, "cat", True, 0.9, encode_rle(left)),
                Segment(2, 125, "grass-merged", False, None, encode_rle(right)),
            ),
        )


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> HalvesPredictor:
    made = HalvesPredictor()
    monkeypatch.setattr(ModelOptions, "load", lambda options: made)
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (WIDTH, HEIGHT), "navy").save(path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_png_is_the_map_with_its_segments_beside_it(photo: Path, predictor: HalvesPredictor) -> None:
    out = photo.with_name("out.png")
    assert run(photo, "-o", out, "--canvas", 128, "--codec", "float32").exit_code == 0
    assert predictor.asked == [
        {"canvas": 128, "codec": "float32"},
        {"mode": "panoptic", "min_score": 0.0},
    ]
    with Image.open(out) as picture:
        assert picture.mode == "P"
        ids = np.asarray(picture)
        assert np.asarray(picture.convert("RGB"))[0, 0].max() > 100
    assert (ids[:, :25] == 1).all()
    assert (ids[:, 25:] == 2).all()
    document = json.loads(out.with_suffix(".json").read_text())
    assert document == {
        "image": "photo.png",
        "model": "halves",
        "fingerprint": "4a1f" * 4,
        "mode": "panoptic",
        "size": [HEIGHT, WIDTH],
        "segments": [
            {"id": 1, "category": 16, "label": "cat", "thing": True, "score": 0.9, "area": 750},
            {"id": 2, "category": 125, "label": "grass-merged", "thing": False, "score": None, "area": 750},
        ],
    }


def test_instances_that_overlap_keep_their_run_lengths(photo: Path, predictor: HalvesPredictor) -> None:
    out = photo.with_name("out.png")
    assert run(photo, "--mode", "instance", "--min-score", 0.5, "-o", out).exit_code == 0
    assert predictor.asked[-1] == {"mode": "instance", "min_score": 0.5}
    segments = json.loads(out.with_suffix(".json").read_text())["segments"]
    masks = [decode_rle(CocoRle(tuple(s["mask"]["size"]), tuple(s["mask"]["counts"]))) for s in segments]
    assert (masks[0] & masks[1]).sum() == 5 * HEIGHT


def test_json_alone_holds_run_lengths(photo: Path, predictor: HalvesPredictor) -> None:
    out = photo.with_name("out.json")
    assert run(photo, "--mode", "semantic", "-o", out).exit_code == 0
    document = json.loads(out.read_text())
    assert document["mode"] == "semantic"
    assert document["segments"][0]["mask"] == {"size": [HEIGHT, WIDTH], "counts": [0, 750, 750]}


def test_overlay_tints_the_photo(photo: Path, predictor: HalvesPredictor) -> None:
    out = photo.with_name("out.jpg")
    assert run(photo, "-o", out).exit_code == 0
    with Image.open(out) as picture:
        pixels = np.asarray(picture).astype(int)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(pixels[15, 5] - pixels[15, 45]).max() > 40


def test_many_segments_take_16_bits(tmp_path: Path) -> None:
    ids = np.arange(600, dtype=np.int32).reshape(20, 30)
    path = tmp_path / "map.png"
    path.write_bytes(map_png(ids))
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), ids)


def test_unknown_suffix_is_refused(photo: Path, predictor: HalvesPredictor) -> None:
    result = run(photo, "-o", photo.with_name("out.svg"))
    assert result.exit_code == 2
    assert "the suffix must be one of .png, .json, .jpg, .jpeg" in result.output


def test_a_model_without_object_queries_is_refused(
    photo: Path, predictor: HalvesPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> Segmentation:
        raise TaskError("wiring nano answers prompts only: it has no object queries")

    monkeypatch.setattr(predictor, "panoptic", refuse)
    result = run(photo, "-o", photo.with_name("out.png"))
    assert result.exit_code == 2
    assert "it has no object queries" in result.output
    assert not photo.with_name("out.png").exists()
