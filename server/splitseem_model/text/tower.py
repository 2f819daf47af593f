"""What the decoder and the vocabulary want of a text encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from splitseem_model.layers.arrays import Floats


@dataclass(frozen=True)
class TextEncoding:
    """One text, encoded.

    Attributes:
        tokens: float32 `[T, D]`, T >= 1, rows that the decoder's queries see.
        sentence: float32 `[E]`, of any length; its direction is compared with class embeddings (Eq. 6).
        vector: what a frozen sentence encoder made of it; None where the encoder is the model's own.
    """

    tokens: Floats
    sentence: Floats
    vector: Floats | None = None


class TextTower(Protocol):
    """A text encoder whose vectors lie in the joint space of a model."""

    @property
    def templates(self) -> tuple[str, ...]:
        """Sentences with "{}" for the name of a class; the mean over them is the class."""

    @property
    def digest(self) -> str:
        """Hexadecimal; differs when the weights do."""

    def encode(self, texts: Sequence[str]) -> list[TextEncoding]:
        """Prompts for the decoder. What is beyond the longest text that the encoder reads is cut off."""

    def sentences(self, texts: Sequence[str]) -> Floats:
        """Sentence vectors alone, `[n, E]`, for large numbers of texts."""
