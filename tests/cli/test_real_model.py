"""The commands on a real model with random weights: that the parts fit, not how good the masks are."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from splitseem_cli.embed import command as embed
from splitseem_cli.segment import command as segment
from splitseem_model.predictor import Predictor
from splitseem_proto import Click, CocoRle, Embedding, decode_rle, unpack


@pytest.fixture(autouse=True)
def loaded() -> None:
    """No fake here."""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (9, 13, 3), np.uint8)
    Image.fromarray(noise).resize((131, 90)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


PROMPTS = ["--point", "40,30", "--negative", "100,80", "--box", "20,10,80,70", "--polygon", "9,9,60,9,60,60"]


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_every_kind_of_prompt_is_answered_in_full_size(photo: Path, runtime: str) -> None:
    out = photo.with_suffix(".json")
    result = CliRunner().invoke(
        segment,
        [str(photo), *PROMPTS, "--model", "tiny", "--runtime", runtime, "--all-rounds", "-o", str(out)],
    )
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert found["size"] == [90, 131]
    assert len(found["rounds"]) == 4


def test_words_are_refused_by_a_model_without_text_tower(photo: Path) -> None:
    arguments = [str(photo), "--text", "a dog", "--model", "tiny", "-o", str(photo.with_name("mask.png"))]
    result = CliRunner().invoke(segment, arguments)
    assert result.exit_code == 2
    assert "tiny has no text tower, so it cannot look for 'a dog'" in result.stderr


def test_mask_is_that_of_the_predictor(photo: Path) -> None:
    out = photo.with_suffix(".json")
    arguments = [str(photo), "--point", "40,30", "--negative", "100,80", "--model", "tiny", "-o", str(out)]
    assert CliRunner().invoke(segment, arguments).exit_code == 0
    found = json.loads(out.read_text())

    predictor = Predictor.load("tiny")
    image = predictor.encode(np.asarray(Image.open(photo)))
    items = [Click(40, 30, 1), Click(100, 80, 0)]
    memory = predictor.step(image, items[:1], None).memory
    expected = predictor.mask(image, predictor.step(image, items, memory))
    np.testing.assert_array_equal(decode_rle(CocoRle((90, 131), tuple(found["counts"]))), expected)


def test_wire_file_can_be_prepared_by_the_same_model(photo: Path) -> None:
    arguments = [str(photo), "-o", str(photo.parent), "--model", "tiny", "--codec", "float16"]
    assert CliRunner().invoke(embed, arguments).exit_code == 0
    embedding = unpack(photo.with_suffix(".splitseem").read_bytes())
    assert isinstance(embedding, Embedding)
    assert Predictor.load("tiny").decoder.prepare(embedding).geometry.original_hw == (90, 131)


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_unknown_model_is_refused(photo: Path, runtime: str) -> None:
    arguments = [str(photo), "--point", "1,1", "--model", "absent", "--runtime", runtime, "-o", "out.png"]
    result = CliRunner().invoke(segment, arguments)
    assert result.exit_code == 2
    assert "no model 'absent'" in result.stderr
