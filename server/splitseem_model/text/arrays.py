"""A text tower for callers without torch: texts in, arrays out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from splitseem_model.text.minilm import WIDTH, is_installed
from splitseem_model.text.tower import TextTower
from splitseem_model.text.towers import TextModel, text_tower
from splitseem_model.text.vocabulary import class_matrix

Array = NDArray[np.float32]


class TextArrays:
    """Blocking, and safe to call from several threads.

    Raises, from every method: TextTowerError: a text that is no common word, and the sentence encoder is not
    installed.
    """

    def __init__(self, tower: TextTower) -> None:
        self._tower = tower

    def encode(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        """Of every text, its tokens `[T, D]` and its sentence vector `[E]`, float32."""
        return [(text.tokens, text.sentence) for text in self._tower.encode(texts)]

    def class_matrix(self, names: Sequence[str]) -> Array:
        """Class names in the joint space, `[K, E]` float32, rows of length one."""
        return class_matrix(self._tower, names)


def text_arrays(model: TextModel) -> TextArrays | None:
    """The text tower of a model; None when it has none, or when its sentence encoder is not installed and the
    bundled words are not of that encoder."""
    tower = text_tower(model)
    if tower is None or not (model.text is not None or is_installed() or model.config.sentence_dim == WIDTH):
        return None
    return TextArrays(tower)
