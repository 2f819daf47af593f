"""Which representation a caller accepts, and whether it already has it."""

from __future__ import annotations

from collections.abc import Sequence

from splitseem_server.errors import NotAcceptable

MSGPACK = "application/msgpack"
JSON = "application/json"


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """The offered media type that an `Accept` header weighs most; the first among equals, or without one.

    Raises:
        NotAcceptable: none of them is accepted.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_parse_range(part) for part in accept.split(",")]
    best = max(offered, key=lambda media_type: _weight(media_type, ranges))
    if _weight(best, ranges) <= 0:
        raise NotAcceptable(f"Accept: {accept}; offered are {', '.join(offered)}")
    return best


def has_etag(if_none_match: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` header names the entity tag (weak comparison, `*` does not count)."""
    tags = (part.strip().removeprefix("W/") for part in (if_none_match or "").split(","))
    return etag in tags


def _parse_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> float:
    # The most specific range decides, whatever the order.
    for name in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        weights = [weight for given, weight in ranges if given == name]
        if weights:
            return max(weights)
    return 0.0
