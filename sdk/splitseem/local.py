"""Images whose prompts are answered here: what is asked of the server for them, and their sessions.

A wish for something of the server is a `Call` that a generator yields, a wish for time is `Work`; the clients
grant them, with or without `await`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from splitseem import calls
from splitseem.calls import Call
from splitseem.decoder_files import (
    CLICK_GRAPHS,
    REFINER_GRAPHS,
    TEXT_GRAPHS,
    DecoderFile,
    FileCache,
    checked,
    graphs_of,
)
from splitseem.errors import BadAnswer, InputError, NotInstalled
from splitseem.inputs import ImageFile
from splitseem.pixels import Pixels, pixels_of
from splitseem.results import EmbeddedImage, Found, Memory, TextVectors
from splitseem_proto import PromptItem, TextPrompt

if TYPE_CHECKING:
    from splitseem.local_decoder import KnownTexts
    from splitseem_model.image_decoder import ImageDecoder
    from splitseem_model.prompt.memory import MemoryPrompt
    from splitseem_model.step.answering import Step
    from splitseem_model.step.prepared_image import PreparedImage
    from splitseem_model.step.proposals import Proposal

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """A wish for time of the processor, apart from an event loop."""

    do: Callable[[], Any]


Asking = Generator[Call[Any] | Work, Any, T]
"""What is wished for, and what came of it."""

_TEXTS_AT_ONCE = 64
"""Entries a request that a server takes, unless it is set otherwise."""


@dataclass(frozen=True, eq=False)
class LocalDecoder:
    """The decoder of a server's model, for all images of a client.

    Attributes:
        text_files: where the graphs for texts are, and their contents once a text was given.
    """

    decoder: ImageDecoder
    texts: KnownTexts
    cache: FileCache
    text_files: Mapping[str, DecoderFile]
    text_graphs: dict[str, bytes]

    def needs(self, texts: Iterable[str], names: Sequence[str] = ()) -> Asking[None]:
        """Ask the server for what is not known of texts and of names of classes."""
        for name, file in self.text_files.items() if texts else ():
            if name not in self.text_graphs:
                self.text_graphs[name] = yield from _content(file, self.cache)
        known = self.texts
        by_meaning = self.decoder.has_meanings
        unknown = [text for text in dict.fromkeys(texts) if text not in known.encodings]
        rows = [*names, *(unknown if by_meaning else ())]
        for some in _parts([name for name in dict.fromkeys(rows) if name not in known.rows]):
            vectors = yield from self._vectors(calls.texts((), some))
            known.rows.update(zip(some, vectors.class_matrix, strict=True))
        for some in _parts(unknown):
            vectors = yield from self._vectors(calls.texts(some, ()))
            _note(known, some, vectors, by_meaning=by_meaning)

    def _vectors(self, call: Call[TextVectors]) -> Asking[TextVectors]:
        """Vectors of another model would decode to nonsense without an error."""
        vectors: TextVectors = yield call
        if vectors.fingerprint != self.decoder.fingerprint:
            raise BadAnswer(
                f"the server reads words for model {vectors.fingerprint}, the decoder here is of"
                f" {self.decoder.fingerprint}: open the image again"
            )
        return vectors


def open_local(cache: FileCache) -> Asking[LocalDecoder]:
    """The decoder of the server's model, its files from the cache where they are there.

    Raises:
        NotInstalled: onnxruntime is not there. NotFound: the server has no exported decoder.
        BadAnswer: it has one that this version does not read, or another file than it says.
    """
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise NotInstalled("decoding here needs onnxruntime", "Client.segment") from error
    from splitseem.local_decoder import KnownTexts, open_decoder

    manifest = checked((yield calls.manifest()))
    try:
        wanted = graphs_of(manifest, (*CLICK_GRAPHS, *REFINER_GRAPHS))
        wanted["vocabulary"] = DecoderFile.of(manifest["vocabulary"])
        text_files = graphs_of(manifest, TEXT_GRAPHS)
        files = {}
        for name, file in wanted.items():
            files[name] = yield from _content(file, cache)
        texts, text_graphs = KnownTexts(), dict[str, bytes]()
        decoder = yield Work(partial(open_decoder, manifest, files, lambda: text_graphs, texts))
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"the server's decoder cannot be read: {error!r}") from error
    return LocalDecoder(decoder, texts, cache, text_files, text_graphs)


def _content(file: DecoderFile, cache: FileCache) -> Asking[bytes]:
    kept = cache.read(file)
    if kept is not None:
        return kept
    content: bytes = yield calls.model_file(file.name)
    if not file.holds(content):
        raise BadAnswer(f"{file.name} came with another content than the server's manifest says: ask again")
    cache.write(file, content)
    return content


def _note(known: KnownTexts, texts: Sequence[str], vectors: TextVectors, *, by_meaning: bool) -> None:
    from splitseem_model.text.tower import TextEncoding

    for text, tokens, sentence in zip(texts, vectors.tokens, vectors.sentences, strict=True):
        known.encodings[text] = TextEncoding(tokens, sentence, known.rows[text] if by_meaning else None)


def _parts(entries: Sequence[str]) -> list[Sequence[str]]:
    return [entries[k : k + _TEXTS_AT_ONCE] for k in range(0, len(entries), _TEXTS_AT_ONCE)]


@dataclass
class LocalDecoders:
    """The decoder of a client, once it was needed."""

    cache: FileCache = field(default_factory=FileCache)
    opened: LocalDecoder | None = None

    def of(self, embedded: EmbeddedImage) -> Asking[LocalDecoder]:
        """The one that reads an embedding; opened again where the server's model has changed.

        Raises:
            BadAnswer: the server has another by now; and as `open_local`.
        """
        wanted = embedded.embedding.fingerprint
        if self.opened is None or self.opened.decoder.fingerprint != wanted:
            self.opened = yield from open_local(self.cache)
        if self.opened.decoder.fingerprint != wanted:
            raise BadAnswer(
                f"the embedding was made by model {wanted}, the server's decoder is of"
                f" {self.opened.decoder.fingerprint}: embed the image again"
            )
        return self.opened


def decoders_in(folder: str | Path | None) -> LocalDecoders:
    """With files that are kept in a folder; None: in the user's cache folder."""
    return LocalDecoders(FileCache(None if folder is None else Path(folder)))


