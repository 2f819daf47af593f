"""Texts and class names -> vectors, off the event loop and behind a queue of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import TextTowerError
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.errors import NoTextEncoder

Array = NDArray[np.float32]
T = TypeVar("T")


class TextEncoder(Protocol):
    """What the service needs of a text encoder; `splitseem_model.text.arrays.TextArrays` is one. Blocking."""

    def encode(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        """Of every text, its tokens `[T, D]` and its sentence vector `[E]`."""
        ...

    def class_matrix(self, names: Sequence[str]) -> Array:
        """Class names in the joint space, `[K, E]`, rows of length one."""
        ...


class TextService:
    """Answers requests for text vectors, one after the other.

    Args:
        queue: in which requests wait; of one worker.
    """

    def __init__(self, encoder: TextEncoder, queue: EncodeQueue) -> None:
        self._encoder = encoder
        self._queue = queue

    async def encode(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        """Tokens and sentence vector of every text.

        Raises:
            QueueFull: too many requests wait already. NoTextEncoder: a text that is no common word, and the
            sentence
                encoder is not installed.
        """
        return await self._run(partial(self._encoder.encode, texts))

    async def class_matrix(self, names: Sequence[str]) -> Array:
        """The class matrix of a vocabulary.

        Raises:
            QueueFull, NoTextEncoder: as for `encode`.
        """
        return await self._run(partial(self._encoder.class_matrix, names))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._queue.run(work, on_start=lambda: None)
        except TextTowerError as error:
            raise NoTextEncoder(str(error)) from error
