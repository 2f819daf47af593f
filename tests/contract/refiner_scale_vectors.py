"""Maps shrunk for the refiner and its changes enlarged: this script writes proto/vectors/refiner_scale.json.

Python is held to it in test_refiner_scale_vectors.py, TypeScript in client/test/worker/refinerScale.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import torch

from splitseem_model.config import RefinerConfig
from splitseem_model.layers.arrays import Floats
from splitseem_model.mask.refiner_scale import enlarged, refiner_maps, shrink_factor

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "refiner_scale.json"
FINE_SIDE = 64

CELLS_HW = [(1, 2), (2, 2), (2, 3), (3, 5), (5, 2), (3, 9)]
"""Height and width of the coarsest level, stride 32; 2 is as large as `FINE_SIDE`."""


def vectors() -> list[dict[str, Any]]:
    """One entry an image: its maps as the refiner sees them, and mask logits with an enlarged change."""
    return [_entry(seed, *cells) for seed, cells in enumerate(CELLS_HW)]


def _entry(seed: int, height: int, width: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    config = RefinerConfig(fine_side=FINE_SIDE)

    def drawn(height: int, width: int) -> Floats:
        return torch.randn(1, 1, height, width, generator=generator).mul(16).round().div(16).numpy()

    maps = (*(drawn(height * scale, width * scale) for scale in (8, 2, 4)),)
    factor = shrink_factor(config, (8 * height, 8 * width))
    seen = refiner_maps(config, *maps)
    change = drawn(*seen[0].shape[2:])
    logits = maps[0] + enlarged(change, factor, (8 * height, 8 * width))
    return {
        "factor": factor,
        "maps": [_plain(x) for x in maps],
        "seen": [_plain(x) for x in seen],
        "change": _plain(change),
        "logits": _plain(logits),
    }


def _plain(values: Floats) -> dict[str, Any]:
    return {"size_hw": list(values.shape[2:]), "data": [round(x, 5) for x in values.flatten().tolist()]}


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"fine_side": {FINE_SIDE}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")
