"""Mask logits before and after the correction: this script writes proto/vectors/correction.json.

Python is held to it in test_correction_vectors.py, TypeScript in client/test/worker/correction.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_model.config import CorrectionConfig
from splitseem_model.mask.correction import correct_at_points, feature_spread

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "correction.json"
CONFIG = CorrectionConfig()
WIDE = CorrectionConfig(margin=2.0, look_width=0.5, place_width=0.3, max_points=3)

CASES: dict[str, tuple[CorrectionConfig, list[tuple[float, float, int]]]] = {
    "one positive click": (CONFIG, [(10.5, 6.5, 1)]),
    "positive and negative clicks": (CONFIG, [(10.5, 6.5, 1), (30.0, 20.0, 0), (2.0, 2.0, 0)]),
    "clicks at the corners of the map": (WIDE, [(0.0, 0.0, 1), (36.0, 24.0, 0)]),
    "two clicks on one place": (CONFIG, [(10.5, 6.5, 1), (10.5, 6.5, 1)]),
    "more clicks than are used": (WIDE, [(4.0 * k + 1, 12.0, k % 2) for k in range(8)]),
    "corners of a box do not count": (CONFIG, [(4.0, 4.0, 2), (30.0, 20.0, 3)]),
    "padding does not count": (CONFIG, [(10.5, 6.5, 1), (30.0, 20.0, -1)]),
}


def vectors() -> list[dict[str, Any]]:
    """Every case on its own random map of 3 channels and 6 x 9 cells."""
    entries = []
    for seed, (name, (config, points)) in enumerate(CASES.items()):
        rng = np.random.default_rng(seed)
        features = np.round(rng.normal(size=(1, 3, 6, 9)), 3).astype(np.float32)
        logits = np.round(rng.normal(size=(6, 9)) * 3, 3).astype(np.float32)
        corrected = correct_at_points(
            logits,
            features,
            feature_spread(features, config),
            np.array([(x, y) for x, y, _ in points], dtype=np.float32),
            np.array([label for _, _, label in points], dtype=np.int64),
            36,
            config,
        )
        entries.append(
            {
                "name": name,
                "config": vars(config),
                "side": 36,
                "points": points,
                "mask_features": features.tolist(),
                "mask_logits": logits.tolist(),
                "corrected": np.round(corrected.astype(np.float64), 4).tolist(),
            }
        )
    return entries


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
