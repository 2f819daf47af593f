"""Bodies of requests: how many bytes, for how long, and how many bytes of all of them at once."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from splitseem_server.errors import BodyTooLarge, MalformedRequest, QueueFull, RequestTooSlow, ServerError
from splitseem_server.http.problem_json import problem_response

SKIP = "splitseem.skip"
"""Extension of the scope by which a body is thrown away past the reader of HTTP, see `connections.py`."""

Skip = Callable[[int], Awaitable[int]]
"""Throws away some of a body of that length; bytes that are left."""

SMALL_BYTES = 65_536
"""A body of at most this length is read before anything is refused."""


@dataclass(frozen=True)
class BodyLimits:
    """What bodies may take.

    Args:
        most: bytes of one.
        most_held: bytes of all that are being received or worked on.
        stall_s: seconds in which nothing comes.
        seconds: for all of one.
    """

    most: int
    most_held: int
    stall_s: float
    seconds: float


class LimitedBodies:
    """ASGI middleware: refuses a body before it is read when its header says that it is too large, or when
    there are too many already; else while it is read, then also when it comes too slowly.

    What is refused unread is thrown away as it comes: a connection that is closed while its client still
    sends takes the answer with it.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._limits)

        async def limited_receive() -> Message:
            message = await body.receive()
            if message.get("body", b""):
                self._held += len(message["body"])
                self._check(body.received, 0)
            return message

        draining_send = body.draining(send)
        try:
            declared = declared_length(scope)
            if declared:
                self._check(declared, declared)
        except ServerError as error:
            await problem_response(error)(scope, receive, draining_send)
            return
        try:
            await self._app(scope, limited_receive, draining_send)
        finally:
            self._held -= body.received

    def _check(self, size: int, coming: int) -> None:
        if size > self._limits.most:
            raise BodyTooLarge(f"the body has more than {self._limits.most} bytes")
        if self._held + coming > self._limits.most_held:
            raise QueueFull(
                f"the bodies that are worked on have {self._held} bytes, and at most {self._limits.most_held}"
                " are held; try again in 1 s",
                headers={"Retry-After": "1"},
            )


class _Body:
    """One body within its limits of time."""

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits) -> None:
        headers = Headers(scope=scope)
        self._receive = receive
        self._limits = limits
        self._skip: Skip | None = scope.get("extensions", {}).get(SKIP)
        self._declared = headers.get("content-length", "")
        self._until = asyncio.get_running_loop().time() + limits.seconds
        self._is_awaited = headers.get("expect", "").lower() != "100-continue"
        self.received = 0
        self._complete = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"

    async def receive(self) -> Message:
        """The next piece; once all of it came, what follows.

        Raises:
            RequestTooSlow: it did not come in time.
        """
        if self._complete:
            return await self._receive()
        try:
            message = await self._next()
        except TimeoutError as error:
            self._is_awaited = False
            stall_s, seconds = self._limits.stall_s, self._limits.seconds
            raise RequestTooSlow(
                f"the body came too slowly: {self.received} bytes, then nothing for {stall_s:g} s, or not all"
                f" of it within {seconds:g} s",
                headers={"Connection": "close"},
            ) from error
        self.received += len(message.get("body", b""))
        self._is_awaited = self.received <= self._limits.most
        return message

    def draining(self, send: Send) -> Send:
        """Sends an answer, and ends it once the rest of the body is thrown away. Where there is too much of
        it, or the client may not send it, the connection ends with the answer."""

        async def draining_send(message: Message) -> None:
            if self._complete:
                await send(message)
            elif message["type"] == "http.response.start" and not self._is_awaited:
                await send({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._drain()
                await send({"type": "http.response.body", "body": b""})
            else:
                await send(message)

        return draining_send

    async def _drain(self) -> None:
        drained = 0
        with contextlib.suppress(TimeoutError):
            if self._skip is not None and self._declared.isdecimal():
                await self._skip_all(self._skip, int(self._declared))
            while self._is_awaited and not self._complete and drained <= self._limits.most:
                drained += len((await self._next()).get("body", b""))

    async def _skip_all(self, skip: Skip, length: int) -> None:
        """The same, where the connection can do it: without looking at what comes."""
        while self._is_awaited and not self._complete and length <= self._limits.most:
            async with self._in_time():
                self._complete = await skip(length) == 0

    def _in_time(self) -> asyncio.Timeout:
        now = asyncio.get_running_loop().time()
        return asyncio.timeout_at(min(self._until, now + self._limits.stall_s))

    async def _next(self) -> Message:
        async with self._in_time():
            message = await self._receive()
        self._complete = not message.get("more_body", False)
        return message


async def whole_body(request: Request) -> bytes:
    """All of a body. It grows in place: megabytes that are put together at its end would hold the event loop.

    Raises:
        ClientDisconnect: the rest does not come.
    """
    body = io.BytesIO()
    async for piece in request.stream():
        body.write(piece)
    return body.getvalue()


def has_large_body(scope: Scope) -> bool:
    """Whether reading the body of a request is much of the work; so it is when its length is not known."""
    return "transfer-encoding" in Headers(scope=scope) or declared_length(scope) > SMALL_BYTES


def declared_length(scope: Scope) -> int:
    """Bytes that the header says the body has, 0 when it does not say.

    Raises:
        MalformedRequest: it says something else than a number.
    """
    value = Headers(scope=scope).get("content-length", "0")
    if not value.isdecimal():
        raise MalformedRequest(f"Content-Length {value!r} is no number")
    return int(value)
