"""Masks before and after the refinement by the photo: this script writes proto/vectors/photo.json.

Python is held to it in test_photo_vectors.py, TypeScript in client/test/worker/photo.test.ts.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_model.config import PhotoConfig
from splitseem_model.mask.photo.fine_mask import fine_mask
from splitseem_model.mask.photo.refinement import guide_of
from splitseem_model.prompt.prompts import prompt_points
from splitseem_proto import Box, Click, ImageGeometry, PromptItem, Scribble

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "photo.json"
CONFIG = PhotoConfig()
WIDE = replace(CONFIG, trust=1.0, bins=5, reach=0.5, edge_contrast=0.1, rounds=3, sweeps=2, click_radius=0.2)
COARSE = replace(CONFIG, fine_side=16)
WHOLE = ImageGeometry((21, 33), (0, 0, 33, 21), (21, 33), (32, 64))
PART = ImageGeometry((80, 70), (7, 11, 60, 40), (24, 36), (32, 64))

CASES: dict[str, tuple[PhotoConfig, ImageGeometry, list[PromptItem]]] = {
    "one positive click": (CONFIG, WHOLE, [Click(12.5, 9.5, 1)]),
    "clicks at the corners": (CONFIG, WHOLE, [Click(0.0, 0.0, 0), Click(33.0, 21.0, 1), Click(32.5, 0.5, 1)]),
    "clicks on neighbouring pixels": (WIDE, WHOLE, [Click(12.5, 9.5, 1), Click(13.5, 9.5, 0)]),
    "two clicks on one pixel": (WIDE, WHOLE, [Click(12.5, 9.5, 1), Click(12.5, 9.5, 0)]),
    "a scribble in a region": (WIDE, PART, [Scribble(((10.0, 20.0), (60.0, 40.0)), 1), Click(65.0, 48.0, 0)]),
    "a box holds nothing": (CONFIG, PART, [Box(10.0, 14.0, 50.0, 40.0)]),
    "a large input, at stride 4": (COARSE, WHOLE, [Click(12.5, 9.5, 1), Click(30.5, 2.5, 0)]),
}


def vectors() -> list[dict[str, Any]]:
    """Every case on its own random photo of two colours and random logits."""
    entries = []
    for seed, (name, (config, geometry, items)) in enumerate(CASES.items()):
        rng = np.random.default_rng(seed)
        stride = 2 if max(geometry.input_hw) <= config.fine_side else 4
        height, width = (-(-side // stride) for side in geometry.input_hw)
        inside = np.hypot(*np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]) < 0.6
        colours = np.where(inside[:, :, None], [200, 80, 40], [40, 120, 90])
        photo = np.clip(colours + rng.integers(-40, 41, (height, width, 3)), 0, 255)
        padded_h, padded_w = geometry.padded_hw
        logits = np.round(rng.normal(size=(padded_h // 4, padded_w // 4)) * 4, 3).astype(np.float32)
        points = prompt_points(items, geometry)
        guide = guide_of(photo.astype(np.float64), geometry, config)
        fine = fine_mask(guide, logits, points, geometry, config)
        to_image = geometry.input_to_image(points.coords.astype(np.float64))
        entries.append(
            {
                "name": name,
                "config": vars(config),
                "geometry": {key: list(value) for key, value in vars(geometry).items()},
                "points": [
                    [round(float(x), 4), round(float(y), 4), int(label)]
                    for (x, y), label in zip(to_image, points.labels, strict=True)
                ],
                "photo": photo.transpose(2, 0, 1).tolist(),
                "mask_logits": logits.tolist(),
                "stride": fine.stride,
                "fine_logits": np.round(fine.logits.astype(np.float64), 4).tolist(),
                "held": fine.held.tolist(),
            }
        )
    return entries


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
