"""Vectors of common words are bundled: they need no sentence encoder, and are those that it gives."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from splitseem_model.errors import TextTowerError
from splitseem_model.text.coco_names import COCO_PANOPTIC
from splitseem_model.text.common_words import CommonFirst, CommonWords, common_words
from splitseem_model.text.minilm import MiniLm, is_installed
from splitseem_model.text.names import spoken_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cat", "cat"),
        ("  A  Cat ", "cat"),
        ("the cats", "cat"),
        ("Tennis Rackets", "tennis racket"),
        ("cherries", "cherry"),
        ("benches", "bench"),
        ("boxes", "box"),
        ("glasses", "glasses"),
    ],
)
def test_a_word_is_known_in_any_case_with_an_article_and_as_a_plural(text: str, word: str) -> None:
    words = common_words()
    row = words.row_of(text)
    assert row is not None
    assert words.words[row] == word


@pytest.mark.parametrize("text", ["", " ", "s", "the left cat", "Kätzchen", "a"])
def test_other_texts_are_no_common_words(text: str) -> None:
    assert common_words().row_of(text) is None


def test_all_names_of_coco_are_bundled() -> None:
    names = {spoken_name(name) for name in COCO_PANOPTIC}
    assert {name for name in names if common_words().row_of(name) is None} == set()
    assert len(common_words().words) >= 4000


def test_common_words_need_no_encoder_and_other_texts_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> MiniLm:
        raise TextTowerError("install it")

    monkeypatch.setattr(MiniLm, "load", missing)
    encoder = CommonFirst()
    vectors = encoder.encode(["dog", "the puppy", "teapot", "dogs"])
    assert vectors.shape == (4, 384)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4), atol=1e-2, rtol=0)
    dog, puppy, teapot, dogs = functional.normalize(vectors, dim=1)
    assert dog @ puppy > 0.5 > dog @ teapot
    assert torch.equal(dog, dogs)
    with pytest.raises(TextTowerError, match="install it"):
        encoder.encode(["dog", "the dog on the left"])


def test_texts_of_both_kinds_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encoder:
        def encode(self, texts: list[str]) -> torch.Tensor:
            return torch.arange(1.0, len(texts) + 1)[:, None].expand(-1, 384)

    monkeypatch.setattr(MiniLm, "load", Encoder)
    first, cat, second = CommonFirst().encode(["on the left", "cat", "on the right"])
    assert torch.equal(first, torch.ones(384))
    assert torch.equal(second, torch.full((384,), 2.0))
    assert cat.norm() == pytest.approx(1.0, abs=1e-2)


def test_words_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    vectors = functional.normalize(torch.randn(3, 384, generator=torch.Generator().manual_seed(0)), dim=1)
    CommonWords.of(["a b", "c", "d"], vectors).write(tmp_path / "words.safetensors")
    read = CommonWords.read(tmp_path / "words.safetensors")
    assert read.words == ("a b", "c", "d")
    torch.testing.assert_close(
        torch.stack([read.vector(row) for row in range(3)]), vectors, atol=2e-3, rtol=0
    )


@pytest.mark.skipif(not is_installed(), reason="needs the sentence encoder: make text")
def test_bundled_vectors_are_those_of_the_encoder() -> None:
    words = common_words()
    chosen = range(0, len(words.words), 400)
    encoded = MiniLm.load().encode([words.words[row] for row in chosen])
    bundled = functional.normalize(torch.stack([words.vector(row) for row in chosen]), dim=1)
    assert float((encoded * bundled).sum(1).min()) > 0.9999
