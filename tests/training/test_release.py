"""Releasing a run's weights keeps the model, cuts its vocabulary and reduces its channels."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from splitseem_eval.data import is_validation, read_index
from splitseem_eval.names import class_name
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.predictor import Predictor
from splitseem_train.errors import TrainingError
from splitseem_train.release import answering_queries, main, release

pytestmark = pytest.mark.unit


def write_photos(folder: Path, count: int) -> Path:
    """An index of photos of noise, each with a cat in its first column."""
    index = folder / "cats.jsonl.gz"
    with gzip.open(index, "wt", encoding="utf-8") as file:
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
            cat = {"label": "cat", "rle": [0, 48, 48 * 63]}
            record = {"image": f"{number}.png", "dataset": "cats", "size_hw": [48, 64], "objects": [cat]}
            file.write(json.dumps(record) + "\n")
    return index


def test_released_model_keeps_the_rows_of_its_names() -> None:
    model = load_model("tiny")
    released = release(model, ["tree", "cat"], canvas=64)
    assert released.config.vocabulary == ("tree", "cat")
    assert released.config.canvas == 64
    torch.testing.assert_close(released.class_matrix, model.class_matrix[[2, 0]])
    torch.testing.assert_close(released.decoder.class_embed, model.decoder.class_embed)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(TrainingError, match="no class zebra"):
        release(load_model("tiny"), ["zebra"], canvas=64)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("building-other-merged", "building"),
        ("tree-merged", "tree"),
        ("water-other", "water"),
        ("dog", "dog"),
    ],
)
def test_annotation_suffixes_are_removed(name: str, clean: str) -> None:
    assert class_name(name) == clean


def test_a_release_is_thinned_on_the_photos_of_the_index(tmp_path: Path) -> None:
    index = write_photos(tmp_path, count=3)
    out = tmp_path / "thin.safetensors"
    tiny = tmp_path / "tiny.safetensors"
    save_weights(load_model("tiny"), tiny)
    widths = ["--mask-dim", "5", "--level-dims", "12", "10", "8", "--codec", "uint10"]
    arguments = [str(tiny), "--classes-of", str(index), "--canvas", "64", "-o", str(out)]
    assert CliRunner().invoke(main, [*arguments, *widths]).exit_code == 0
    decoder = load_model(str(out)).config.decoder
    assert (decoder.mask_dim, decoder.level_channels) == (5, (12, 10, 8))
    assert Predictor(load_model(str(out))).encoder.default_codec == "uint10"
    again = CliRunner().invoke(main, [str(out), *arguments[1:], "--mask-dim", "6"])
    assert again.exit_code == 1
    assert "there are [5, 12, 10, 8]" in again.output


def test_a_release_keeps_the_queries_that_answer_most(tmp_path: Path) -> None:
    index = write_photos(tmp_path, count=4)
    model = load_model("tiny")
    given, out = tmp_path / "tiny.safetensors", tmp_path / "pruned.safetensors"
    save_weights(model, given)
    arguments = [str(given), "--classes-of", str(index), "--canvas", "64", "-o", str(out)]
    result = CliRunner().invoke(main, [*arguments, "--queries", "1", "--memories", "3"])
    assert result.exit_code == 0, result.output
    pruned = load_model(str(out))
    assert (pruned.config.decoder.num_queries, pruned.config.decoder.num_memories) == (1, 3)
    photos = [record for record in read_index(index) if not is_validation(record)]
    assert result.output.startswith("query ")
    ((best, _),) = answering_queries(release(load_model(str(given)), ["cat"], 64), photos).most_common(1)
    for name in ("query_feat", "query_embed"):
        kept = getattr(pruned.decoder, name).weight
        torch.testing.assert_close(kept, getattr(load_model(str(given)).decoder, name).weight[[best]])
    too_many = CliRunner().invoke(main, [*arguments, "--memories", "99"])
    assert too_many.exit_code == 1
    assert "99 memories" in too_many.output
