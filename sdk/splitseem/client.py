"""A client that waits, and one for asyncio; both ask the same questions."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from splitseem import calls
from splitseem.calls import Call, Prompts
from splitseem.errors import InputError, NoAnswer
from splitseem.images import AsyncImage, Image
from splitseem.inputs import ImageLike
from splitseem.local import Asking, Work, decoders_in, open_image
from splitseem.results import EmbeddedImage, Found, Memory, Segmentation, TextVectors
from splitseem.retries import Retries
from splitseem.talk import Pause, Reply, talk
from splitseem_proto import TextPrompt

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

TIMEOUT_S = 120.0
"""A large photo on a busy server without a GPU takes its time."""


class Client:
    """Asks a server, and waits for its answers. May be used by several threads, and in a `with` statement.

    Args:
        url: of the server, for example `http://127.0.0.1:8000`.
        api_key: for a server that asks for one.
        timeout_s: seconds in which the server must send something.
        retries: how patient the client is while the server is busy or away.
        decoder_folder: where the server's decoder is kept, for `image`; None: the user's cache folder.
        http: a client of httpx with settings of your own, such as proxies; it is not closed here.
    Raises:
        InputError: `url` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: Retries | None = None,
        decoder_folder: str | Path | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        import httpx  # half of the time that importing this package would take

        self._wire = _Wire(url, api_key)
        self._retries = retries or Retries()
        self._decoders = decoders_in(decoder_folder)
        self._own = None if http is not None else httpx.Client(timeout=timeout_s)
        self._http: httpx.Client = http or self._own  # type: ignore[assignment]  # one of them is there

    def embed(
        self,
        image: ImageLike,
        *,
        codec: str | None = None,
        canvas: int | None = None,
        roi_xywh: Sequence[int] | None = None,
        maps: str | None = None,
    ) -> EmbeddedImage:
        """The embedding of an image; of one that the server knows, without work for its encoder.

        Args:
            image: a path, the bytes of an image file, an open file, uint8 `[H, W]`, `[H, W, 3]` or
                `[H, W, 4]`, or an image of Pillow. Files are turned upright by their orientation mark.
            codec, canvas, maps: as in docs/http-api.md; None: the server's choice.
            roi_xywh: the part to encode, left, top, width and height in pixels of the upright image.
        Raises:
            InputError, OSError: the image cannot be sent. Refused, NoAnswer, BadAnswer: see `errors.py`.
        """
        return self._run(calls.embed(image, codec=codec, canvas=canvas, roi_xywh=roi_xywh, maps=maps))

    def stored(self, key: str) -> EmbeddedImage:
        """The embedding of a key.

        Raises:
            NotFound: the server has forgotten it, or another tenant made it.
        """
        return self._run(calls.stored(key))

    def segment(
        self, image: EmbeddedImage | ImageLike, prompts: Prompts, *, memory: Memory | None = None
    ) -> Found:
        """The object that prompts mean.

        Args:
            image: embedded, which is quicker from the second question on, or as `embed` takes it.
            prompts: all prompts of the object, in the order given; pixels of the upright image, (x, y), the
                centre of the first pixel at (0.5, 0.5).
            memory: of the answer to the first of these prompts; only those after it are answered then.
        Raises:
            InputError: no prompt. Refused: a prompt outside the image, and as `embed`.
        """
        return self._run(calls.segment(image, [prompts], [memory]))[0]

    def segment_each(self, image: EmbeddedImage | ImageLike, objects: Sequence[Prompts]) -> tuple[Found, ...]:
        """Several objects of one image, each by its own prompts; as `segment`."""
        return self._run(calls.segment(image, objects, [None] * len(objects)))

    def alternatives(
        self, image: EmbeddedImage | ImageLike, prompts: Prompts, *, memory: Memory | None = None
    ) -> tuple[Found, ...]:
        """The answers to a click, the last of the prompts, that differ: the first, a smaller, a larger one. A
        click with the `extent` of one gives it. Arguments and errors as for `segment`."""
        return self._run(calls.alternatives(image, prompts, memory))

    def find(self, image: EmbeddedImage | ImageLike, text: str) -> tuple[Found, ...]:
        """What a word or a phrase means in an image, best first.

        Raises:
            NotFound: the server understands no texts; and as `segment`.
        """
        return self._run(calls.segment(image, [[TextPrompt(text)]], [None]))

    def everything(
        self, image: EmbeddedImage | ImageLike, *, mode: str = "panoptic", min_score: float = 0.0
    ) -> Segmentation:
        """All that is in an image, without a prompt.

        Args:
            mode: `panoptic`, `semantic` or `instance`. min_score: instances below it are left out.
        Raises:
            NotFound: the model of the server cannot; and as `embed`.
        """
        return self._run(calls.everything(image, mode=mode, min_score=min_score))

    def image(
        self,
        image: EmbeddedImage | ImageLike,
        *,
        names: Sequence[str] | None = None,
        canvas: int | None = None,
        roi_xywh: Sequence[int] | None = None,
        sharp: bool = True,
    ) -> Image:
        """An image whose prompts are answered here, by the server's decoder in ONNX Runtime; the server
        embeds it, and is asked again for texts only. Masks are those of the page with the same weights.

        Needs the extra `decode`: onnxruntime and Pillow, no torch.

        Args:
            image: as `embed` takes it, or embedded.
            names: that masks may have; None: those of the model.
            canvas, roi_xywh: as for `embed`, where the image is not embedded yet.
            sharp: whether masks get the edges of the photo's own pixels. What was embedded by its key has
                none, nor have answers of `segment`.
        Raises:
            NotInstalled: onnxruntime or Pillow is not there. NotFound: the server has no exported decoder.
            Refused, NoAnswer, BadAnswer, InputError, OSError: as `embed`.
        """
        embedding = _embedding(image, canvas, roi_xywh)
        return Image(self._grant(open_image(self._decoders, embedding, names, sharp=sharp)), self._grant)

    def texts(self, texts: Sequence[str] = (), *, vocabulary: Sequence[str] = ()) -> TextVectors:
        """What texts and class names mean to the model.

        Raises:
            NotFound: the server understands no texts.
        """
        return self._run(calls.texts(texts, vocabulary))

    def manifest(self) -> dict[str, Any]:
        """What the exported decoder is, and its files."""
        return self._run(calls.manifest())

    def readiness(self) -> dict[str, Any]:
        """How the server is doing.

        Raises:
            Busy: it is not ready, also after all retries.
        """
        return self._run(calls.readiness())

    def close(self) -> None:
        """Close the connections."""
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _grant(self, asking: Asking[T]) -> T:
        came: Any = None
        while True:
            try:
                wish = asking.send(came)
            except StopIteration as end:
                granted: T = end.value
                return granted
            came = wish.do() if isinstance(wish, Work) else self._run(wish)

    def _run(self, call: Call[T]) -> T:
        conversation, came = talk(call, self._retries), None
        while True:
            try:
                wish = conversation.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            came = None
            if isinstance(wish, Pause):
                time.sleep(wish.seconds)
            else:
                came = self._ask(wish)

    def _ask(self, call: Call[Any]) -> Reply | NoAnswer:
        import httpx

        try:
            return reply_of(self._http.request(**self._wire.request(call)))
        except httpx.TransportError as error:
            return self._wire.no_answer(error)


