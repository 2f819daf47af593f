"""Image or key, and prompts -> masks: the decoder of the page, for clients that have none."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import FingerprintMismatch, PromptError, TextTowerError
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.step.replay import replay
from splitseem_proto import CocoRle, Embedding, PromptItem, TextPrompt, encode_rle
from splitseem_server.cache.checked import CheckedCache, place_of
from splitseem_server.decoding.photos import Photos
from splitseem_server.decoding.request import DecodeRequest, Memory, ObjectRequest
from splitseem_server.embedding.keys import is_key
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.service import Embedded, EmbeddingService, EmbedOptions
from splitseem_server.errors import InvalidParameter, NoTextEncoder, NotFound, WrongModel

if TYPE_CHECKING:
    from splitseem_model.step.answering import Step
    from splitseem_model.step.proposals import Proposal

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

    def alternatives(
        self, image: Any, items: Sequence[PromptItem], memory: MemoryPrompt | None = None
    ) -> list[Step]:
        """The answers to a click that differ, the first one first."""
        ...

    def can_find(self, image: Any) -> bool:
        """Whether words alone have places in an image."""
        ...

    def find(self, image: Any, *texts: str) -> list[Proposal]:
        """Everything that words name, best first."""
        ...

    def mask(self, image: Any, step: Step) -> NDArray[np.bool_]:
        """The mask of a step in the image frame, bool `[H, W]`."""
        ...

    def with_pixels(self, image: Any, pixels: NDArray[np.uint8]) -> Any:
        """A prepared image whose masks get the edges of these pixels, `[H, W, 3]`."""
        ...


@dataclass(frozen=True)
class DecodedObject:
    """The answer to the last prompt of an object: mask, its number of pixels, label, scores, the class
    embedding float32 `[E]` that names are compared with, and memory. The last two are empty and None
    for what was painted alone.

    Attributes:
        prompts: those that make the object, where it was found by words.
        alternatives: the answers to its last click that differ, where they were asked for.
        extent: of one of them, which it is; None: the first.
    """

    mask: CocoRle
    area: int
    label: str | None
    label_score: float | None
    score: float
    class_embed: NDArray[np.float32]
    memory: Memory | None
    prompts: tuple[PromptItem, ...] | None = None
    alternatives: tuple[DecodedObject, ...] | None = None
    extent: str | None = None


@dataclass(frozen=True)
class Decoded:
    """Objects in the order asked, key of the embedding and where that came from, milliseconds by stage."""

    objects: tuple[DecodedObject, ...]
    key: str
    source: str
    timings_ms: Mapping[str, float]


@dataclass
class _Run:
    """What the pieces of one request hand on to each other.

    Attributes:
        memory: that the next step sees; before: that the last one saw.
    """

    objects: Sequence[ObjectRequest]
    tenant: str
    pixels: NDArray[np.uint8] | None = None
    image: Any = None
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    step: Step | None = None
    memory: MemoryPrompt | None = None
    before: MemoryPrompt | None = None
    answers: list[DecodedObject] = field(default_factory=list)


class DecodeService:
    """Answers prompts; requests take turns, a step each.

    Args:
        queue: in which requests wait; of one worker.
        photos: where the pixels of an image come from.
    """

    def __init__(
        self,
        decoder: PromptDecoder,
        embeddings: EmbeddingService,
        cache: CheckedCache,
        queue: EncodeQueue,
        photos: Photos,
    ) -> None:
        self._decoder = decoder
        self._embeddings = embeddings
        self._cache = cache
        self._queue = queue
        self._photos = photos
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
        run = _Run(asked.objects, options.tenant)
        try:
            async with self._photos.pixels(asked.image if asked.sharp else None) as run.pixels:
                await self._queue.run_in_turns(self._pieces(embedded, run))
        except FingerprintMismatch as error:
            raise WrongModel(str(error)) from error
        except TextTowerError as error:
            raise NoTextEncoder(str(error)) from error
        except PromptError as error:
            raise InvalidParameter(str(error)) from error
        timings = {**embedded.timings_ms, "decode_prompts": (time.perf_counter() - begin) * 1000}
        return Decoded(tuple(run.answers), embedded.key, embedded.source, timings)

    async def _embedded(self, asked: DecodeRequest, options: EmbedOptions) -> Embedded:
        if asked.image is not None:
            return await self._embeddings.embed(asked.image, options)
        key = asked.key or ""
        if not is_key(key):
            raise InvalidParameter(f"key {key!r}; keys are 64 hexadecimal digits")
        begin = time.perf_counter()
        packed = await self._cache.get(key, options.tenant)
        if packed is None:
            raise NotFound(f"no embedding {key} in the cache; send the image instead")
        return Embedded(key, packed, "hit", {"cache": (time.perf_counter() - begin) * 1000})

    def _pieces(self, embedded: Embedded, run: _Run) -> Iterator[Callable[[], None]]:
        """The work of a request, a step or a mask each: other requests have their turn in between."""
        yield partial(self._open, embedded, run)
        words = words_alone(run.objects)
        if words and self._decoder.can_find(run.image):
            yield partial(self._find, words, run)
            return
        for item in run.objects:
            yield partial(self._begin, item, run)
            for _ in _unanswered(item):
                yield partial(self._step, run)
            yield partial(self._finish, item, run)
            if item.alternatives:
                yield partial(self._list_alternatives, item, run)

    def _open(self, embedded: Embedded, run: _Run) -> None:
        image = self._image(embedded, place_of(embedded.key, run.tenant))
        run.image = image if run.pixels is None else self._decoder.with_pixels(image, run.pixels)

    def _begin(self, item: ObjectRequest, run: _Run) -> None:
        unanswered = _unanswered(item)
        run.memory = None
        if item.memory is not None:
            run.memory = MemoryPrompt(self._fitting(run.image, item.memory), item.memory.prompts)
        run.steps = replay(
            self._decoder.step,
            run.image,
            [(prompt,) for prompt in unanswered],
            before=item.prompts[: len(item.prompts) - len(unanswered)],
            memory=run.memory,
        )

    def _step(self, run: _Run) -> None:
        run.step, run.before = next(run.steps), run.memory
        run.memory = run.step.memory

    def _finish(self, item: ObjectRequest, run: _Run) -> None:
        assert run.step is not None, "a request has a prompt to answer for every object"
        run.answers.append(self._answer(run.image, run.step, len(item.prompts)))

    def _list_alternatives(self, item: ObjectRequest, run: _Run) -> None:
        steps = self._decoder.alternatives(run.image, item.prompts, run.before)
        answers = (self._answer(run.image, step, len(item.prompts)) for step in steps)
        run.answers[-1] = replace(run.answers[-1], alternatives=tuple(answers))

    def _find(self, words: Sequence[str], run: _Run) -> None:
        for found in self._decoder.find(run.image, *words):
            answer = self._answer(run.image, found.step, 1)
            run.answers.append(replace(answer, score=found.score, prompts=(found.click,)))

    def _answer(self, image: Any, step: Step, prompts: int) -> DecodedObject:
        assert step.class_embed is not None, "every step is labelled"
        memory = step.memory
        mask = self._decoder.mask(image, step)
        return DecodedObject(
            encode_rle(mask),
            int(mask.sum()),
            step.label,
            step.label_score,
            step.score,
            step.class_embed,
            None if memory is None else Memory(prompts, memory.mask_logits),
            extent=step.extent,
        )

    def _image(self, embedded: Embedded, place: str) -> Any:
        """The prepared image; only the one worker of the queue comes here."""
        image = self._prepared.pop(place, None)
        if image is None:
            image = self._decoder.prepare(embedded.packed.embedding)
        self._prepared[place] = image
        if len(self._prepared) > IMAGES_PREPARED:
            self._prepared.popitem(last=False)
        return image

    @staticmethod
    def _fitting(image: Any, memory: Memory) -> NDArray[np.float32]:
        if memory.mask_logits.shape != tuple(image.masks.size_hw):
            raise PromptError(
                f"memory of {list(memory.mask_logits.shape)} where this image's masks have"
                f" {list(image.masks.size_hw)}: it is of another image, canvas or region"
            )
        return memory.mask_logits


def words_alone(objects: Sequence[ObjectRequest]) -> tuple[str, ...]:
    """The texts of a request for all that words name: of one object, and nothing else; else none."""
    (first, *others) = objects
    texts = tuple(prompt.text for prompt in first.prompts if isinstance(prompt, TextPrompt))
    return texts if not others and first.memory is None and len(texts) == len(first.prompts) else ()


def _unanswered(item: ObjectRequest) -> Sequence[PromptItem]:
    """The prompts of an object that its memory has not seen."""
    return item.prompts if item.memory is None else item.prompts[item.memory.prompts :]
