"""Which representation a caller accepts, and whether it already has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def asked_codec(accept: str | None, known: Sequence[str]) -> str | None:
    """The codec that an `Accept` header names, as in `application/msgpack;codec=uint8`.

    Of several, the one that weighs most; None when it names none, or leaves it open.

    Raises:
        NotAcceptable: it names codecs, and none that is known.
    """
    ranges = [part for part in map(_parse_range, (accept or "").split(",")) if part.name == MSGPACK]
    named = [part for part in ranges if part.codec in known and part.weight > 0]
    if named:
        return max(named, key=lambda part: part.weight).codec
    if ranges and all(part.codec is not None for part in ranges):
        raise NotAcceptable(f"Accept: {accept}; codecs are {', '.join(known)}")
    return None


def weight_of(name: str, header: str | None) -> float:
    """What an `Accept-Encoding` header gives to a coding that it names, 0 when it does not."""
    parts = map(_parse_range, (header or "").split(","))
    return max((part.weight for part in parts if part.name == name), default=0.0)


@dataclass(frozen=True)
class _Range:
    """One entry of an `Accept` header."""

    name: str
    weight: float
    codec: str | None


def _parse_range(text: str) -> _Range:
    name, *rest = (piece.strip().lower() for piece in text.split(";"))
    parameters = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in rest)}
    try:
        weight = float(parameters.get("q", "1"))
    except ValueError:
        weight = 0.0
    return _Range(name, weight, parameters.get("codec"))


def _weight(media_type: str, ranges: list[_Range]) -> float:
    # The most specific range decides, whatever the order.
    for name in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        weights = [part.weight for part in ranges if part.name == name]
        if weights:
            return max(weights)
    return 0.0
