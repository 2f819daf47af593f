"""Meanings of masks and where they lie among sentences: this script writes proto/vectors/meanings.json.

Python is held to it in test_meaning_vectors.py, TypeScript in client/test/worker/mask/meaning.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from splitseem_model.encode.meaning import SentenceSpace, meaning_of
from splitseem_model.layers.arrays import Floats

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "meanings.json"
CHANNELS, SENTENCE_DIM = 3, 5

MASKS = [(2, 2, "drawn"), (2, 4, "drawn"), (4, 2, "one cell"), (2, 2, "empty"), (2, 2, "whole")]
"""Height and width of the map, and what the mask is."""


def vectors() -> list[dict[str, Any]]:
    """One entry a mask."""
    return [_entry(seed, *case) for seed, case in enumerate(MASKS)]


def _entry(seed: int, height: int, width: int, kind: str) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Floats:
        return torch.randn(*shape, generator=generator).mul(16).round().div(16).numpy()

    cells, logits = drawn(1, CHANNELS, height, width), drawn(4 * height, 4 * width)
    match kind:
        case "one cell":
            logits = np.full_like(logits, -1.0)
            logits[5, 6] = 2.0
        case "empty":
            logits = -abs(logits)  # zero is outside
        case "whole":
            logits = abs(logits) + 1
    rows = np.concatenate([drawn(SENTENCE_DIM, CHANNELS), drawn(SENTENCE_DIM)[:, None]], axis=1)
    meaning = meaning_of(cells, logits)
    return {
        "mask": kind,
        "map": {"size_hw": [height, width], "channels": CHANNELS, "data": _plain(cells)},
        "logits": {"size_hw": list(logits.shape), "data": _plain(logits)},
        "to_sentence": _plain(rows),
        "meaning": _plain(meaning),
        "sentence": _plain(SentenceSpace(rows).of(meaning)),
    }


def _plain(values: Floats) -> list[float]:
    return [round(x, 6) for x in values.flatten().tolist()]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
