"""A project as COCO: its masks as they are shown and exported by the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from splitseem_proto import Project, ProjectImage, ProjectObject, decode_rle, masks_apart
from splitseem_proto.coco_rle import CocoRle

UNLABELLED = "unlabelled"
"""Category of objects that the user has given no name."""


def coco_of(project: Project) -> dict[str, Any]:
    """One annotation an object, as run lengths; masks of no pixel are left out.

    Where the project says that masks may not overlap, a pixel is of one object, as on the page.
    """
    shown = [
        (number, item, mask)
        for number, image in enumerate(project.images, 1)
        for item, mask in zip(image.objects, masks_apart(image, project.overlap), strict=True)
        if mask is not None and any(mask.counts[1::2])
    ]
    classes = project.class_names or project.classes or ()
    names = list(dict.fromkeys([*classes, *(_category(item) for _, item, _ in shown)]))
    return {
        "info": {"description": "Made with splitseem"},
        "images": [_image(number, image) for number, image in enumerate(project.images, 1)],
        "annotations": [
            {
                "id": id_,
                "image_id": image,
                "category_id": names.index(_category(item)) + 1,
                **_annotation(item, mask),
            }
            for id_, (image, item, mask) in enumerate(shown, 1)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
    }


def _image(number: int, image: ProjectImage) -> dict[str, Any]:
    height, width = image.size_hw
    return {"id": number, "file_name": image.name, "width": width, "height": height}


def _category(item: ProjectObject) -> str:
    return item.label if item.label is not None and item.label_origin != "model" else UNLABELLED


def _annotation(item: ProjectObject, mask: CocoRle) -> dict[str, Any]:
    pixels = decode_rle(mask)
    rows, columns = (np.flatnonzero(pixels.any(axis)) for axis in (1, 0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "segmentation": {"size": list(mask.size), "counts": list(mask.counts)},
        "area": int(pixels.sum()),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "iscrowd": 0,
        "attributes": {
            **item.attributes,
            **({} if item.number is None else {"number": item.number}),
            **({} if item.label_origin is None else {"label_origin": item.label_origin}),
            **({} if item.group is None else {"group": item.group}),
        },
    }
