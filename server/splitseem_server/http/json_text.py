"""JSON whose cost is bounded: how much a body may hold is counted before it is parsed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from splitseem_server.errors import InvalidParameter, MalformedRequest
from splitseem_server.http.long_text import cut_long_text

LONG_FIELD = "image_base64"
"""Of a JSON object, whose text is not parsed where it is long; other protocols have other names for it."""
MAX_VALUES = 200_000
"""Values of a JSON body: numbers, strings, lists and objects."""
_MAX_ESCAPED_SHARE = 0.1
_FREE_ESCAPES = 4096
_SHOWN = 5


def json_object(
    text: bytes | str, expected: str, *, most_bytes: int | None = None, long_field: str = LONG_FIELD
) -> dict[str, Any]:
    """A JSON object.

    Args:
        expected: what it should hold, for the message.
        most_bytes: of the whole text; None: what the limit on bodies allows.
        long_field: that may be long; `image.value` is a field of an object in a field.
    Returns:
        the object; the field `long_field` is a memoryview of its text where that is long.
    Raises:
        MalformedRequest: not JSON, or no object. InvalidParameter: it holds too much.
    """
    data = text.encode() if isinstance(text, str) else text
    if most_bytes is not None and len(data) > most_bytes:
        raise InvalidParameter(f"the JSON has {len(data)} bytes; at most {most_bytes} are allowed here")
    data, long_text = cut_long_text(data, long_field.rpartition(".")[2])
    # A parser holds the interpreter until it has finished; counting is a hundred times faster.
    values = sum(data.count(mark) for mark in (b",", b"[", b"{")) + 1
    if values > MAX_VALUES:
        raise InvalidParameter(f"the JSON holds about {values} values; at most {MAX_VALUES} are allowed")
    if data.count(b"\\") > _FREE_ESCAPES + _MAX_ESCAPED_SHARE * len(data):
        raise InvalidParameter("the JSON is mostly escape sequences; send the characters themselves")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"JSON body: {error}") from error
    if not isinstance(body, dict):
        raise MalformedRequest(f"JSON body: expected an object with {expected}")
    if long_text is not None:
        parent, _, name = long_field.rpartition(".")
        holder = body.get(parent) if parent else body
        if not isinstance(holder, dict) or holder.get(name) != long_text.word:
            where = f"in `{parent}`" if parent else "in the object itself"
            raise MalformedRequest(f"JSON body: a long `{name}` stands once, {where}")
        holder[name] = long_text.text
    return body


def json_with_list(head: Mapping[str, Any], name: str, items: Iterable[object]) -> bytes:
    """A JSON object with some fields and a list behind them, written item by item: a writer, too, holds the
    interpreter until it has finished, so other threads have their turn between two items."""
    fields = json.dumps(head, separators=(",", ":"))[1:-1]
    listed = ",".join(json.dumps(item, separators=(",", ":"), allow_nan=False) for item in items)
    return f'{{{fields},"{name}":[{listed}]}}'.encode()


def check_fields(body: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    """See that an object has no other fields than those known.

    Raises:
        InvalidParameter: it has; the message names the first few.
    """
    unknown = sorted(set(body) - set(known))
    if unknown:
        shown = ", ".join(name[:64] for name in unknown[:_SHOWN])
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise InvalidParameter(f"{where}: unknown field {shown}{more}; known are {', '.join(known)}")
