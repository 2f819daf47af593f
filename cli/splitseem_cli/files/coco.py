"""A project as COCO: its masks as they are shown and exported by the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from splitseem_cli.files.videos import Video, videos_of
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
    videos = videos_of(project.images)
    return {
        "info": {"description": "Made with splitseem"},
        **({"videos": [_video(*found, project) for found in enumerate(videos, 1)]} if videos else {}),
        "images": [
            {**_image(number, image), **_frame(videos, number - 1)}
            for number, image in enumerate(project.images, 1)
        ],
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


def _video(number: int, video: Video, project: Project) -> dict[str, Any]:
    height, width = project.images[video.first].size_hw
    length = video.last - video.first + 1
    return {"id": number, "name": video.name, "width": width, "height": height, "length": length}


def _frame(videos: Sequence[Video], place: int) -> dict[str, int]:
    """Which frame of which video a photo is."""
    for number, video in enumerate(videos, 1):
        if video.first <= place <= video.last:
            return {"video_id": number, "frame_id": place - video.first}
    return {}


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
        **({} if item.track is None else {"track_id": item.track}),
        "attributes": {
            **item.attributes,
            **({} if item.number is None else {"number": item.number}),
            **({} if item.label_origin is None else {"label_origin": item.label_origin}),
            **({} if item.group is None else {"group": item.group}),
        },
    }
