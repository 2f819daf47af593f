"""Prompt items and the points they become: this script writes proto/vectors/prompts.json.

Python is held to it in test_prompt_vectors.py, TypeScript in client/test/shared/prompts.test.ts.
"""

import json
import math
from pathlib import Path
from typing import Any

from splitseem_model.prompts import prompt_points
from splitseem_proto import (
    Box,
    Click,
    ImageGeometry,
    Polygon,
    Prompt,
    PromptItem,
    Scribble,
    TextPrompt,
    to_plain,
)

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "prompts.json"

WHOLE = ImageGeometry.whole_image((300, 451), (255, 384), (256, 384))
CROPPED = ImageGeometry((301, 450), (100, 50, 200, 151), (290, 384), (320, 384))
TINY = ImageGeometry.whole_image((1, 1), (384, 384), (384, 384))
SPIRAL = tuple((225 + (10 + k) * math.cos(k / 6), 150 + (10 + k) * math.sin(k / 6)) for k in range(120))

CASES: dict[str, tuple[ImageGeometry, tuple[PromptItem, ...]]] = {
    "one click at a pixel centre": (WHOLE, (Click(10.5, 20.5),)),
    "clicks of both signs keep their order": (WHOLE, (Click(10.5, 20.5, 0), Click(450.25, 299.75, 1))),
    "clicks on the corners of the image": (WHOLE, (Click(0.0, 0.0), Click(451.0, 300.0, 0))),
    "box": (WHOLE, (Box(12.0, 30.5, 200.0, 299.0),)),
    "scribble with a bend": (WHOLE, (Scribble(((10.0, 10.0), (60.0, 10.0), (60.0, 90.5))),)),
    "negative scribble": (WHOLE, (Scribble(((400.0, 250.0), (350.0, 220.0)), 0),)),
    "scribble of one point": (WHOLE, (Scribble(((33.0, 44.0),)),)),
    "scribble that stands still": (WHOLE, (Scribble(((33.0, 44.0), (33.0, 44.0), (33.0, 44.0))),)),
    "polygon": (WHOLE, (Polygon(((100.0, 100.0), (180.0, 120.0), (150.0, 200.0), (90.0, 160.0))),)),
    "click in a region of interest": (CROPPED, (Click(150.5, 100.5),)),
    "everything at once": (
        WHOLE,
        (
            Click(5.5, 6.5),
            Box(1.0, 2.0, 30.0, 40.0),
            Scribble(((8.0, 9.0), (30.0, 31.0))),
            Click(40.5, 41.5, 0),
        ),
    ),
    "words between clicks add no point": (
        WHOLE,
        (Click(5.5, 6.5), TextPrompt("the left dog"), Click(40.5, 41.5, 0)),
    ),
    "more than 512 points are thinned": (WHOLE, tuple(Scribble(SPIRAL) for _ in range(6))),
    "an image of one pixel": (TINY, (Click(0.5, 0.5),)),
}


def vectors() -> list[dict[str, Any]]:
    """One entry a case: geometry, items, and the points in the padded frame with their labels."""
    entries = []
    for name, (geometry, items) in CASES.items():
        points = prompt_points(items, geometry)
        entries.append(
            {
                "name": name,
                "geometry": {key: list(value) for key, value in vars(geometry).items()},
                "items": to_plain(Prompt(items))["items"],
                "coords": [[round(float(x), 4), round(float(y), 4)] for x, y in points.coords],
                "labels": points.labels.tolist(),
            }
        )
    return entries


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
