"""Masks that overlap, and what of each is shown and exported.

This script writes proto/vectors/overlap.json.

Python is held to it in test_overlap_vectors.py, TypeScript in client/test/session/overlap.test.ts.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_proto import CocoRle, KnownMask, ProjectImage, ProjectObject, encode_rle, masks_apart

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "overlap.json"

SIZE = (4, 7)
COLUMNS = {
    "chain": ((0, 3), (2, 5), (4, 7)),
    "one within another": ((1, 6), (3, 4), (0, 2)),
    "equal": ((1, 3), (1, 3), (1, 3)),
    "all and nothing": ((0, 7), (3, 3), (2, 4)),
}
"""Of each object the first column and the one after the last; the rows differ, too."""
LOCKS = ((), (2,), (0, 1))


def masks_of(columns: tuple[tuple[int, int], ...]) -> list[CocoRle]:
    """Object k lacks row k."""
    masks = []
    for row, (begin, end) in enumerate(columns):
        mask = np.zeros(SIZE, np.bool_)
        mask[:, begin:end] = True
        mask[row] = False
        masks.append(encode_rle(mask))
    return masks


def image_of(masks: list[CocoRle], locks: tuple[int, ...]) -> ProjectImage:
    objects = [
        ProjectObject((KnownMask(mask.size, mask.counts),), mask, None, None, locked=number in locks)
        for number, mask in enumerate(masks)
    ]
    return ProjectImage("a.jpg", SIZE, None, tuple(objects))


def content() -> dict[str, Any]:
    cases = []
    for (name, columns), locks, overlap in product(COLUMNS.items(), LOCKS, (None, "gives-way", "eats")):
        masks = masks_of(columns)
        apart = masks_apart(image_of(masks, locks), overlap)
        cases.append(
            {
                "name": f"{name}, {overlap or 'allowed'}, locked: {', '.join(map(str, locks)) or 'none'}",
                "size": list(SIZE),
                "overlap": overlap,
                "locked": [number in locks for number in range(len(masks))],
                "masks": [list(mask.counts) for mask in masks],
                "apart": [None if mask is None else list(mask.counts) for mask in apart],
            }
        )
    return {"cases": cases}


def text() -> str:
    """A case a line."""
    lines = ",\n".join(json.dumps(case) for case in content()["cases"])
    return f'{{"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    VECTORS.write_text(text())
