"""Prompt items and the points they become: this script writes proto/vectors/prompts.json.

Python is held to it in test_prompt_vectors.py, TypeScript in client/test/shared/prompt/prompts.test.ts.
"""

import json
import math
from pathlib import Path
from typing import Any

from splitseem_model.prompt.prompts import prompt_points
from splitseem_model.prompt.shapes import MARKED_CORNERS, RegionRules
from splitseem_proto import (
    Box,
    Click,
    ImageGeometry,
    KnownMask,
    Paint,
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

BOX = Box(40.0, 20.0, 100.0, 60.0)
LETTER_L = Polygon(((20.0, 10.0), (40.0, 10.0), (40.0, 70.0), (90.0, 70.0), (90.0, 90.0), (20.0, 90.0)))
AT_THE_EDGE = Polygon(((100.0, 50.0), (300.0, 50.0), (300.0, 200.0), (120.0, 160.0)))
STAR = Polygon(
    tuple(
        (200 + (60 + 40 * (k % 2)) * math.cos(k / 100), 150 + (60 + 40 * (k % 2)) * math.sin(k / 100))
        for k in range(628)
    )
)
ZIGZAG = Scribble(tuple((451.0 * (k % 2), 300.0 * k / 39) for k in range(40)))
A_LINE = Polygon(((5.0, 5.0), (100.0, 50.0), (5.0, 5.0)))
CROSSED = Polygon(((0.0, 0.0), (200.0, 100.0), (200.0, 0.0), (0.0, 100.0)))

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
    "of more than 512 points some are left out": (WHOLE, tuple(Scribble(SPIRAL) for _ in range(6))),
    "an image of one pixel": (TINY, (Click(0.5, 0.5),)),
    "hollow polygon": (WHOLE, (LETTER_L,)),
    "polygon on the edge of a region of interest": (CROPPED, (AT_THE_EDGE,)),
    "polygon without inside": (WHOLE, (A_LINE, Click(40.5, 41.5, 0))),
    "polygon that crosses itself": (WHOLE, (CROSSED,)),
    "polygon of many corners": (WHOLE, (STAR,)),
    "scribble that is longer than a thousand steps": (WHOLE, (ZIGZAG, Click(5.5, 6.5))),
    "negative box": (WHOLE, (Click(5.5, 6.5), Box(12.0, 30.5, 200.0, 299.0, 0))),
    "negative hollow polygon": (WHOLE, (Polygon(LETTER_L.points_xy, 0),)),
    "paint adds no point": (WHOLE, (Click(5.5, 6.5), Paint(((8.0, 9.0), (30.0, 31.0)), 4.0))),
    "four pixels of a mask": (
        WHOLE,
        (KnownMask((300, 451), (0, 90_000, 150, 7, 45_143)), Click(5.5, 6.5, 0)),
    ),
    "all pixels of a small mask": (WHOLE, (KnownMask((300, 451), (299, 3, 134_998)),)),
    "an empty mask": (WHOLE, (Click(5.5, 6.5), KnownMask((300, 451), (135_300,)))),
    "negative polygon without inside": (WHOLE, (Polygon(A_LINE.points_xy, 0),)),
}
RULES: dict[str, tuple[RegionRules, ImageGeometry, tuple[PromptItem, ...]]] = {
    "box by its middle and a ring": (RegionRules("surround", "surround"), WHOLE, (BOX,)),
    "box on the edge, by its middle and a ring": (
        RegionRules("surround", "surround"),
        CROPPED,
        (Box(100.0, 50.0, 180.0, 110.0),),
    ),
    "box by its middle": (RegionRules("middle", "filled"), WHOLE, (BOX,)),
    "box all over": (RegionRules("filled", "filled"), WHOLE, (BOX,)),
    "box along its edges": (RegionRules("outline", "outline"), WHOLE, (BOX,)),
    "polygon all over": (RegionRules("middle", "filled"), WHOLE, (LETTER_L,)),
    "polygon along its edges": (RegionRules("outline", "outline"), WHOLE, (LETTER_L,)),
    "negative box of a model that knows points alone": (
        RegionRules("surround", "surround"),
        WHOLE,
        (Box(40.0, 20.0, 100.0, 60.0, 0),),
    ),
    "box of less than a pixel": (RegionRules("surround", "filled"), WHOLE, (Box(9.2, 9.2, 9.7, 9.6),)),
}


def vectors() -> list[dict[str, Any]]:
    """One entry a case: geometry, rules, items, and the points in the padded frame with their labels."""
    plain = [(name, MARKED_CORNERS, *case) for name, case in CASES.items()]
    ruled = [(name, *case) for name, case in RULES.items()]
    return [_entry(*case) for case in plain + ruled]


def _entry(
    name: str, rules: RegionRules, geometry: ImageGeometry, items: tuple[PromptItem, ...]
) -> dict[str, Any]:
    points = prompt_points(items, geometry, rules)
    return {
        "name": name,
        "geometry": {key: list(value) for key, value in vars(geometry).items()},
        "rules": vars(rules),
        "items": to_plain(Prompt(items))["items"],
        "coords": [[round(float(x), 4), round(float(y), 4)] for x, y in points.coords],
        "labels": points.labels.tolist(),
    }


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
