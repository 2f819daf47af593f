"""An image as base64 in JSON: megabytes of text that no parser may hold the interpreter for.

A long one is cut out before the JSON is parsed, and decoded in pieces on a thread, between which others have
their turn.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

LONG_BYTES = 2**20
_PIECE_BYTES = 2**20
_BEGIN = re.compile(rb'\s*:\s*"')
_PLAIN = bytes.maketrans(b"-_", b"+/")
_SPACES = b" \t\r\n"
_ESCAPES = ((b"\\n", b""), (b"\\r", b""), (b"\\t", b""), (b"\\/", b"/"))
"""How JSON writes what base64 may hold."""
_ENDS = (b"=", b" ", b"\t", b"\r", b"\n", b"\\n", b"\\r", b"\\t")
_LONGEST_END = 64


@dataclass(frozen=True)
class LongText:
    """The content of a string of JSON as it was sent, and the word that stands in its place."""

    text: memoryview
    word: str


def cut_long_text(data: bytes, name: str) -> tuple[bytes, LongText | None]:
    """JSON without the content of the first string of that name, if it is long; else all of it."""
    quoted = f'"{name}"'.encode()
    at = data.find(quoted) if len(data) > LONG_BYTES else -1
    begin = None if at < 0 else _BEGIN.match(data, at + len(quoted))
    if begin is None:
        return data, None
    start, end = begin.end(), data.find(b'"', begin.end())
    if end - start <= LONG_BYTES or _needs_parser(data, start, end):
        return data, None
    word = secrets.token_hex(16)
    return data[:start] + word.encode() + data[end:], LongText(memoryview(data)[start:end], word)


def _needs_parser(data: bytes, start: int, end: int) -> bool:
    """Whether there are other escapes than those of `_ESCAPES`; one byte is found twenty times sooner."""
    escape = data.find(b"\\", start, end)
    return escape >= 0 and (data[end - 1] == ord("\\") or data.find(b"\\u", escape, end) >= 0)


def decode_long(text: memoryview) -> bytes:
    """Bytes from base64: plain or URL-safe, with or without padding, with line breaks, or as a data URL.

    Raises:
        ValueError: it is something else.
    """
    if bytes(text[:5]).lower() == b"data:":
        text = text[bytes(text[:_LONGEST_END]).find(b",") + 1 :]
    decoded, left = [], b""
    for piece in _pieces(text[: _end(text)]):
        left += piece
        whole = len(left) // 4 * 4
        decoded.append(_decoded(left[:whole]))
        left = left[whole:]
    decoded.append(_decoded(left + b"=" * (-len(left) % 4), padded=True))
    return b"".join(decoded)


def _end(text: memoryview) -> int:
    """Without padding and line breaks behind it."""
    tail = bytes(text[-_LONGEST_END:])
    end = tail
    while shorter := next((end.removesuffix(one) for one in _ENDS if end.endswith(one)), b""):
        end = shorter
    return len(text) - len(tail) + len(end)


def _pieces(text: memoryview) -> Iterator[bytes]:
    """Of base64 alone; an escape stays whole."""
    held = b""
    for at in range(0, len(text), _PIECE_BYTES):
        piece = held + bytes(text[at : at + _PIECE_BYTES])
        held = b"\\" if piece.endswith(b"\\") else b""
        piece = piece.removesuffix(held)
        for escape, meant in _ESCAPES:
            piece = piece.replace(escape, meant)
        yield piece.translate(_PLAIN, _SPACES)
    if held:
        yield held


def _decoded(plain: bytes, padded: bool = False) -> bytes:
    if not padded and b"=" in plain:
        raise ValueError("padding in the middle")
    return binascii.a2b_base64(plain, strict_mode=True)
