"""Connections: how many there are, how long they are idle, and how slow to send the head of a request or to
take an answer."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from splitseem_server.errors import MalformedRequest, QueueFull, RequestTooSlow, ServerError
from splitseem_server.http.bodies import SKIP
from splitseem_server.http.problem_json import problem_response

ALWAYS_ANSWERED = (b"/healthz", b"/readyz")
"""Paths that are answered when all places are taken by requests at work: whether the service is alive does
not depend on what it has to do."""
EXTRA = 32
"""Connections beyond the most, which may ask for these paths only."""

MOST_AT_ONCE = 64
"""Requests of a connection that wait for the answer to the one before; each takes a hundred times its
bytes."""

MAX_HEAD_BYTES = 65_536
"""Of a request, before and between the bytes of its body: request line and headers, or trailers."""


@dataclass(frozen=True)
class Connections:
    """What all connections of a server share.

    Args:
        most: at the same time. One more takes the place of the one that has waited longest for a request;
            where none waits, it may ask whether the service is alive.
        head_s: seconds for the head of a request, from its first byte.
        idle_s: seconds without a request.
        stall_s: seconds in which nothing of an answer is taken.
        taken_s: seconds for all of an answer that waits to be taken.
        waiting: connections that wait for a request or its head, the longest first.
    """

    most: int
    head_s: float
    idle_s: float
    stall_s: float
    taken_s: float
    waiting: dict[LimitedConnection, None] = field(default_factory=dict)

    def make_room(self) -> bool:
        """Close the connection that has waited longest; False when none waits."""
        longest = next(iter(self.waiting), None)
        if longest is None:
            return False
        longest.give_up()
        return True


class LimitedConnection(HttpToolsProtocol):
    """A connection of uvicorn within the limits of `Connections`; what it refuses it refuses by a problem."""

    def __init__(self, *, shared: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._shared = shared
        self._timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._idle = True
        self._in_head = False
        self._head_bytes = 0
        self._is_extra = False
        self._fault: ServerError | None = None
        self._read = b""
        self._is_begun_again = False
        self._body_bytes = 0
        self._unread = 0
        self._skipped = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Begin to wait, if there is room."""
        super().connection_made(transport)
        over = len(self.connections) - self._shared.most
        self._is_extra = over > 0 and not self._shared.make_room()
        if self._is_extra and over > EXTRA:
            self._refuse(_too_many())
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the place."""
        self._end_wait()
        self._end_reader_timer()
        self._skipped.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, but only so long and so much of one head."""
        if self._unread:
            data = self._skip_some(data)
            if not data:
                return
        if self._idle and self in self._shared.waiting:
            self._idle = False
            self._set_timer(self._shared.head_s)
        self._head_bytes += len(data)
        self._read = data
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(MalformedRequest(f"the head of a request has at most {MAX_HEAD_BYTES} bytes"))

    async def _skip(self, cycle: RequestResponseCycle, length: int) -> int:
        """Throw away what has come of the body of a request, and what comes next; bytes that are left.

        Args:
            length: bytes of the whole body.
        """
        if cycle.more_body and not self._unread:
            self._unread = length - self._body_bytes
            cycle.body.clear()
        self.flow.resume_reading()
        if cycle.more_body and not cycle.disconnected:
            self._skipped.clear()
            await self._skipped.wait()
        return self._unread if cycle.more_body and not cycle.disconnected else 0

    def _skip_some(self, data: bytes) -> bytes:
        """What follows the body."""
        skipped = min(len(data), self._unread)
        self._unread -= skipped
        self._skipped.set()
        if not self._unread:
            # The reader still waits for the body; another one reads what follows.
            self.parser = httptools.HttpRequestParser(self)
            self.cycle.more_body = False
        return data[skipped:]

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol is offered, as some clients always do, and not taken: go on with this one. The
        reader of HTTP has ended with the head; another one reads the body."""
        error: BaseException | None = sys.exception()
        rest = self._read
        while isinstance(error, httptools.HttpParserUpgrade):
            rest, error = rest[error.args[0] :], None
            self._begin_again()
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offered:
                error = offered
            except httptools.HttpParserError:
                self.send_400_response("")

    def _begin_again(self) -> None:
        """Have a reader for the body of a request whose head was read."""
        framing = [
            name + b": " + value + b"\r\n"
            for name, value in self.headers
            if name in (b"content-length", b"transfer-encoding")
        ]
        self.parser = httptools.HttpRequestParser(self)
        self._is_begun_again = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        self._is_begun_again = False

    def on_message_begin(self) -> None:
        """A request begins."""
        if not self._is_begun_again:
            self._in_head = True
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Some of the address is there."""
        if not self._is_begun_again:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there."""
        if not self._is_begun_again:
            super().on_header(name, value)

    def on_message_complete(self) -> None:
        """All of the body is there, unless the reader believes that another protocol follows."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_headers_complete(self) -> None:
        """The head is there: the work begins.

        Raises:
            ValueError: it names no host, or several, or there is no place for it.
        """
        if self._is_begun_again:
            return
        self._fault = self._fault_of_head()
        if self._fault is not None:
            raise ValueError(self._fault.detail)
        self._in_head = False
        self._head_bytes = self._body_bytes = 0
        self._end_wait()
        super().on_headers_complete()
        self.scope["extensions"] = cast(Any, {SKIP: partial(self._skip, self.cycle)})

    def _fault_of_head(self) -> ServerError | None:
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts != 1 and self.parser.get_http_version() == "1.1":
            return _malformed()
        if self._is_extra and self.url.partition(b"?")[0] not in ALWAYS_ANSWERED:
            return _too_many()
        if len(self.pipeline) >= MOST_AT_ONCE:
            return MalformedRequest(f"at most {MOST_AT_ONCE} requests of a connection wait for their answers")
        return None

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        self._head_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        """An answer is sent: wait for the next request, unless it is there."""
        super().on_response_complete()
        self._unset_keepalive_if_required()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait()

    def pause_writing(self) -> None:
        """More of an answer is there than the client takes: it may do so slowly, but not for ever."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The client has taken it."""
        super().resume_writing()
        self._end_reader_timer()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP, or there is no place for it."""
        self._refuse(self._fault or _malformed())

    def give_up(self) -> None:
        """Wait no longer."""
        if self._in_head:
            self._refuse(RequestTooSlow(f"the head of a request takes at most {self._shared.head_s:g} s"))
        else:
            self._close()

    def _wait(self) -> None:
        self._idle = True
        self._shared.waiting[self] = None
        self._set_timer(self._shared.idle_s)

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.give_up)

    def _end_wait(self) -> None:
        self._shared.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, error: ServerError) -> None:
        """Answer with the error, unless an answer is on its way already, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_written(problem_response(error)))
        self._close()

    def _close(self) -> None:
        """Close, once what is left of an answer is taken."""
        self.transport.close()
        self._end_wait()
        if self.transport.get_write_buffer_size():
            self._watch_reader()

    def _watch_reader(self) -> None:
        if self._reader_timer is None:
            self._set_reader_timer(self.loop.time() + self._shared.taken_s)

    def _set_reader_timer(self, until: float) -> None:
        check = partial(self._check_reader, until, self.transport.get_write_buffer_size())
        self._reader_timer = self.loop.call_later(self._shared.stall_s, check)

    def _check_reader(self, until: float, left: int) -> None:
        """End the connection if nothing of what was left has been taken, or it takes too long."""
        if self.transport.get_write_buffer_size() >= left or self.loop.time() > until:
            self._reader_timer = None
            self.transport.abort()
        else:
            self._set_reader_timer(until)

    def _end_reader_timer(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None


def _malformed() -> MalformedRequest:
    return MalformedRequest("this is no request of HTTP/1.1: a line, headers with one Host, body")


def _too_many() -> QueueFull:
    return QueueFull("too many connections; try again in 1 s", headers={"Retry-After": "1"})


def _written(response: Response) -> bytes:
    headers = [*response.raw_headers, (b"connection", b"close")]
    lines = [f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}".encode("ascii")]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])
