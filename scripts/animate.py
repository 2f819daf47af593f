"""Screenshots of the page -> animated WebPs with a moving pointer: `animate.py FRAMES OUT`.

FRAMES holds the folders that `client/scripts/frames.js` writes, one an animation. Every screenshot shows the
page after something was done. The pointer, the ring of a press and the name of a key are drawn here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal, TypedDict

from PIL import Image, ImageDraw, ImageFont

MOVES = 8
"""Pictures of the pointer on its way to a click."""
MOVE_MS, PRESS_MS, HELD_MS, KEY_MS, REST_MS, END_MS = 50, 160, 110, 500, 750, 2500
ARROW = [(0, 0), (0, 34), (8, 27), (14, 40), (20, 37), (14, 25), (25, 25)]
"""Outline of the pointer, pixels from its tip."""
RING = {"left": (34, 160, 84), "right": (214, 58, 48), "held": (34, 160, 84)}
QUALITY = 72
SMOOTH = 3
"""Shapes are drawn this much larger and shrunk, so that their edges are smooth."""

Point = tuple[float, float]


class Frame(TypedDict):
    """One screenshot: its file, where the pointer was, what was pressed, and the name of the key."""

    file: str
    pointer: tuple[float, float]
    press: Literal["none", "left", "right", "held", "key"]
    key: str


def with_pointer(page: Image.Image, at: Point, ring: str | None = None) -> Image.Image:
    """The page with the pointer on it, and around its tip the ring of a click."""
    side = 90
    shapes = Image.new("RGBA", (2 * side * SMOOTH, 2 * side * SMOOTH))
    draw = ImageDraw.Draw(shapes)
    centre = side * SMOOTH
    if ring is not None:
        radius = 20 * SMOOTH
        box = (centre - radius, centre - radius, centre + radius, centre + radius)
        draw.ellipse(box, outline=(*RING[ring], 255), width=4 * SMOOTH)
    arrow = [(centre + x * SMOOTH, centre + y * SMOOTH) for x, y in ARROW]
    draw.polygon(arrow, fill=(20, 20, 20, 255), outline=(255, 255, 255, 255), width=2 * SMOOTH)
    shapes = shapes.resize((2 * side, 2 * side), Image.Resampling.LANCZOS)
    drawn = page.copy()
    drawn.paste(shapes, (round(at[0]) - side, round(at[1]) - side), shapes)
    return drawn


def eased(start: Point, end: Point, part: float) -> Point:
    """The place between two others after a part, 0..1, of the time: slow, fast, slow."""
    moved = part * part * (3 - 2 * part)
    return start[0] + (end[0] - start[0]) * moved, start[1] + (end[1] - start[1]) * moved


def with_key(page: Image.Image, name: str) -> Image.Image:
    """The page with the name of a key at its lower edge, as on a key cap."""
    font = ImageFont.load_default(size=30)
    drawn = page.copy()
    draw = ImageDraw.Draw(drawn)
    left, top, right, bottom = draw.textbbox((page.width / 2, page.height - 110), name, font, anchor="mm")
    cap = (left - 22, top - 16, right + 22, bottom + 16)
    draw.rounded_rectangle(cap, 10, fill=(250, 250, 250), outline=(20, 20, 20), width=3)
    draw.text((page.width / 2, page.height - 110), name, (20, 20, 20), font, anchor="mm")
    return drawn


Picture = tuple[Image.Image, int]
"""A picture and its milliseconds."""


def pressed(before: tuple[Image.Image, Point], after: Image.Image, frame: Frame) -> list[Picture]:
    """The pointer goes from where it was to where it presses; then the page is as the press leaves it."""
    page, start = before
    at, press = frame["pointer"], frame["press"]
    if press == "held":
        return [(with_pointer(after, at, press), HELD_MS)]
    if press == "key":
        shown = (
            with_key(with_pointer(page, at), frame["key"]),
            with_key(with_pointer(after, at), frame["key"]),
        )
        return [(shown[0], KEY_MS), (shown[1], REST_MS)]
    moves = [eased(start, at, move / MOVES) for move in range(1, MOVES + 1)] if start != at else []
    ring = [(with_pointer(page, at, press), PRESS_MS)] if press != "none" else []
    return (
        [(with_pointer(page, move), MOVE_MS) for move in moves] + ring + [(with_pointer(after, at), REST_MS)]
    )


def animated(frames: list[Frame], folder: Path) -> list[Picture]:
    """All pictures of one animation."""
    pages = [Image.open(folder / frame["file"]).convert("RGB") for frame in frames]
    pictures = [(with_pointer(pages[0], frames[0]["pointer"]), REST_MS)]
    for index, frame in enumerate(frames[1:]):
        before = pages[index], frames[index]["pointer"]
        pictures += pressed(before, pages[index + 1], frame)
    return [*pictures[:-1], (pictures[-1][0], END_MS)]


def main(frames: Path, out: Path) -> None:
    """Write the animations."""
    out.mkdir(parents=True, exist_ok=True)
    for folder in sorted(path.parent for path in frames.glob("*/frames.json")):
        pictures = animated(json.loads((folder / "frames.json").read_text(encoding="utf-8")), folder)
        (first, *rest), milliseconds = zip(*pictures, strict=True)
        file = out / f"{folder.name}.webp"
        first.save(
            file,
            save_all=True,
            append_images=rest,
            duration=list(milliseconds),
            loop=0,
            quality=QUALITY,
            method=6,
        )
        print(f"{file}: {len(pictures)} pictures, {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