def open_image(
    decoders: LocalDecoders,
    embedding: Call[EmbeddedImage] | EmbeddedImage,
    names: Sequence[str] | None,
    *,
    sharp: bool,
) -> Asking[LocalSession]:
    """An image for prompts; arguments and errors as for `Client.image`."""
    embedded = embedding if isinstance(embedding, EmbeddedImage) else (yield embedding)
    local = yield from decoders.of(embedded)
    yield from local.needs((), names or ())
    pixels = None
    if sharp and embedded.file is not None:
        pixels = yield from _pixels(embedded.file)
    session: LocalSession = yield Work(partial(LocalSession, local, embedded, pixels, names))
    return session


def _pixels(file: ImageFile) -> Asking[Pixels]:
    """The pixels of a photo as the server sees them."""
    pixels: Pixels | None = yield Work(partial(pixels_of, file))
    if pixels is None:
        picture = ImageFile((yield calls.upright(file)))
        pixels = yield Work(partial(pixels_of, picture))
    if pixels is None:
        raise BadAnswer("/v1/upright did not answer with a picture that can be read")
    return pixels


class LocalSession:
    """One image, prepared, and the object that is being marked on it. Blocking, and safe to call from several
    threads; `needs` first says what the server has to be asked."""

    def __init__(
        self,
        local: LocalDecoder,
        embedded: EmbeddedImage,
        pixels: Pixels | None,
        names: Sequence[str] | None,
    ) -> None:
        from splitseem_model.mask.photo.pyramid import PhotoPyramid

        self._local = local
        self.embedded: EmbeddedImage = embedded
        self._decoder = _named(local.decoder, names)
        if pixels is not None and pixels.shape[:2] != embedded.size_hw:
            raise InputError(
                f"expected the pixels of the upright image, {list(embedded.size_hw)},"
                f" got {list(pixels.shape[:2])}"
            )
        prepared = self._decoder.prepare(embedded.embedding)
        self._image: PreparedImage = (
            prepared if pixels is None else replace(prepared, pyramid=PhotoPyramid(pixels))
        )
        self._lock = threading.Lock()
        self._items: list[PromptItem] = []
        self._memory: MemoryPrompt | None = None

    def needs(self, texts: Sequence[str]) -> Asking[None]:
        """What has to be known of texts before they are prompts."""
        return self._local.needs(texts)

    def prompt(self, items: Sequence[PromptItem]) -> Found:
        """Answer further prompts of the object; after an error none of them counts."""
        with self._lock:
            step = self._replayed(items, self._items, self._memory)
            self._items, self._memory = [*self._items, *items], step.memory
            return self._found(step, len(self._items))

    def begin(self) -> None:
        """Begin another object."""
        with self._lock:
            self._items, self._memory = [], None

    def segment(self, items: Sequence[PromptItem]) -> Found:
        """Answer all prompts of an object, whatever is being marked."""
        with self._lock:
            return self._found(self._replayed(items, (), None), len(items))

    def alternatives(self, items: Sequence[PromptItem]) -> tuple[Found, ...]:
        """The answers to a click, the last of all prompts of an object."""
        from splitseem_model.errors import ModelError

        with self._lock:
            memory = self._replayed(items[:-1], (), None).memory if len(items) > 1 else None
            try:
                steps = self._decoder.alternatives(self._image, tuple(items), memory)
            except ModelError as error:
                raise InputError(str(error)) from error
            return tuple(replace(self._found(one, len(items)), extent=one.extent) for one in steps)

    def find(self, text: str) -> tuple[Found, ...]:
        """All that a text names."""
        with self._lock:
            if not self._decoder.can_find(self._image):
                return (self._found(self._replayed([TextPrompt(text)], (), None), 1),)
            return self._proposed(self._decoder.find(self._image, text))

    def everything(self, most: int) -> tuple[Found, ...]:
        """What may be objects."""
        with self._lock:
            return self._proposed(self._decoder.everything(self._image, most))

    def _replayed(
        self, items: Sequence[PromptItem], before: Sequence[PromptItem], memory: MemoryPrompt | None
    ) -> Step:
        from splitseem_model.errors import ModelError
        from splitseem_model.step.replay import replay

        if not items:
            raise InputError("expected at least one prompt")
        try:
            *_, last = replay(
                self._decoder.step, self._image, [(item,) for item in items], before=before, memory=memory
            )
        except ModelError as error:
            raise InputError(str(error)) from error
        return last

    def _proposed(self, proposals: Sequence[Proposal]) -> tuple[Found, ...]:
        return tuple(replace(self._found(one.step, 1), score=one.score) for one in proposals)

    def _found(self, step: Step, prompts: int) -> Found:
        memory = step.memory
        return Found(
            self._decoder.mask(self._image, step),
            step.score,
            step.label,
            step.label_score,
            step.class_embed if step.class_embed is None or len(step.class_embed) else None,
            None if memory is None else Memory(prompts, np.array(memory.mask_logits)),
            self.embedded.key,
        )


def texts_of(items: Sequence[PromptItem]) -> list[str]:
    """The texts among prompts."""
    return [item.text for item in items if isinstance(item, TextPrompt)]


def answer(session: LocalSession, texts: Sequence[str], ask: Callable[..., T], *arguments: Any) -> Asking[T]:
    """What `ask(session, *arguments)` gives, once these texts are known."""
    yield from session.needs(texts)
    result: T = yield Work(partial(ask, session, *arguments))
    return result


def _named(decoder: ImageDecoder, names: Sequence[str] | None) -> ImageDecoder:
    if names is None:
        return decoder
    return decoder.with_options(replace(decoder.options, vocabulary=decoder.vocabulary_of(names)))
