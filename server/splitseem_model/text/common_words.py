"""Sentence vectors of common words, bundled, so that most words need no sentence encoder.

They are those of all-MiniLM-L6-v2 (`minilm.py`), as integers with a factor for each word. The words are names
of COCO and ImageNet, what training photos name, and common English nouns for what can be seen:
`splitseem_train.common_words`.
"""

import re
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from splitseem_model.text.minilm import SHA256, WIDTH, MiniLm

FILE = Path(__file__).with_name("common_words.safetensors")
_ARTICLE = re.compile(r"^(?:a|an|the) (?=.)")
_PLURALS = (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"), ("s", ""))
"""Endings of plurals, and what stands for them in the singular; the first that gives a known word counts."""


class CommonWords:
    """Words and their vectors.

    Attributes:
        words: in lower case, one blank between parts; factors: float32 `[N]`; integers: int8 `[N, 384]`.
    """

    def __init__(self, words: Sequence[str], integers: Tensor, factors: Tensor) -> None:
        self.words: tuple[str, ...] = tuple(words)
        self.integers: Tensor = integers
        self.factors: Tensor = factors.float()
        self._rows = {word: row for row, word in enumerate(self.words)}

    @classmethod
    def of(cls, words: Sequence[str], vectors: Tensor) -> "CommonWords":
        """From float vectors `[N, 384]`."""
        factors = vectors.abs().amax(dim=1) / 127
        return cls(words, (vectors / factors[:, None]).round().to(torch.int8), factors)

    @classmethod
    def read(cls, file: Path = FILE) -> "CommonWords":
        """Read what `write` wrote."""
        with safe_open(file, framework="pt") as opened:
            words = opened.metadata()["words"].split("\n")
            return cls(words, opened.get_tensor("integers"), opened.get_tensor("factors"))

    def write(self, file: Path = FILE) -> None:
        """Write to a file."""
        tensors = {"integers": self.integers.contiguous(), "factors": self.factors}
        save_file(tensors, file, metadata={"words": "\n".join(self.words), "encoder": SHA256})

    def row_of(self, text: str) -> int | None:
        """Which word a text is: in any case, with an article, or as a plural; None: none of them."""
        plain = (
            _ARTICLE.sub("", re.sub(r"[ \t\n\r]+", " ", text).strip(" ").lower()) if text.isascii() else ""
        )
        if plain in self._rows:
            return self._rows[plain]
        singulars = (plain.removesuffix(end) + put for end, put in _PLURALS if plain.endswith(end))
        return next((self._rows[word] for word in singulars if word in self._rows), None)

    def vector(self, row: int) -> Tensor:
        """Sentence vector of a word, float32 `[384]`."""
        return self.integers[row].float() * self.factors[row]


@cache
def common_words() -> CommonWords:
    """The bundled words, read once."""
    return CommonWords.read()


class CommonFirst:
    """A sentence encoder that is asked only for texts that are no common words."""

    @cached_property
    def _encoder(self) -> MiniLm:
        return MiniLm.load()

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Sentence vectors, float32 `[n, 384]`.

        Raises:
            TextTowerError: a text that is no common word, and the encoder is not installed.
        """
        words = common_words()
        rows = [words.row_of(text) for text in texts]
        others = [text for text, row in zip(texts, rows, strict=True) if row is None]
        encoded = iter(self._encoder.encode(others) if others else ())
        vectors = [next(encoded) if row is None else words.vector(row) for row in rows]
        return torch.stack(vectors) if vectors else torch.empty(0, WIDTH)
