"""Screenshots of the page -> an animated WebP with a moving pointer: `animate.py FRAMES OUT`.

FRAMES is the folder that `client/scripts/frames.js` writes. Every screenshot shows the page after a
click. The pointer and the ring of the click are drawn here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal, TypedDict

from PIL import Image, ImageDraw

MOVES = 8
"""Pictures of the pointer on its way to a click."""
MOVE_MS, PRESS_MS, REST_MS, END_MS = 50, 160, 750, 2500
ARROW = [(0, 0), (0, 34), (8, 27), (14, 40), (20, 37), (14, 25), (25, 25)]
"""Outline of the pointer, pixels from its tip."""
RING = {"left": (34, 160, 84), "right": (214, 58, 48)}
QUALITY = 72
SMOOTH = 3
"""Shapes are drawn this much larger and shrunk, so that their edges are smooth."""

Point = tuple[float, float]


class Frame(TypedDict):
    """One screenshot: its file, where the pointer was, and the button that was pressed there."""

    file: str
    pointer: tuple[float, float]
    button: Literal["left", "right", "none"]


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


def animated(frames: list[Frame], folder: Path) -> tuple[list[Image.Image], list[int]]:
    """All pictures and their milliseconds."""
    pages = [Image.open(folder / frame["file"]).convert("RGB") for frame in frames]
    pictures, milliseconds = [with_pointer(pages[0], frames[0]["pointer"])], [REST_MS]
    for before, frame, page, next_page in zip(frames, frames[1:], pages, pages[1:], strict=False):
        for move in range(1, MOVES + 1):
            pictures.append(with_pointer(page, eased(before["pointer"], frame["pointer"], move / MOVES)))
            milliseconds.append(MOVE_MS)
        pictures.append(with_pointer(page, frame["pointer"], frame["button"]))
        milliseconds.append(PRESS_MS)
        pictures.append(with_pointer(next_page, frame["pointer"]))
        milliseconds.append(REST_MS)
    milliseconds[-1] = END_MS
    return pictures, milliseconds


def main(folder: Path, out: Path) -> None:
    """Write the animation."""
    frames: list[Frame] = json.loads((folder / "frames.json").read_text(encoding="utf-8"))
    pictures, milliseconds = animated(frames, folder)
    first, *rest = pictures
    first.save(
        out, save_all=True, append_images=rest, duration=milliseconds, loop=0, quality=QUALITY, method=6
    )
    print(f"{out}: {len(pictures)} pictures, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
