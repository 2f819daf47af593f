"""Meanings of masks and where they lie among sentences: this script writes proto/vectors/meanings.json.

Python is held to it in test_meaning_vectors.py, TypeScript in client/test/worker/mask/meaning.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import torch

from splitseem_model.config import SemanticConfig
from splitseem_model.encode.semantic import SemanticMap, meaning_of, to_sentence_rows

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "meanings.json"
CHANNELS, SENTENCE_DIM = 3, 5

MASKS = [(2, 2, "drawn"), (2, 4, "drawn"), (4, 2, "one cell"), (2, 2, "empty"), (2, 2, "whole")]
"""Height and width of the map, and what the mask is."""


def vectors() -> list[dict[str, Any]]:
    """One entry a mask."""
    return [_entry(seed, *case) for seed, case in enumerate(MASKS)]


def _entry(seed: int, height: int, width: int, kind: str) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).mul(16).round().div(16)

    cells, logits = drawn(1, CHANNELS, height, width), drawn(4 * height, 4 * width)
    match kind:
        case "one cell":
            logits = torch.full_like(logits, -1.0)
            logits[5, 6] = 2.0
        case "empty":
            logits = -logits.abs()  # zero is outside
        case "whole":
            logits = logits.abs() + 1
    semantic = SemanticMap(SemanticConfig(CHANNELS), (1, 1), SENTENCE_DIM, 0)
    with torch.no_grad():
        semantic.to_sentence.weight.copy_(drawn(SENTENCE_DIM, CHANNELS))
        semantic.to_sentence.bias.copy_(drawn(SENTENCE_DIM))
        meaning = meaning_of(cells, logits)
        return {
            "mask": kind,
            "map": {"size_hw": [height, width], "channels": CHANNELS, "data": _plain(cells)},
            "logits": {"size_hw": list(logits.shape), "data": _plain(logits)},
            "to_sentence": _plain(to_sentence_rows(semantic)),
            "meaning": _plain(meaning),
            "sentence": _plain(semantic.to_sentence(meaning)),
        }


def _plain(values: torch.Tensor) -> list[float]:
    return [round(x, 6) for x in values.flatten().tolist()]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
