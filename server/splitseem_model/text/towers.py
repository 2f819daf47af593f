"""The text tower of a model, and that of models whose text comes from a sentence encoder."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from splitseem_model.config import ModelConfig
from splitseem_model.encode.semantic import SemanticMap
from splitseem_model.layers.arrays import Floats
from splitseem_model.text.common_words import CommonFirst
from splitseem_model.text.minilm import SHA256, WIDTH, MiniLm
from splitseem_model.text.projection import SentenceProjection
from splitseem_model.text.tower import TextEncoding, TextTower
from splitseem_model.text.unicl import UniClTextEncoder, UniClTower


class TextModel(Protocol):
    """What texts want of a model; `splitseem_model.network.SegmentationModel` has it."""

    config: ModelConfig
    class_matrix: nn.Parameter
    """Of the classes it was trained on, `[K, E]`."""

    @property
    def text(self) -> UniClTextEncoder | None:
        """The text encoder inside, or None."""

    @property
    def sentence_projection(self) -> SentenceProjection | None:
        """What brings the vectors of a frozen sentence encoder to the joint space, or None."""

    @property
    def semantic(self) -> SemanticMap | None:
        """The map of meanings, or None."""


def text_tower(model: TextModel) -> TextTower | None:
    """What reads texts for a model; None when it was made without."""
    if model.text is not None:
        return UniClTower(model.text)
    if model.sentence_projection is not None:
        return SentenceTower(model.sentence_projection, by_meaning=model.semantic is not None)
    return None


class SentenceTower:
    """A frozen sentence encoder and a learned projection: one token a text. Implements `TextTower`.

    Common words are bundled; the encoder is loaded with the first other text. Raises then: TextTowerError, it
    is not installed.
    """

    templates: tuple[str, ...] = ("{}",)

    def __init__(self, projection: SentenceProjection, *, by_meaning: bool = False) -> None:
        """`by_meaning`: names are compared with the meanings of masks, not with class embeddings."""
        self._projection = projection
        self._by_meaning = by_meaning

    @cached_property
    def _encoder(self) -> CommonFirst | MiniLm:
        # A projection of another width belongs to other sentence vectors than the bundled ones.
        return CommonFirst() if self._projection.meaning.in_features == WIDTH else MiniLm.load()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of encoder and projection, hexadecimal."""
        digest = hashlib.sha256(SHA256.encode() + (b"meaning" if self._by_meaning else b""))
        for name, tensor in sorted(self._projection.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.cpu().contiguous().numpy().data)
        return digest.hexdigest()

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> list[TextEncoding]:
        """One token each; the sentence is the meaning that class embeddings are compared with."""
        vectors = self._vectors(texts)
        tokens, meanings, given = (
            tensor.cpu().numpy()
            for tensor in (self._projection.token(vectors), self._projection.meaning(vectors), vectors)
        )
        return [TextEncoding(tokens[k : k + 1], meanings[k], given[k]) for k in range(len(texts))]

    @torch.no_grad()
    def sentences(self, texts: Sequence[str]) -> Floats:
        """What names are compared by: meanings `[n, E]`, or vectors of the encoder `[n, sentence_dim]`."""
        if self._by_meaning:
            return self._encoder.encode(texts).numpy()
        meanings: Floats = self._projection.meaning(self._vectors(texts)).cpu().numpy()
        return meanings

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """Sentence vectors where the projection is."""
        return self._encoder.encode(texts).to(self._projection.meaning.weight.device)
