"""What the tests of several readers use."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

Mask = NDArray[np.bool_]
Photo = dict[str, Any]


def write_photos(target: Path, photos: Iterable[Photo]) -> Path:
    """A black picture for each photo, under the name that exports give it."""
    target.mkdir(parents=True, exist_ok=True)
    for photo in photos:
        height, width = photo["size_hw"]
        Image.new("RGB", (width, height)).save(target / photo["file_name"], format="PNG")
    return target


def unzipped(archive: Path, target: Path) -> Path:
    """The folder with all files of an archive."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    return target


def stem(photo: Photo) -> str:
    """What files beside a photo are called."""
    name, dot, _ = photo["file_name"].rpartition(".")
    return str(name if dot and name else photo["file_name"])


def drawn(photo: Photo) -> list[dict[str, Any]]:
    """The objects that exports hold: those with a mask that is not empty."""
    return [item for item in photo["objects"] if item["mask"].any()]


def category(item: dict[str, Any]) -> str:
    """What an object is called in exports."""
    return str(item["label"]) if item["labelOrigin"] == "user" else "unlabelled"


def filled(points: Iterable[float], size_hw: list[int]) -> Mask:
    """A polygon filled by the parity of crossings; its corners are those of pixels."""
    decoded = coco_mask.decode(coco_mask.frPyObjects([list(map(float, points))], *size_hw))
    return np.asarray(decoded[..., 0], dtype=np.bool_)


def check_filled_widely(masks: Iterable[Mask], photo: Photo) -> None:
    """See that a reader which fills polygons along the centres of pixels gives all pixels, and few others.

    Outlines run along the edges of pixels, so it adds those at the right and at the lower border, and those
    of cuts.
    """
    ious = []
    for mask, item in zip(masks, drawn(photo), strict=True):
        assert not (item["mask"] & ~mask).any()
        ious.append(float((mask & item["mask"]).sum() / (mask | item["mask"]).sum()))
    print("IoU", [f"{iou:.4f}" for iou in ious])
    assert min(ious) >= 0.97
