"""Parts around small objects, and what they grow to: this script writes proto/vectors/closer.json.

Python is held to it in test_closer_vectors.py, TypeScript in client/test/session/closer.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_model.step.closer import Part, grown, part_around
from splitseem_proto import Box, Click, Prompt, PromptItem, TextPrompt, encode_rle, to_plain

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "closer.json"
SIZE_HW = (200, 300)
CLICK = Click(62.5, 41.25)
AROUND: dict[str, tuple[tuple[int, int, int, int] | None, list[PromptItem]]] = {
    "a small object": ((50, 30, 71, 52), [CLICK]),
    "a click beyond the mask": ((50, 30, 71, 52), [CLICK, Click(100.75, 90.5, 0)]),
    "at the corner": ((290, 180, 300, 200), [Click(295, 190)]),
    "one pixel": ((62, 41, 63, 42), [CLICK]),
    "a box and a text": ((50, 30, 140, 52), [Box(40.5, 20.5, 150.25, 60), TextPrompt("a cup")]),
    "just small enough": ((50, 30, 162, 52), [CLICK]),
    "too large": ((50, 30, 164, 52), [CLICK]),
    "too large by a click": ((50, 30, 71, 52), [CLICK, Click(290.5, 150.5)]),
    "no mask": (None, [CLICK]),
}
"""Left, top, right and bottom of the mask, and the prompts."""
GROWN: dict[str, tuple[Part, list[PromptItem]]] = {
    "inside": ((50, 30, 40, 30), [CLICK, Click(90, 60)]),
    "beyond the right": ((50, 30, 40, 30), [CLICK, Click(97.5, 50.5)]),
    "beyond all sides": ((50, 30, 40, 30), [Click(20.25, 10.5), Click(120.75, 99.5)]),
    "at the edges of the photo": ((50, 30, 40, 30), [Click(0.5, 199.5)]),
}


def vectors() -> dict[str, Any]:
    """One entry a case."""
    return {
        "size": SIZE_HW,
        "around": [_around(name, *case) for name, case in AROUND.items()],
        "grown": [
            {"name": name, "part": part, "prompts": _plain(items), "grown": grown(part, items, SIZE_HW)}
            for name, (part, items) in GROWN.items()
        ],
    }


def _around(name: str, box: tuple[int, int, int, int] | None, items: list[PromptItem]) -> dict[str, Any]:
    mask = np.zeros(SIZE_HW, np.bool_)
    if box is not None:
        left, top, right, bottom = box
        mask[top:bottom, left:right] = True
    counts = [int(count) for count in encode_rle(mask).counts]
    part = part_around(mask, items, SIZE_HW)
    return {"name": name, "mask": counts, "prompts": _plain(items), "part": part}


def _plain(items: list[PromptItem]) -> Any:
    return to_plain(Prompt(tuple(items)))["items"]


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), separators=(",", ":")) + "\n", encoding="utf-8")
