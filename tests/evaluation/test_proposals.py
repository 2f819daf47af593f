"""Which objects are among the proposals of a model, measured."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from splitseem_eval.data import read_index
from splitseem_eval.errors import EvaluationError
from splitseem_eval.evaluate import EvaluationSettings
from splitseem_eval.proposals import ProposedImage, find_everything, summarise_proposals
from splitseem_model.predictor import Predictor
from splitseem_proto import encode_rle

pytestmark = pytest.mark.unit


def test_an_object_counts_as_met_by_its_best_proposal() -> None:
    results = [ProposedImage((0.9, 0.2), 4, 1.0), ProposedImage((0.7,), 8, 3.0)]
    figures = summarise_proposals(results)
    assert figures.met70 == pytest.approx(2 / 3)
    assert figures.best_iou == pytest.approx(0.6)
    assert (figures.proposals, figures.seconds_per_image) == (6, 2.0)
    with pytest.raises(EvaluationError, match="nothing was measured"):
        summarise_proposals([])


def test_every_object_is_held_against_all_proposals(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    predictor = Predictor.load("tiny")
    image = predictor.encode(pixels)
    found = predictor.decoder.everything(image)
    mask = predictor.mask(image, found[-1].step)
    corner = np.zeros_like(mask)
    corner[0, 0] = True
    rles = [{"label": "cat", "rle": list(encode_rle(one).counts)} for one in (mask, corner)]
    record = {"image": "a.png", "dataset": "noise", "size_hw": [48, 64], "objects": rles}
    with gzip.open(tmp_path / "index.jsonl.gz", "wt") as file:
        file.write(json.dumps(record))
    (result,) = find_everything(predictor, read_index(tmp_path / "index.jsonl.gz"), EvaluationSettings())
    assert result.best_ious[0] == 1.0
    assert result.best_ious[1] < 0.1
    assert result.proposals == len(found)
