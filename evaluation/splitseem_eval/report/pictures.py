"""Photos with masks outlined and clicks drawn, as SVG over a JPEG that is in the page only once."""

import base64
import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from splitseem_proto import Box, Click, PromptItem

PHOTO_SIDE = 640
"""Long side of a photo in the page, pixels."""
JPEG_QUALITY = 80
DOT = 0.016
"""Radius of a click, in long sides of the photo."""
STROKE_DOT = 0.004
"""Radius of one of the many clicks that a scribble is."""

KINDS = ("negative", "positive")
"""Class of a click by its label."""


def photo_symbol(name: str, image_rgb: NDArray[np.uint8]) -> str:
    """A hidden SVG element that holds the photo, uint8 `[H, W, 3]`; `picture` shows it by its name."""
    height, width = image_rgb.shape[:2]
    photo = Image.fromarray(image_rgb)
    photo.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=JPEG_QUALITY)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f'<svg class="store" aria-hidden="true"><image id="{name}" width="{width}" height="{height}"'
        f' preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/></svg>'
    )


def picture(
    photo: str,
    description: str,
    truth: NDArray[np.bool_],
    mask: NDArray[np.bool_],
    items: Sequence[PromptItem],
    strokes: Sequence[PromptItem] = (),
) -> str:
    """An SVG element: the photo of that name with truth and answer, bool `[H, W]`, and the prompts so far.

    Args:
        strokes: the clicks among the items that are pixels of a scribble.
    """
    height, width = truth.shape
    side = max(height, width)
    return (
        f'<svg class="picture" viewBox="0 0 {width} {height}" preserveAspectRatio="xMinYMin" role="img"'
        f' aria-label="{description}"'
        f' style="--unit:{side / 100:.2f}px">'
        f'<use href="#{photo}"/>'
        f'<path class="answer" d="{outline(mask)}"/>'
        f'<path class="truth" d="{outline(truth)}"/>'
        f'<g class="prompts">{_prompts(items, strokes, side)}</g></svg>'
    )


def outline(mask: NDArray[np.bool_]) -> str:
    """The borders of a mask, bool `[H, W]`, as SVG path data in pixels, holes included."""
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return "".join(
        "M" + "L".join(f"{x + 0.5:g} {y + 0.5:g}" for x, y in ring[:, 0].tolist()) + "Z" for ring in rings
    )


def _prompts(items: Sequence[PromptItem], strokes: Sequence[PromptItem], side: int) -> str:
    drawn = set(strokes)
    return "".join(_prompt(item, item in drawn, side) for item in items)


def _prompt(item: PromptItem, in_stroke: bool, side: int) -> str:
    """What is seen of an item; of a text nothing."""
    match item:
        case Box():
            width, height = item.x1 - item.x0, item.y1 - item.y0
            return f'<rect x="{item.x0:g}" y="{item.y0:g}" width="{width:g}" height="{height:g}"/>'
        case Click() if in_stroke:
            kind = KINDS[item.label]
            return (
                f'<circle class="stroke {kind}" cx="{item.x:g}" cy="{item.y:g}" r="{STROKE_DOT * side:.1f}"/>'
            )
        case Click():
            return _click(item, DOT * side)
        case _:
            return ""


def _click(click: Click, radius: float) -> str:
    """A disk with a plus or a minus in it."""
    half = radius * 0.55
    sign = f"M{click.x - half:.1f} {click.y:.1f}h{2 * half:.1f}"
    if click.label:
        sign += f"M{click.x:.1f} {click.y - half:.1f}v{2 * half:.1f}"
    return (
        f'<g class="{KINDS[click.label]}"><circle cx="{click.x:.1f}" cy="{click.y:.1f}" r="{radius:.1f}"/>'
        f'<path d="{sign}"/></g>'
    )
