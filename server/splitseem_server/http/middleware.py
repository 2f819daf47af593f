"""What holds for every request: isolation headers, links that fit, an id, a line in the log."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from splitseem_server.log import logged_path
from splitseem_server.metrics import TOLD

_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")
_ORIGIN = re.compile(rb"\A[a-z]+://[^/?#]*/*")
_log = structlog.get_logger(__name__)

# Threads in the browser's WebAssembly need a page that is isolated from other origins; the worker script and
# every file it loads need the same headers as the page.
_FRAMED_BY_OWN = "; frame-ancestors 'self'"
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'"
    " 'unsafe-inline'; img-src 'self' blob: data:; media-src blob:; connect-src 'self' blob: data:;"
    " font-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
"""What page and docs may load and run: nothing of other origins. WebAssembly decodes, and the docs have their
styles inside."""

ISOLATION_HEADERS = (
    (b"content-security-policy", (CONTENT_POLICY + _FRAMED_BY_OWN).encode("ascii")),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"x-content-type-options", b"nosniff"),
)


class IsolationHeaders:
    """ASGI middleware: adds the headers of isolation to every response, errors included.

    Args:
        resource_policy: who may embed what is served: same-origin, same-site or cross-origin.
    """

    def __init__(self, app: ASGIApp, resource_policy: str) -> None:
        self._app = app
        headers = dict(ISOLATION_HEADERS)
        headers[b"cross-origin-resource-policy"] = resource_policy.encode("ascii")
        if resource_policy != "same-origin":
            headers[b"content-security-policy"] = CONTENT_POLICY.encode("ascii")
        self._headers = tuple(headers.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class ForwardedPrefix:
    """ASGI middleware: links in answers begin with the path that a proxy took away and names in the header
    `X-Forwarded-Prefix`. Only its sender gets them; a header that is no plain path is passed over."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            prefix = Headers(scope=scope).get("x-forwarded-prefix", "").rstrip("/")
            if _PLAIN_PATH.fullmatch(prefix):
                scope = {**scope, "root_path": prefix}
        await self._app(scope, receive, send)


class RelativeRedirects:
    """ASGI middleware: redirects name a path of this server, below the prefix of `ForwardedPrefix`, and never
    the host that a request claims to be for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start":
                prefix = scope.get("root_path", "").encode("ascii")
                headers = [
                    (name, _relative(value, prefix) if name == b"location" else value)
                    for name, value in message.get("headers", ())
                ]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_relative)


def _relative(location: bytes, prefix: bytes) -> bytes:
    """A path; several slashes at its begin would be another host."""
    path = _ORIGIN.sub(b"/", location)
    return path if path == location or path.startswith(prefix + b"/") else prefix + path


_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
REQUEST_ID = "X-Request-Id"
_ID_BYTES = 8


class RequestIds:
    """ASGI middleware: every request has an id, which stands in its answer and in all that is logged of it.
    It is that of the header `X-Request-Id`, if that is a plain word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(_ID_BYTES)
        header = (REQUEST_ID.lower().encode("ascii"), request_id.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)


Tell = Callable[[Scope, int | None, float], None]
"""Is given a request, the status of its answer (None: its client had gone) and seconds."""


class Watch:
    """ASGI middleware: tells how every request went, when its response is complete."""

    def __init__(self, app: ASGIApp, tell: Sequence[Tell]) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()
        status: int | None = None
        # Copies of the scope share it.
        scope = {**scope, TOLD: {}}

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        finally:
            seconds = time.perf_counter() - begin
            for tell in self._tell:
                tell(scope, status, seconds)


def log_request(scope: Scope, status: int | None, seconds: float) -> None:
    """One log line for every request."""
    duration_ms = round(seconds * 1000, 1)
    _log.info(
        "request", method=scope["method"], path=logged_path(scope), status=status, duration_ms=duration_ms
    )
