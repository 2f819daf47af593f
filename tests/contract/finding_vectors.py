"""Where words are looked for, and how well masks answer them: this script writes proto/vectors/finding.json.

Python is held to it in test_finding_vectors.py, TypeScript in client/test/worker/step/finding.test.ts.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from splitseem_model.encode.meaning import SentenceSpace
from splitseem_model.layers.arrays import Floats
from splitseem_model.step.finding import Finder, alike_at, fit_of
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_proto import ImageGeometry

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "finding.json"
CHANNELS, SENTENCE_DIM = 3, 5
GEOMETRIES = [
    ImageGeometry((60, 90), (10, 5, 80, 40), (48, 96), (64, 96)),
    ImageGeometry((130, 70), (0, 0, 70, 130), (128, 69), (128, 96)),
]


@dataclass
class _Image:
    """The part of a prepared image that is looked at."""

    geometry: ImageGeometry
    semantic: Floats


def vectors() -> list[dict[str, Any]]:
    """One entry a geometry."""
    return [_entry(seed, geometry) for seed, geometry in enumerate(GEOMETRIES)]


def _entry(seed: int, geometry: ImageGeometry) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Floats:
        return torch.randn(*shape, generator=generator).mul(16).round().div(16).numpy()

    height, width = (side // 16 for side in geometry.padded_hw)
    rows = np.concatenate([drawn(SENTENCE_DIM, CHANNELS), drawn(SENTENCE_DIM)[:, None]], axis=1)
    cells, vector = drawn(1, CHANNELS, height, width), drawn(SENTENCE_DIM)
    logits = drawn(4 * height, 4 * width)
    image = cast(PreparedImage, _Image(geometry, cells))
    clicks, heat = Finder(SentenceSpace(rows)).look(image, vector)
    scores = [1 - 0.04 * k for k in range(12)]
    fits = [round(0.6 + 0.03 * value, 6) for value in drawn(12).tolist()]
    return {
        "geometry": {
            "original_hw": geometry.original_hw,
            "roi_xywh": geometry.roi_xywh,
            "input_hw": geometry.input_hw,
            "padded_hw": geometry.padded_hw,
        },
        "map": {"size_hw": [height, width], "channels": CHANNELS, "data": _plain(cells)},
        "to_sentence": _plain(rows),
        "vector": _plain(vector),
        "clicks": [[round(click.x, 4), round(click.y, 4)] for click in clicks],
        "heat": _plain(heat),
        "logits": _plain(logits),
        "scores": scores,
        "fits": fits,
        "alike": alike_at(scores, fits),
        "cover": round(fit_of(logits, heat), 6),
    }


def _plain(values: Floats) -> list[float]:
    return [round(value, 6) for value in values.flatten().tolist()]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
