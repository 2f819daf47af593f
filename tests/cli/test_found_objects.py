"""`splitseem segment --everything`, and words alone: many objects in one file, each made by a click."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.segment import command
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import TINY, SemanticConfig
from splitseem_model.network import SegmentationModel

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def loaded() -> None:
    """No fake here."""


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of noise, and weights with a map of meanings beside it."""
    folder = tmp_path_factory.mktemp("found")
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, semantic=SemanticConfig(4), sentence_dim=384))
    save_weights(model, folder / "model.safetensors")
    return folder / "photo.png"


def run(photo: Path, *arguments: object) -> Result:
    given = [photo, "--model", photo.with_name("model.safetensors"), *arguments]
    return CliRunner().invoke(command, [str(argument) for argument in given])


def document(photo: Path, *arguments: object) -> dict[str, Any]:
    out = photo.with_name("out.json")
    result = run(photo, *arguments, "-o", out)
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(out.read_text())
    return loaded


@pytest.mark.parametrize("asked", [("--everything",), ("--text", "a cat")])
def test_a_json_file_holds_all_objects_best_first_and_a_click_makes_each_again(
    photo: Path, asked: tuple[str, ...]
) -> None:
    found = document(photo, *asked)
    objects = found["objects"]
    assert objects
    scores = [one["score"] for one in objects]
    assert scores == sorted(scores, reverse=True)
    assert found["counts"] == objects[0]["counts"]
    best = objects[0]
    (click,) = best["prompts"]
    again = document(photo, "--point", f"{click['x']},{click['y']}")
    assert {key: best[key] for key in ("size", "counts", "area", "bbox", "label")} == {
        key: again[key] for key in ("size", "counts", "area", "bbox", "label")
    }
    assert "objects" not in again


def test_words_with_a_click_are_one_object(photo: Path) -> None:
    assert "objects" not in document(photo, "--text", "cat", "--point", "30,20")


def test_everything_needs_no_prompt_and_a_file_for_many_objects(photo: Path) -> None:
    result = run(photo, "--everything", "--point", "3,4", "-o", photo.with_name("out.json"))
    assert result.exit_code == 2
    assert "--everything needs no prompt" in result.output
    result = run(photo, "--everything", "-o", photo.with_name("out.png"))
    assert result.exit_code == 2
    assert "name a .json file" in result.output
