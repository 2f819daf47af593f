"""Everything found in an image as files: the suffix says which kinds."""

from __future__ import annotations

import colorsys
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from splitseem_cli.failures import Refused
from splitseem_cli.files.masks import JPEG_QUALITY
from splitseem_cli.files.outputs import outputs
from splitseem_model.tasks.segments import Segmentation

OVERLAY_OPACITY = 0.55
_PALETTE_SIZE = 256
_GOLDEN_TURN = 0.618034
"""Part of the colour circle between one segment and the next, so that neighbours in number look different."""


@dataclass(frozen=True, eq=False)
class SegmentedImage:
    """All that was found in one image.

    Attributes:
        image_rgb: uint8 `[H, W, 3]`.
        facts: further plain data for the JSON file.
    """

    image_rgb: NDArray[np.uint8]
    found: Segmentation
    facts: Mapping[str, Any]


def files_of(path: Path) -> Callable[[SegmentedImage], dict[Path, bytes]]:
    """What makes the files that are written for that path.

    Raises:
        Refused: an unknown suffix; names the known ones.
    """
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise Refused(f"cannot write {path.name!r}: the suffix must be one of {', '.join(_WRITERS)}")
    return lambda segmented: _WRITERS[suffix](path, segmented)


def check_names(path: Path) -> None:
    """Refuse names that cannot be written, before any work is done.

    Raises:
        Refused: as `Outputs.check`, or a .json beside the .png that this command did not write.
    """
    outputs().check(path)
    beside = path.with_suffix(".json")
    if path.suffix.lower() != ".png":
        return
    outputs().check(beside)
    if beside.exists() and not _is_ours(beside):
        raise Refused(f"{path} would come with {beside}, a file of something else; choose another name")


def _is_ours(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(document, dict) and {"segments", "fingerprint", "mode"} <= document.keys()


def map_png(ids: NDArray[np.int32]) -> bytes:
    """The segment of every pixel, as a picture whose values are the ids: with colours while 8 bits suffice,
    else 16 bits of grey."""
    buffer = io.BytesIO()
    if ids.max() < _PALETTE_SIZE:
        picture = Image.fromarray(ids.astype(np.uint8))
        picture.putpalette(_colours(_PALETTE_SIZE).tobytes())  # turns grey values into numbers of colours
        picture.save(buffer, "PNG")
    else:
        Image.fromarray(ids.astype(np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def _colours(count: int) -> NDArray[np.uint8]:
    """RGB of the ids below `count`, uint8 `[count, 3]`; 0 is black."""
    turns = (np.arange(count) * _GOLDEN_TURN) % 1.0
    rgb = np.array([colorsys.hsv_to_rgb(turn, 0.65 + 0.3 * (k % 2), 0.95) for k, turn in enumerate(turns)])
    rgb[0] = 0.0
    colours: NDArray[np.uint8] = np.rint(rgb * 255).astype(np.uint8)
    return colours


def _document(segmented: SegmentedImage, *, with_masks: bool) -> bytes:
    segments = [segment.to_dict(with_mask=with_masks) for segment in segmented.found.segments]
    document = {**segmented.facts, "size": list(segmented.found.ids.shape), "segments": segments}
    return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def _png_and_json(path: Path, segmented: SegmentedImage) -> dict[Path, bytes]:
    """The run lengths only where the map does not hold all of every segment."""
    found = segmented.found
    overlap = sum(segment.area for segment in found.segments) != np.count_nonzero(found.ids)
    return {
        path: map_png(found.ids),
        path.with_suffix(".json"): _document(segmented, with_masks=overlap),
    }


def _json(path: Path, segmented: SegmentedImage) -> dict[Path, bytes]:
    return {path: _document(segmented, with_masks=True)}


def _overlay(path: Path, segmented: SegmentedImage) -> dict[Path, bytes]:
    """The photo with every segment tinted and its border drawn."""
    ids = segmented.found.ids
    padded = np.pad(ids, 1, mode="edge")
    border = (padded[1:-1, 2:] != ids) | (padded[2:, 1:-1] != ids)
    opacity = np.where(ids == 0, 0.0, np.where(border, 1.0, OVERLAY_OPACITY))[..., None]
    colour = _colours(max(int(ids.max()) + 1, 2))[ids]
    blended = np.rint(segmented.image_rgb * (1 - opacity) + colour * opacity).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blended).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return {path: buffer.getvalue()}


_WRITERS: Mapping[str, Callable[[Path, SegmentedImage], dict[Path, bytes]]] = MappingProxyType(
    {".png": _png_and_json, ".json": _json, ".jpg": _overlay, ".jpeg": _overlay}
)
