"""Supervision: COCO, YOLO, Pascal VOC and LabelMe as one kind of data set."""

from pathlib import Path

import numpy as np
import pytest
import supervision
from tests.readers.shared import Photo, category, check_filled_widely, drawn, stem, unzipped, write_photos

pytestmark = pytest.mark.filterwarnings("ignore")

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")
"""Of the photos that its reader of folders takes."""


def test_coco_masks_are_those_of_the_page(folder: Path, photos: list[Photo], tmp_path: Path) -> None:
    images = write_photos(tmp_path, photos)
    data = supervision.DetectionDataset.from_coco(str(images), str(folder / "coco.json"), force_masks=True)
    for photo in photos:
        found = data.annotations[str(images / photo["file_name"])]
        assert [data.classes[number] for number in found.class_id] == [
            category(item) for item in drawn(photo)
        ]
        for mask, item in zip(found.mask, drawn(photo), strict=True):
            np.testing.assert_array_equal(mask, item["mask"])


@pytest.mark.parametrize("kind", ["coco", "yolo"])
def test_polygons_are_the_masks_but_for_pixels_of_their_border(
    folder: Path, large: Photo, tmp_path: Path, kind: str
) -> None:
    images = str(write_photos(tmp_path / "images", [large]))
    if kind == "coco":
        read = supervision.DetectionDataset.from_coco
        data = read(images, str(folder / "large-polygons.json"), force_masks=True)
    else:
        files = unzipped(folder / "large-yolo.zip", tmp_path / "yolo")
        of_yolo = supervision.DetectionDataset.from_yolo
        data = of_yolo(images, str(files / "labels"), str(files / "data.yaml"), force_masks=True)
    (found,) = data.annotations.values()
    check_filled_widely(found.mask, large)


def test_yolo_and_pascal_voc_and_labelme_have_an_object_for_each(
    folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    images = write_photos(tmp_path / "images", photos)
    yolo, voc, labelme = (
        unzipped(folder / f"{name}.zip", tmp_path / name) for name in ("yolo", "pascal-voc", "labelme")
    )
    kinds = supervision.DetectionDataset
    read = {
        "yolo": kinds.from_yolo(str(images), str(yolo / "labels"), str(yolo / "data.yaml"), force_masks=True),
        "voc": kinds.from_pascal_voc(str(images), str(voc / "Annotations")),
    }
    for photo in photos:
        if not photo["file_name"].lower().endswith(ENDINGS) or stem(photo) == photo["file_name"]:
            continue
        for name, data in read.items():
            found = data.annotations[str(images / photo["file_name"])]
            assert len(found) == len(drawn(photo)), (name, photo["file_name"])
            names = [data.classes[number] for number in found.class_id]
            assert names == [category(item) for item in drawn(photo)], (name, photo["file_name"])
    shapes = kinds.from_labelme(str(images), str(labelme))
    assert len(shapes) == len(photos)