class AsyncClient:
    """As `Client`, for asyncio: every method is to be awaited, and `async with` closes it."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: Retries | None = None,
        decoder_folder: str | Path | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        import httpx

        self._wire = _Wire(url, api_key)
        self._retries = retries or Retries()
        self._decoders = decoders_in(decoder_folder)
        self._own = None if http is not None else httpx.AsyncClient(timeout=timeout_s)
        self._http: httpx.AsyncClient = http or self._own  # type: ignore[assignment]  # one of them is there

    async def embed(
        self,
        image: ImageLike,
        *,
        codec: str | None = None,
        canvas: int | None = None,
        roi_xywh: Sequence[int] | None = None,
        maps: str | None = None,
    ) -> EmbeddedImage:
        """As `Client.embed`."""
        return await self._run(calls.embed(image, codec=codec, canvas=canvas, roi_xywh=roi_xywh, maps=maps))

    async def stored(self, key: str) -> EmbeddedImage:
        """As `Client.stored`."""
        return await self._run(calls.stored(key))

    async def segment(
        self, image: EmbeddedImage | ImageLike, prompts: Prompts, *, memory: Memory | None = None
    ) -> Found:
        """As `Client.segment`."""
        return (await self._run(calls.segment(image, [prompts], [memory])))[0]

    async def segment_each(
        self, image: EmbeddedImage | ImageLike, objects: Sequence[Prompts]
    ) -> tuple[Found, ...]:
        """As `Client.segment_each`."""
        return await self._run(calls.segment(image, objects, [None] * len(objects)))

    async def alternatives(
        self, image: EmbeddedImage | ImageLike, prompts: Prompts, *, memory: Memory | None = None
    ) -> tuple[Found, ...]:
        """As `Client.alternatives`."""
        return await self._run(calls.alternatives(image, prompts, memory))

    async def find(self, image: EmbeddedImage | ImageLike, text: str) -> tuple[Found, ...]:
        """As `Client.find`."""
        return await self._run(calls.segment(image, [[TextPrompt(text)]], [None]))

    async def everything(
        self, image: EmbeddedImage | ImageLike, *, mode: str = "panoptic", min_score: float = 0.0
    ) -> Segmentation:
        """As `Client.everything`."""
        return await self._run(calls.everything(image, mode=mode, min_score=min_score))

    async def image(
        self,
        image: EmbeddedImage | ImageLike,
        *,
        names: Sequence[str] | None = None,
        canvas: int | None = None,
        roi_xywh: Sequence[int] | None = None,
        sharp: bool = True,
    ) -> AsyncImage:
        """As `Client.image`."""
        embedding = _embedding(image, canvas, roi_xywh)
        session = await self._grant(open_image(self._decoders, embedding, names, sharp=sharp))
        return AsyncImage(session, self._grant)

    async def texts(self, texts: Sequence[str] = (), *, vocabulary: Sequence[str] = ()) -> TextVectors:
        """As `Client.texts`."""
        return await self._run(calls.texts(texts, vocabulary))

    async def manifest(self) -> dict[str, Any]:
        """As `Client.manifest`."""
        return await self._run(calls.manifest())

    async def readiness(self) -> dict[str, Any]:
        """As `Client.readiness`."""
        return await self._run(calls.readiness())

    async def close(self) -> None:
        """Close the connections."""
        if self._own is not None:
            await self._own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _grant(self, asking: Asking[T]) -> T:
        import asyncio

        came: Any = None
        while True:
            try:
                wish = asking.send(came)
            except StopIteration as end:
                granted: T = end.value
                return granted
            came = await (asyncio.to_thread(wish.do) if isinstance(wish, Work) else self._run(wish))

    async def _run(self, call: Call[T]) -> T:
        import asyncio

        conversation, came = talk(call, self._retries), None
        while True:
            try:
                wish = conversation.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            came = None
            if isinstance(wish, Pause):
                await asyncio.sleep(wish.seconds)
            else:
                came = await self._ask(wish)

    async def _ask(self, call: Call[Any]) -> Reply | NoAnswer:
        import httpx

        try:
            return reply_of(await self._http.request(**self._wire.request(call)))
        except httpx.TransportError as error:
            return self._wire.no_answer(error)


def _embedding(
    image: EmbeddedImage | ImageLike, canvas: int | None, roi_xywh: Sequence[int] | None
) -> EmbeddedImage | Call[EmbeddedImage]:
    if isinstance(image, EmbeddedImage):
        return image
    return calls.embed(image, codec=None, canvas=canvas, roi_xywh=roi_xywh, maps=None)


class _Wire:
    """Where a server is, and how requests to it look."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._url = _checked(url)
        key = None if api_key is None else api_key.strip()
        if key is not None and not (key and key.isascii() and key.isprintable()):
            raise InputError(
                "api_key has characters that no key has; give it as `splitseem keys new` printed it"
            )
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """The arguments of `httpx.Client.request`."""
        headers = {**self._headers, "Accept": call.accept}
        if call.body is not None:
            headers["Content-Type"] = call.body.content_type
        files = {
            name: (file.name, file.content, file.content_type) for name, file in (call.files or {}).items()
        }
        return {
            "method": call.method,
            "url": self._url + call.path,
            "params": dict(call.query) or None,
            "headers": headers,
            "content": None if call.body is None else call.body.content,
            "json": call.json,
            "files": files or None,
            "data": call.form,
        }

    def no_answer(self, error: Exception) -> NoAnswer:
        """In words, without the number that the system gives its error."""
        reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
        return NoAnswer(f"no answer from {self._url}: {reason}; is a splitseem server running there?")


def reply_of(response: httpx.Response) -> Reply:
    """What came, without httpx."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, response.reason_phrase, headers, response.content)


def _checked(url: str) -> str:
    try:
        address = urlsplit(url)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise InputError(f"the server must be an http or https address, got {url!r}")
    return url.rstrip("/")
