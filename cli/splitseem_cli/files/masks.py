"""A segmented object as a file: the suffix says which kind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from splitseem_cli.failures import Refused
from splitseem_model.mask.outlines import mask_outlines
from splitseem_proto import encode_rle

OVERLAY_RGB = (255, 64, 48)
OVERLAY_OPACITY = 0.45
JPEG_QUALITY = 92


@dataclass(frozen=True, eq=False)
class SegmentedObject:
    """One object of one image.

    Attributes:
        image_rgb: uint8 `[H, W, 3]`.
        mask: bool `[H, W]`.
        label: name of the object, or None.
        facts: further plain data for the JSON file.
    """

    image_rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: str | None
    facts: Mapping[str, Any]


def object_document(mask: NDArray[np.bool_], label: str | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of an object: run lengths, area, bounding box, label, and further facts."""
    area, bbox = int(np.count_nonzero(mask)), _bounding_box_xywh(mask)
    return {**rle_document(mask), "area": area, "bbox": bbox, "label": label, **facts}


def writer_for(path: Path) -> Callable[[SegmentedObject], bytes]:
    """What makes the bytes of a file with that suffix.

    Raises:
        Refused: an unknown suffix; names the known ones.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise Refused(f"cannot write {path.name!r}: the suffix must be one of {', '.join(WRITERS)}")
    return write


def rle_document(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """A mask as COCO run lengths, `{"size": [h, w], "counts": [...]}`."""
    rle = encode_rle(mask)
    return {"size": list(rle.size), "counts": list(rle.counts)}


def _png(segmented: SegmentedObject) -> bytes:
    return _image_bytes(segmented.mask.astype(np.uint8) * 255, "PNG")


def _overlay(segmented: SegmentedObject) -> bytes:
    """The photo with the object tinted and its border drawn."""
    mask = segmented.mask
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    opacity = np.where(mask & ~inner, 1.0, mask * OVERLAY_OPACITY)[..., None]
    blended = segmented.image_rgb * (1 - opacity) + np.array(OVERLAY_RGB) * opacity
    return _image_bytes(np.rint(blended).astype(np.uint8), "JPEG", quality=JPEG_QUALITY)


def _svg(segmented: SegmentedObject) -> bytes:
    height, width = segmented.mask.shape
    path = "".join(
        "M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in mask_outlines(segmented.mask)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">\n'
        f"  <title>{escape(segmented.label or 'object')}</title>\n"
        f'  <path d="{path}" fill="#{bytes(OVERLAY_RGB).hex()}" fill-rule="evenodd"/>\n'
        "</svg>\n"
    ).encode()


def _json(segmented: SegmentedObject) -> bytes:
    document = object_document(segmented.mask, segmented.label, segmented.facts)
    return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def _bounding_box_xywh(mask: NDArray[np.bool_]) -> list[int]:
    """Left, top, width and height of the mask in pixels; zeros when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return [0, 0, 0, 0]
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def _image_bytes(pixels: NDArray[np.uint8], image_format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, image_format, **options)
    return buffer.getvalue()


WRITERS: Mapping[str, Callable[[SegmentedObject], bytes]] = MappingProxyType(
    {".png": _png, ".json": _json, ".svg": _svg, ".jpg": _overlay, ".jpeg": _overlay}
)
