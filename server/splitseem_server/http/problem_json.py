"""Errors -> `application/problem+json` (RFC 9457), for every way in which a request can fail."""

from __future__ import annotations

import re
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from splitseem_server.errors import (
    PROBLEMS,
    BodyTooLarge,
    InternalError,
    InvalidParameter,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    ServerError,
)
from splitseem_server.log import logged_path
from splitseem_server.metrics import tell_problem

_MAX_DETAIL = 600
"""Characters of the detail of a problem."""

ERROR_FIELD = "splitseem.error_field"
"""Of the scope: the field in which callers of this path expect what is wrong; else they get a problem."""

_log = structlog.get_logger(__name__)

# What the framework itself answers with; anything else it may come up with counts as malformed.
_FRAMEWORK_ERRORS: dict[int, tuple[type[ServerError], str]] = {
    404: (NotFound, "no such route: {method} {path}"),
    405: (MethodNotAllowed, "{method} is not allowed on {path}"),
    413: (BodyTooLarge, "the body is too large"),
}


def problem_response(error: ServerError) -> Response:
    """The response that describes an error."""
    problem = PROBLEMS[type(error)]
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": _short(error.detail),
    }
    headers = {"Cache-Control": "no-store", **error.headers}
    response = _ProblemResponse(body, problem.status, headers, media_type="application/problem+json")
    response.problem, response.detail = problem.name, str(body["detail"])
    return response


class _ProblemResponse(JSONResponse):
    """Tells what it is about to those who count."""

    problem: str
    detail: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tell_problem(scope, self.problem)
        field = scope.get(ERROR_FIELD)
        await (self if field is None else self._in_field(field)).respond(scope, receive, send)

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it as it is."""
        await super().__call__(scope, receive, send)

    def _in_field(self, field: str) -> _ProblemResponse:
        """The same in a field of plain JSON."""
        kept = {name: value for name, value in self.headers.items() if not name.startswith("content-")}
        return _ProblemResponse({field: self.detail}, self.status_code, kept)


def _short(detail: str) -> str:
    """What a client sent may be named in an error, but not sent back at length."""
    return detail if len(detail) <= _MAX_DETAIL else f"{detail[: _MAX_DETAIL - 1]}…"


def install_error_handlers(app: FastAPI) -> None:
    """Make the app answer with problem+json for every error that a route or the framework raises."""
    app.add_exception_handler(ServerError, _on_server_error)
    app.add_exception_handler(HTTPException, _on_framework_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


async def _on_server_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ServerError):
        raise error
    return problem_response(error)


async def _on_framework_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    kind, text = _FRAMEWORK_ERRORS.get(error.status_code, (MalformedRequest, str(error.detail)))
    detail = (
        text.format(method=request.method, path=request.url.path) if kind is not MalformedRequest else text
    )
    return problem_response(kind(detail, headers=error.headers))


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = (f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
    return problem_response(InvalidParameter("; ".join(faults)))


class ErrorResponses:
    """ASGI middleware: answers errors raised outside of routes; unforeseen ones are logged with traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except ClientDisconnect:
            _log.info("client_gone", method=scope["method"], path=logged_path(scope))
        except ServerError as error:
            if started:
                raise
            await problem_response(error)(scope, receive, send)
        except Exception as error:
            _log.exception("unexpected_error", method=scope["method"], path=logged_path(scope))
            if started:
                raise
            response = problem_response(
                InternalError(f"{type(error).__name__}; the log of the server has more")
            )
            await response(scope, receive, send)


class ErrorFields:
    """ASGI middleware: notes the field in which callers of a path expect what is wrong.

    Args:
        fields: by the pattern of the path.
    """

    def __init__(self, app: ASGIApp, fields: Mapping[re.Pattern[str], str]) -> None:
        self._app = app
        self._fields = fields

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        field = next((field for pattern, field in self._fields.items() if pattern.match(path)), None)
        await self._app(scope if field is None else {**scope, ERROR_FIELD: field}, receive, send)
