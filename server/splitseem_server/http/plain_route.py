"""A route of FastAPI that is answered without its machinery, which takes longer than a cached answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from splitseem_server.tracing import name_route


class PlainRoute(Route):
    """Answers what a route of FastAPI documents.

    Args:
        documented: named in the scope, so that metrics and checks see the same route.
        answer: calls what the other one depends on.
    """

    def __init__(self, documented: APIRoute, answer: Callable[[Request], Awaitable[Response]]) -> None:
        super().__init__(documented.path, answer, methods=sorted(documented.methods or ()))
        self._documented = documented

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route, and what is to be known of it."""
        match, known = super().matches(scope)
        return match, known if match is Match.NONE else {**known, "route": self._documented}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        name_route(scope["method"], self._documented.path)
        await super().handle(scope, receive, send)


def plain_routes(
    router: APIRouter, endpoint: object, answer: Callable[[Request], Awaitable[Response]]
) -> Iterator[PlainRoute]:
    """For every route of a router that has this endpoint."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.endpoint is endpoint:
            yield PlainRoute(route, answer)
