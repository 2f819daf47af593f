"""Bodies of requests: how many bytes, for how long, and how many bytes of all of them at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from splitseem_server.errors import BodyTooLarge, MalformedRequest, QueueFull, RequestTooSlow


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
    there are too many already; else while it is read, then also when it comes too slowly."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._check(declared_length(scope), declared_length(scope))
        clock = asyncio.get_running_loop().time
        until = clock() + self._limits.seconds
        received, complete = 0, False

        async def limited_receive() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(min(until, clock() + self._limits.stall_s)):
                    message = await receive()
            except TimeoutError as error:
                raise self._too_slow(received) from error
            complete = not message.get("more_body", False)
            size = len(message.get("body", b""))
            received += size
            self._held += size
            self._check(received, 0)
            return message

        try:
            await self._app(scope, limited_receive, send)
        finally:
            self._held -= received

    def _check(self, size: int, coming: int) -> None:
        if size > self._limits.most:
            raise BodyTooLarge(f"the body has more than {self._limits.most} bytes")
        if self._held + coming > self._limits.most_held:
            raise QueueFull(
                f"the bodies that are worked on have {self._held} bytes, and at most {self._limits.most_held}"
                " are held; try again in 1 s",
                headers={"Retry-After": "1"},
            )

    def _too_slow(self, received: int) -> RequestTooSlow:
        return RequestTooSlow(
            f"the body came too slowly: {received} bytes, then nothing for {self._limits.stall_s:g} s, or not"
            f" all within {self._limits.seconds:g} s",
            headers={"Connection": "close"},
        )


def declared_length(scope: Scope) -> int:
    """Bytes that the header says the body has, 0 when it does not say.

    Raises:
        MalformedRequest: it says something else than a number.
    """
    value = Headers(scope=scope).get("content-length", "0")
    if not value.isdecimal():
        raise MalformedRequest(f"Content-Length {value!r} is no number")
    return int(value)
