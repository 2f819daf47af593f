"""What repairs do to masks, and which of them stand after later prompts.

This script writes proto/vectors/repairs.json.

Python is held to it in test_repair_vectors.py, TypeScript in client/test/shared/prompt/repairs.test.ts.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_model.prompt.edits import edits_of
from splitseem_model.prompt.repairs import Place, StandingRepair, repaired
from splitseem_model.prompt.shapes import MARKED_CORNERS
from splitseem_proto import Click, ImageGeometry, Paint, Prompt, PromptItem, Repair, encode_rle, to_plain

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "repairs.json"

PICTURES = {
    "a ring, a speck and a corner": """
        ..........#
        .#####.....
        .#...#..#..
        .#.#.#.....
        .#...#....#
        .#####...#.
        ...........
    """,
    "holes in holes": """
        #########
        #.......#
        #.#####.#
        #.#...#.#
        #.#.#.#.#
        #.#...#.#
        #.#####.#
        #.......#
        #########
    """,
    "a gap at a corner": """
        .###.
        #...#
        #...#
        .####
    """,
    "open at every side": """
        ##.##
        #...#
        .....
        #...#
        ##.##
    """,
    "specks of several sizes": """
        ###..#.##
        ###......
        ###..##..
        .....##.#
        #.......#
    """,
    "two equal parts": """
        ##...
        ##...
        .....
        ...##
        ...##
    """,
    "a ragged edge": """
        ............
        .#.#.#.#.#..
        .##########.
        .##########.
        .####.#####.
        .##########.
        ..#.#.#.#.#.
        ............
    """,
    "empty": "....\n....",
    "full": "####\n####",
    "one pixel": "#",
    "one row": ".#.##...###.#",
    "one column": ".\n#\n.\n#\n#\n.",
}

SIZES = {"fill-holes": (1, 9, 10_000), "remove-specks": (1, 4, 10_000), "smooth": (1, 2, 40)}

HELD: dict[str, tuple[str, Repair, tuple[Place, ...]]] = {
    "a hole that was said to be one": ("holes in holes", Repair("fill-holes", 99), ((3, 3, 0),)),
    "a positive place fills no hole less": ("holes in holes", Repair("fill-holes", 99), ((3, 3, 1),)),
    "a speck that was said to be in it": (
        "a ring, a speck and a corner",
        Repair("remove-specks", 99),
        ((8, 2, 1),),
    ),
    "a negative place keeps no speck": (
        "a ring, a speck and a corner",
        Repair("remove-specks", 99),
        ((8, 2, 0),),
    ),
    "pixels of a smoothed mask": (
        "a ragged edge",
        Repair("smooth", 2),
        ((1, 1, 1), (5, 4, 0), (5, 4, 1), (6, 3, 0)),
    ),
}

SIZE = (40, 60)
FILL, SMOOTH = Repair("fill-holes", 2400), Repair("smooth", 3)

STANDING: dict[str, tuple[PromptItem, ...]] = {
    "before a click": (FILL, Click(50.5, 5.5)),
    "between clicks": (Click(1.5, 2.5), FILL, Click(50.9, 5.1, 0), SMOOTH, Click(60.0, 40.0)),
    "with strokes, in order": (
        Paint(((10.0, 10.0),), 3.0),
        SMOOTH,
        Paint(((20.0, 10.0),), 3.0),
        Click(3.5, 3.5),
    ),
    "without a click": (SMOOTH,),
}


def picture(name: str) -> NDArray[np.bool_]:
    """bool `[H, W]`."""
    return np.array([[mark == "#" for mark in line] for line in PICTURES[name].split()])


def vectors() -> dict[str, list[dict[str, Any]]]:
    """All cases as plain data."""
    plain = [
        _repair(f"{name}: {method} {size}", name, Repair(method, size), ())
        for name in PICTURES
        for method, sizes in SIZES.items()
        for size in sizes
    ]
    held = [_repair(name, *case) for name, case in HELD.items()]
    return {"repairs": plain + held, "standing": [_standing(name, items) for name, items in STANDING.items()]}


def _items(items: Sequence[PromptItem]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = to_plain(Prompt(tuple(items)))["items"]
    return plain


def _held(places: Sequence[Place]) -> list[dict[str, int]]:
    return [{"column": x, "row": y, "label": label} for x, y, label in places]


def _repair(name: str, shown: str, repair: Repair, held: tuple[Place, ...]) -> dict[str, Any]:
    mask = picture(shown)
    result = repaired(mask, repair, held)
    return {
        "name": name,
        "size": list(mask.shape),
        "before": list(encode_rle(mask).counts),
        "repair": _items([repair])[0],
        "held": _held(held),
        "after": list(encode_rle(result).counts),
    }


def _standing(name: str, items: tuple[PromptItem, ...]) -> dict[str, Any]:
    edits = edits_of(items, ImageGeometry.whole_image(SIZE, SIZE, SIZE), MARKED_CORNERS)
    standing = [
        {**_items([edit.repair])[0], "held": _held(edit.held)}
        if isinstance(edit, StandingRepair)
        else _items([edit])[0]
        for edit in edits
    ]
    return {
        "name": name,
        "size": list(SIZE),
        "rules": vars(MARKED_CORNERS),
        "items": _items(items),
        "standing": standing,
    }


def written() -> str:
    """The file: a line a case."""
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]"
        for name, cases in vectors().items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    VECTORS.write_text(written(), encoding="utf-8")
