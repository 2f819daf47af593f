"""Requests at work, and what becomes of them when the service is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from splitseem_server.errors import NotReady


class Draining:
    """The requests of an app that are at work. Once it is `begun`, no others are taken."""

    def __init__(self) -> None:
        self.begun = False
        self._running: set[asyncio.Timeout] = set()
        self._none_runs = asyncio.Event()
        self._none_runs.set()

    @property
    def running(self) -> int:
        """Requests at work."""
        return len(self._running)

    @contextlib.asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Around the work of a request.

        Raises:
            NotReady: no more work is taken, or this took longer than there was time.
        """
        if self.begun:
            raise _stopping("no more work is taken")
        try:
            async with asyncio.timeout(None) as limit:
                with self._counted(limit):
                    yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise _stopping("there was no time left for this request") from error

    async def finished(self, seconds: float) -> bool:
        """Wait until no request is at work; False if some still are after that time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none_runs.wait()
        return not self._running

    def give_up(self) -> None:
        """Answer what is at work with the error that there is no time left."""
        for limit in self._running:
            limit.reschedule(asyncio.get_running_loop().time())

    @contextlib.contextmanager
    def _counted(self, limit: asyncio.Timeout) -> Iterator[None]:
        self._running.add(limit)
        self._none_runs.clear()
        try:
            yield
        finally:
            self._running.discard(limit)
            if not self._running:
                self._none_runs.set()


def _stopping(why: str) -> NotReady:
    headers = {"Retry-After": "1", "Connection": "close"}
    return NotReady(f"the server is stopping, and {why}; send the request again", headers=headers)


class Drained:
    """ASGI middleware: what asks for work, by POST, counts as such."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        async with self._draining.request():
            await self._app(scope, receive, send)
