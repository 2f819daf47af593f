"""Answers to a click and those that are offered: this script writes proto/vectors/alternatives.json.

Python is held to it in test_alternative_vectors.py, TypeScript in
client/test/worker/step/alternatives.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_model.step.alternatives import SHIFTS, distinct, shifted
from splitseem_model.step.answering import Step
from splitseem_proto import ImageGeometry

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "alternatives.json"
GEOMETRY = ImageGeometry((60, 90), (10, 5, 80, 40), (26, 40), (32, 64))
BOX = (1, 1, 6, 9)
OTHERS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "a part and a whole": ((1, 1, 4, 5), (0, 0, 7, 10)),
    "a part, and the first again": ((1, 1, 4, 5), (1, 1, 6, 9)),
    "the same part twice": ((1, 1, 4, 5), (1, 1, 4, 5)),
    "an IoU of 0.875, and of 0.75": ((1, 1, 6, 8), (1, 1, 6, 7)),
    "nearly nothing, and what differs in the padding alone": ((2, 2, 3, 5), (1, 1, 6, 16)),
}
"""What is offered beside the mask of `BOX`: rows and columns, top, left, bottom, right."""


def vectors() -> dict[str, Any]:
    """The memories of the extents, and one entry a case: which of the masks are kept."""
    first = Step(_logits(BOX), 1.0, 0)
    memories = {extent: _plain(shifted(first, shift).mask_logits) for extent, shift in SHIFTS.items()}
    return {
        "input_hw": GEOMETRY.input_hw,
        "first": _plain(first.mask_logits),
        "memories": memories,
        "cases": [_entry(name, first, boxes) for name, boxes in OTHERS.items()],
    }


def _entry(name: str, first: Step, boxes: tuple[tuple[int, int, int, int], ...]) -> dict[str, Any]:
    others = [Step(_logits(box), 0.0, place + 1) for place, box in enumerate(boxes)]
    kept = [step.query for step in distinct(first, others, GEOMETRY)]
    return {"name": name, "others": [_plain(step.mask_logits) for step in others], "kept": kept}


def _logits(box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    height, width = (side // 4 for side in GEOMETRY.padded_hw)
    logits = np.full((height, width), -2.5, np.float32)
    top, left, bottom, right = box
    logits[top:bottom, left:right] = 1.25
    return logits


def _plain(logits: NDArray[np.float32]) -> list[list[float]]:
    return [[float(value) for value in row] for row in logits]


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors()) + "\n", encoding="utf-8")
