"""The official text encoder against numbers of the official code."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.official import UniClConfig
from splitseem_model.text.clip_bpe import END, ClipTokenizer
from splitseem_model.text.templates import TEMPLATES
from splitseem_model.text.unicl import UniClTextEncoder, UniClTower
from splitseem_model.text.vocabulary import class_matrix

DATA = Path(__file__).parents[2] / "data"
TEXTS: list[str] = json.loads((DATA / "golden_decoder" / "manifest.json").read_text())["shared"]["texts"]
# A float32 and a float64 run of the official code differ by 3e-6 here.
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float32]]:
    with np.load(DATA / "golden_text.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def encoder() -> UniClTextEncoder:
    encoder = UniClTextEncoder(UniClConfig()).eval()
    fill_with_golden_weights(encoder, prefix="text.")
    return encoder


@pytest.fixture(scope="module")
def tower(encoder: UniClTextEncoder) -> UniClTower:
    return UniClTower(encoder)


def test_sentence_vectors_equal_the_official_ones(
    tower: UniClTower, golden: dict[str, NDArray[np.float32]]
) -> None:
    np.testing.assert_allclose(tower.sentences(TEXTS), golden["class_emb"], atol=TOLERANCE)


@pytest.mark.slow
def test_class_vectors_equal_the_official_ones(
    tower: UniClTower, golden: dict[str, NDArray[np.float32]]
) -> None:
    matrix = class_matrix(tower, ["zebra", "tree-merged"])
    np.testing.assert_allclose(matrix, golden["class_mean_embeddings"], atol=TOLERANCE)


def test_prompts_are_the_tokens_that_are_not_padding(
    tower: UniClTower, golden: dict[str, NDArray[np.float32]]
) -> None:
    encodings = tower.encode(TEXTS)
    assert [len(e.tokens) for e in encodings] == golden["attention_mask"].sum(axis=1).tolist()
    for encoding in encodings:
        np.testing.assert_array_equal(encoding.tokens[-1], encoding.sentence)


def test_padding_changes_nothing(encoder: UniClTextEncoder, tower: UniClTower) -> None:
    ids = torch.full((1, 77), END)
    ids[0, :5] = torch.tensor([49406, 518, 31320, 269, END])
    with torch.no_grad():
        padded = encoder(ids)[0, :5]
    np.testing.assert_allclose(tower.encode(["The corgi."])[0].tokens, padded, atol=TOLERANCE)


def test_templates_are_the_official_ones_in_their_order(golden: dict[str, NDArray[np.float32]]) -> None:
    stored = golden["class_template_ids"]
    assert len(TEMPLATES) == stored.shape[1] == 81
    for row, template in zip(stored[0], TEMPLATES, strict=True):
        ids = ClipTokenizer.load().encode(template.replace("{}", "zebra"))
        assert row[: len(ids)].tolist() == ids


def test_other_weights_have_another_digest() -> None:
    small = UniClConfig(width=8, layers=1, heads=2, num_tokens=49408, out_dim=8)
    towers = [UniClTower(UniClTextEncoder(small)) for _ in range(2)]
    assert towers[0].digest == UniClTower(towers[0]._model).digest
    assert towers[0].digest != towers[1].digest
