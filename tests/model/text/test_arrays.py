"""A text tower as arrays: which models have one, and that arrays equal tensors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from splitseem_model.config import TINY
from splitseem_model.network import SegmentationModel
from splitseem_model.official import UniClConfig
from splitseem_model.text import arrays
from splitseem_model.text.arrays import text_arrays
from splitseem_model.text.towers import text_tower
from splitseem_model.text.vocabulary import class_matrix

pytestmark = pytest.mark.unit

SMALL = UniClConfig(width=8, layers=1, heads=2, out_dim=32)


def test_arrays_equal_the_towers_tensors() -> None:
    torch.manual_seed(0)
    model = SegmentationModel(replace(TINY, text=SMALL)).eval()
    tower, served = text_tower(model), text_arrays(model)
    assert tower is not None
    assert served is not None
    (tokens, sentence), _ = served.encode(["a dog", "cat"])
    expected = tower.encode(["a dog", "cat"])[0]
    np.testing.assert_array_equal(tokens, expected.tokens)
    np.testing.assert_array_equal(sentence, expected.sentence)
    np.testing.assert_array_equal(served.class_matrix(["cat"]), class_matrix(tower, ["cat"]))


def test_a_model_without_text_has_none() -> None:
    assert text_arrays(SegmentationModel(TINY)) is None


@pytest.mark.parametrize("installed", [True, False])
def test_sentence_vectors_need_their_package(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    monkeypatch.setattr(arrays, "is_installed", lambda: installed)
    assert (text_arrays(SegmentationModel(replace(TINY, sentence_dim=6))) is not None) == installed
