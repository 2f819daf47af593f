"""Images whose prompts are answered here, for callers that wait and for asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self

from splitseem.calls import Prompts
from splitseem.local import Asking, LocalSession, answer, texts_of
from splitseem.results import EmbeddedImage, Found
from splitseem_proto import Click, PromptItem

MOST = 100
"""Objects that `everything` gives at most, unless asked otherwise."""


class Image:
    """An image that is ready for prompts, which are answered here; `Client.image` makes it.

    One object is marked at a time: each `click` or `prompt` adds to it, and sees the mask before. May be used
    by several threads; they share the object.
    """

    def __init__(self, session: LocalSession, grant: Callable[[Asking[Any]], Any]) -> None:
        self._session = session
        self._grant = grant

    @property
    def embedded(self) -> EmbeddedImage:
        """The embedding that the server made."""
        return self._session.embedded

    @property
    def size_hw(self) -> tuple[int, int]:
        """Of the upright image, pixels."""
        return self.embedded.size_hw

    def click(self, x: float, y: float, label: int = 1, extent: str | None = None) -> Found:
        """Click at a pixel of the object, or with label 0 at one beside it; as `prompt`. Extents "smaller"
        and "larger" mean another mask than the first."""
        return self.prompt(Click(x, y, label, extent))

    def prompt(self, *items: PromptItem) -> Found:
        """Add prompts to the object, one after the other: its mask after the last of them.

        Raises:
            InputError: no prompt, or one that cannot be, outside the image for example; none of them counts
                then. NotFound: a text, and the model of the server reads none.
        """
        found: Found = self._grant(answer(self._session, texts_of(items), LocalSession.prompt, items))
        return found

    def begin(self) -> None:
        """Begin another object."""
        self._session.begin()

    def segment(self, prompts: Prompts) -> Found:
        """The object that prompts mean, apart from the one that is being marked; errors as for `prompt`."""
        found: Found = self._grant(answer(self._session, texts_of(prompts), LocalSession.segment, prompts))
        return found

    def alternatives(self, prompts: Prompts) -> tuple[Found, ...]:
        """The answers to a click, the last of all prompts of an object, that differ: the first, a smaller, a
        larger one. A click with the `extent` of one gives it. Errors as for `prompt`."""
        asking = answer(self._session, texts_of(prompts), LocalSession.alternatives, prompts)
        found: tuple[Found, ...] = self._grant(asking)
        return found

    def find(self, text: str) -> tuple[Found, ...]:
        """All that a word or a phrase means in the image, best first."""
        found: tuple[Found, ...] = self._grant(answer(self._session, [text], LocalSession.find, text))
        return found

    def everything(self, most: int = MOST) -> tuple[Found, ...]:
        """What may be objects, the likeliest first; each is a click here, so it takes a while."""
        return self._session.everything(most)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """What an image takes is freed with it."""


class AsyncImage:
    """As `Image`, for asyncio: methods are to be awaited, and decode in a thread."""

    def __init__(self, session: LocalSession, grant: Callable[[Asking[Any]], Awaitable[Any]]) -> None:
        self._session = session
        self._grant = grant

    @property
    def embedded(self) -> EmbeddedImage:
        """As `Image.embedded`."""
        return self._session.embedded

    @property
    def size_hw(self) -> tuple[int, int]:
        """As `Image.size_hw`."""
        return self.embedded.size_hw

    async def click(self, x: float, y: float, label: int = 1, extent: str | None = None) -> Found:
        """As `Image.click`."""
        return await self.prompt(Click(x, y, label, extent))

    async def prompt(self, *items: PromptItem) -> Found:
        """As `Image.prompt`."""
        found: Found = await self._grant(answer(self._session, texts_of(items), LocalSession.prompt, items))
        return found

    def begin(self) -> None:
        """As `Image.begin`; not to be awaited."""
        self._session.begin()

    async def segment(self, prompts: Prompts) -> Found:
        """As `Image.segment`."""
        asking = answer(self._session, texts_of(prompts), LocalSession.segment, prompts)
        found: Found = await self._grant(asking)
        return found

    async def alternatives(self, prompts: Prompts) -> tuple[Found, ...]:
        """As `Image.alternatives`."""
        asking = answer(self._session, texts_of(prompts), LocalSession.alternatives, prompts)
        found: tuple[Found, ...] = await self._grant(asking)
        return found

    async def find(self, text: str) -> tuple[Found, ...]:
        """As `Image.find`."""
        found: tuple[Found, ...] = await self._grant(answer(self._session, [text], LocalSession.find, text))
        return found

    async def everything(self, most: int = MOST) -> tuple[Found, ...]:
        """As `Image.everything`."""
        asking = answer(self._session, (), LocalSession.everything, most)
        found: tuple[Found, ...] = await self._grant(asking)
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """What an image takes is freed with it."""
