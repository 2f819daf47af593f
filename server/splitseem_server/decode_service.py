"""Image or key, and prompts -> masks: the decoder of the page, for clients that have none."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import FingerprintMismatch, PromptError, TextTowerError
from splitseem_model.memory import MemoryPrompt
from splitseem_proto import Embedding, PromptItem
from splitseem_server.cache.base import EmbeddingCache
from splitseem_server.decode_request import DecodeRequest, Memory, ObjectRequest
from splitseem_server.embedding_service import Embedded, EmbeddingService, EmbedOptions
from splitseem_server.encode_queue import EncodeQueue
from splitseem_server.errors import InvalidParameter, NoTextEncoder, NotFound, WrongModel
from splitseem_server.keys import is_key

if TYPE_CHECKING:
    from splitseem_model.answering import Step

IMAGES_PREPARED = 4
"""Images kept ready for further prompts; one takes some ten times its embedding."""


class PromptDecoder(Protocol):
    """What the service needs; `splitseem_model.image_decoder.ImageDecoder` is one. Blocking, one call at a
    time."""

    def prepare(self, embedding: Embedding) -> Any:
        """An embedded image, ready for steps."""
        ...

    def step(self, image: Any, items: Sequence[PromptItem], memory: MemoryPrompt | None = None) -> Step:
        """One object from all its prompts so far."""
        ...

    def mask(self, image: Any, step: Step) -> NDArray[np.bool_]:
        """The mask of a step in the image frame, bool `[H, W]`."""
        ...


@dataclass(frozen=True)
class DecodedObject:
    """The answer to the last prompt of an object: mask bool `[H, W]`, label and scores, and its memory."""

    mask: NDArray[np.bool_]
    label: str | None
    label_score: float | None
    score: float
    memory: Memory


@dataclass(frozen=True)
class Decoded:
    """Objects in the order asked, key of the embedding and where that came from, milliseconds by stage."""

    objects: tuple[DecodedObject, ...]
    key: str
    source: str
    timings_ms: Mapping[str, float]


class DecodeService:
    """Answers prompts, one request after the other.

    Args:
        capacity: requests that may wait.
    """

    def __init__(
        self, decoder: PromptDecoder, embeddings: EmbeddingService, cache: EmbeddingCache, *, capacity: int
    ) -> None:
        self._decoder = decoder
        self._embeddings = embeddings
        self._cache = cache
        self._queue = EncodeQueue(workers=1, capacity=capacity, what="prompts")
        self._prepared: OrderedDict[str, Any] = OrderedDict()

    async def decode(self, asked: DecodeRequest, options: EmbedOptions) -> Decoded:
        """Segment the objects of a request. Prompts are answered in order, each with the mask before as its
        memory, as in the page.

        Raises:
            NotFound: no embedding of that key. WrongModel: it is another model's.
            InvalidParameter: a prompt that the model cannot take. NoTextEncoder: a text, and it takes none.
            ServerError: the image or an option is refused, or too many requests wait.
        """
        embedded = await self._embedded(asked, options)
        begin = time.perf_counter()
        work = partial(self._answer, embedded, asked.objects)
        try:
            objects = await self._queue.run(work, on_start=lambda: None)
        except FingerprintMismatch as error:
            raise WrongModel(str(error)) from error
        except TextTowerError as error:
            raise NoTextEncoder(str(error)) from error
        except PromptError as error:
            raise InvalidParameter(str(error)) from error
        timings = {**embedded.timings_ms, "decode_prompts": (time.perf_counter() - begin) * 1000}
        return Decoded(objects, embedded.key, embedded.source, timings)

    async def _embedded(self, asked: DecodeRequest, options: EmbedOptions) -> Embedded:
        if asked.image is not None:
            return await self._embeddings.embed(asked.image, options)
        key = asked.key or ""
        if not is_key(key):
            raise InvalidParameter(f"key {key!r}; keys are 64 hexadecimal digits")
        begin = time.perf_counter()
        data = await self._cache.get(key)
        if data is None:
            raise NotFound(f"no embedding {key} in the cache; send the image instead")
        return Embedded(key, data, "hit", {"cache": (time.perf_counter() - begin) * 1000})

    def _answer(self, embedded: Embedded, objects: Sequence[ObjectRequest]) -> tuple[DecodedObject, ...]:
        image = self._image(embedded)
        return tuple(self._segment(image, item) for item in objects)

    def _image(self, embedded: Embedded) -> Any:
        """The prepared image; only the one worker of the queue comes here."""
        image = self._prepared.pop(embedded.key, None)
        if image is None:
            image = self._decoder.prepare(embedded.unpacked())
        self._prepared[embedded.key] = image
        if len(self._prepared) > IMAGES_PREPARED:
            self._prepared.popitem(last=False)
        return image

    def _segment(self, image: Any, item: ObjectRequest) -> DecodedObject:
        memory = None if item.memory is None else MemoryPrompt(self._fitting(image, item.memory))
        answered = 0 if item.memory is None else item.memory.prompts
        for count in range(answered + 1, len(item.prompts) + 1):
            step = self._decoder.step(image, item.prompts[:count], memory)
            memory = step.memory
        handed_on = Memory(len(item.prompts), step.memory.mask_logits)
        mask = self._decoder.mask(image, step)
        return DecodedObject(mask, step.label, step.label_score, step.score, handed_on)

    @staticmethod
    def _fitting(image: Any, memory: Memory) -> NDArray[np.float32]:
        if memory.mask_logits.shape != tuple(image.masks.size_hw):
            raise PromptError(
                f"memory of {list(memory.mask_logits.shape)} where this image's masks have"
                f" {list(image.masks.size_hw)}: it is of another image, canvas or region"
            )
        return memory.mask_logits
