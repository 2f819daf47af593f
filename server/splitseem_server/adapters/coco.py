"""Run lengths as COCO's own programs write them: text, five bits a character."""

from __future__ import annotations

from splitseem_proto import CocoRle

_FIRST = 48
"""Character of the value 0."""
_MORE = 0x20


def compressed(mask: CocoRle) -> dict[str, object]:
    """`size` `[h, w]` and `counts` as text. From the fourth on, a count is written as its difference to the
    one two before; each number in pieces of five bits, lowest first, as a two's complement."""
    counts = mask.counts
    numbers = [count - counts[i - 2] if i > 2 else count for i, count in enumerate(counts)]
    return {"size": list(mask.size), "counts": "".join(map(_text, numbers))}


def _text(number: int) -> str:
    pieces = []
    while True:
        piece, number = number & 0x1F, number >> 5
        done = number == (-1 if piece & 0x10 else 0)
        pieces.append(chr(_FIRST + (piece if done else piece | _MORE)))
        if done:
            return "".join(pieces)
