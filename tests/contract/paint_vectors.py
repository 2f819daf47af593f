"""What strokes and masks do to a mask, which strokes stand, and masks as the decoder remembers them.

This script writes proto/vectors/paint.json.

Python is held to it in test_paint_vectors.py, TypeScript in client/test/shared/prompt/edits.test.ts and
client/test/worker/prompt/knownMask.test.ts.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_model.prompt.edits import apply_edits, edits_of
from splitseem_model.prompt.painted_mask import logits_of_mask
from splitseem_model.prompt.shapes import MARKED_CORNERS
from splitseem_proto import (
    Box,
    Click,
    ImageGeometry,
    KnownMask,
    Paint,
    Polygon,
    Prompt,
    PromptItem,
    Scribble,
    TextPrompt,
    decode_rle,
    encode_rle,
    to_plain,
)

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "paint.json"

SPIRAL = tuple((30 + (2 + k / 4) * math.cos(k / 3), 20 + (2 + k / 4) * math.sin(k / 3)) for k in range(60))
HALF = KnownMask((40, 60), (1200, 1200))
DOTS = KnownMask((3, 4), (1, 2, 1, 3, 2, 1, 2))

EDITS: dict[str, tuple[tuple[int, int], tuple[Paint | KnownMask, ...]]] = {
    "a disc at a pixel centre": ((12, 16), (Paint(((5.5, 6.5),), 3.0),)),
    "a disc at a corner of pixels": ((12, 16), (Paint(((6.0, 6.0),), 3.0),)),
    "a disc of a fractional centre and radius": ((12, 16), (Paint(((7.31, 5.77),), 2.63),)),
    "a tiny brush is the pixel under it": ((12, 16), (Paint(((5.5, 6.5),), 0.01),)),
    "a tiny brush off the centre": ((12, 16), (Paint(((5.9, 6.1),), 0.01), Paint(((11.05, 3.95),), 0.3))),
    "a tiny brush on the last corner": ((12, 16), (Paint(((16.0, 12.0),), 0.01),)),
    "a tiny line has no gaps": ((12, 16), (Paint(((0.2, 0.3), (15.7, 11.1)), 0.01),)),
    "a horizontal and a vertical line": ((12, 16), (Paint(((2.0, 3.0), (11.0, 3.0), (11.0, 9.5)), 1.25),)),
    "a stroke that stands still": ((12, 16), (Paint(((4.0, 4.0), (4.0, 4.0), (4.0, 4.0)), 2.5),)),
    "over the border": ((12, 16), (Paint(((0.0, 0.0), (16.0, 12.0)), 3.5), Paint(((15.9, 0.1),), 4.2))),
    "larger than the image": ((12, 16), (Paint(((3.0, 3.0),), 65_535.0),)),
    "a spiral": ((40, 60), (Paint(SPIRAL, 1.4),)),
    "set, then cleared": ((12, 16), (Paint(((8.0, 6.0),), 5.0), Paint(((8.0, 6.0), (14.0, 6.0)), 2.2, 0))),
    "cleared, then set": ((12, 16), (Paint(((8.0, 6.0),), 5.0, 0), Paint(((8.0, 6.0),), 2.2))),
    "a mask takes the place of all before": ((40, 60), (Paint(SPIRAL, 1.4), HALF)),
    "a mask that is painted on": ((40, 60), (HALF, Paint(SPIRAL, 2.5, 0), Paint(((3.0, 3.0),), 2.0))),
    "an image of one pixel": ((1, 1), (Paint(((1.0, 1.0),), 0.2),)),
    "an image of one row": ((1, 30), (Paint(((4.0, 0.5), (9.0, 0.5)), 1.0), Paint(((6.5, 0.2),), 0.6, 0))),
}

ON = Paint(((10.0, 10.0), (20.0, 10.0)), 3.0)
OFF = Paint(((30.0, 30.0),), 4.0, 0)
SIZE = (40, 60)

STANDING: dict[str, tuple[PromptItem, ...]] = {
    "without another prompt": (ON, OFF),
    "before a click elsewhere": (ON, OFF, Click(50.5, 5.5)),
    "a negative click in a stroke takes it back": (ON, OFF, Click(15.5, 10.5, 0)),
    "a positive click in an erased place takes that back": (ON, OFF, Click(30.5, 30.5, 1)),
    "a click that says the same does not": (ON, OFF, Click(15.5, 10.5, 1), Click(30.5, 30.5, 0)),
    "a click before the stroke does not": (Click(15.5, 10.5, 0), ON, Click(50.5, 5.5)),
    "it stays taken back": (ON, Click(15.5, 10.5, 0), Click(50.5, 5.5)),
    "what is painted after the last click stands": (ON, Click(15.5, 10.5, 0), ON, OFF),
    "a scribble through a stroke": (ON, Scribble(((5.0, 4.0), (15.0, 10.0), (15.0, 30.0)), 0)),
    "a negative box over a stroke": (ON, OFF, Box(5.0, 5.0, 40.0, 20.0, 0)),
    "a polygon over what was erased": (ON, OFF, Polygon(((22.0, 22.0), (40.0, 22.0), (31.0, 39.0)))),
    "words take nothing back": (ON, OFF, TextPrompt("a cup")),
    "at the edge of the stroke": (ON, Click(9.5, 12.5, 0)),
    "one pixel beside it": (ON, Click(9.5, 13.5, 0)),
}

MEMORIES: dict[str, tuple[ImageGeometry, KnownMask]] = {
    "smaller than the image": (ImageGeometry.whole_image((40, 60), (22, 32), (32, 32)), HALF),
    "larger than the image": (ImageGeometry.whole_image((3, 4), (24, 32), (32, 32)), DOTS),
    "of a region": (ImageGeometry((40, 60), (20, 5, 31, 23), (24, 32), (32, 64)), HALF),
    "of an odd size": (ImageGeometry.whole_image((40, 60), (21, 31), (32, 32)), HALF),
}


def vectors() -> dict[str, list[dict[str, Any]]]:
    """All cases as plain data."""
    return {
        "edits": [_edit(name, size, edits) for name, (size, edits) in EDITS.items()],
        "standing": [_standing(name, items) for name, items in STANDING.items()],
        "memories": [_memory(name, *case) for name, case in MEMORIES.items()],
    }


def _items(items: Sequence[PromptItem]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = to_plain(Prompt(tuple(items)))["items"]
    return plain


def _edit(name: str, size: tuple[int, int], edits: Sequence[PromptItem]) -> dict[str, Any]:
    mask = encode_rle(apply_edits(np.zeros(size, dtype=np.bool_), edits))
    return {"name": name, "size": list(size), "edits": _items(edits), "counts": list(mask.counts)}


def _standing(name: str, items: tuple[PromptItem, ...]) -> dict[str, Any]:
    edits = edits_of(items, ImageGeometry.whole_image(SIZE, SIZE, SIZE), MARKED_CORNERS)
    return {
        "name": name,
        "size": list(SIZE),
        "rules": vars(MARKED_CORNERS),
        "items": _items(items),
        "standing": _items([edit for edit in edits if isinstance(edit, PromptItem)]) if edits else [],
    }


def _memory(name: str, geometry: ImageGeometry, mask: KnownMask) -> dict[str, Any]:
    logits = logits_of_mask(decode_rle(mask.rle), geometry)
    return {
        "name": name,
        "geometry": {field: list(value) for field, value in vars(geometry).items()},
        "mask": {"size": list(mask.size), "counts": list(mask.counts)},
        "logits": logits.tolist(),
    }


def written() -> str:
    """The file: a line a case."""
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]"
        for name, cases in vectors().items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    VECTORS.write_text(written(), encoding="utf-8")
