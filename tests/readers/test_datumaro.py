"""Datumaro, which reads and converts most formats: masks are the page's, also after a way there and back."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from tests.readers.shared import Mask, Photo, category, drawn, filled, stem, unzipped, write_photos

Items = dict[str, list[tuple[str, Mask]]]

pytestmark = pytest.mark.filterwarnings("ignore")


def items_of(dataset: Dataset) -> Items:
    """Name and mask of every object, by photo."""
    names = [label.name for label in dataset.categories()[AnnotationType.label].items]
    found: Items = {}
    for item in dataset:
        groups: dict[int, list[tuple[str, Mask]]] = {}
        for annotation in item.annotations:
            if annotation.type == AnnotationType.mask:
                mask = np.asarray(annotation.image) > 0
            elif annotation.type == AnnotationType.polygon:
                mask = filled(annotation.points, list(item.media.size))
            else:
                continue
            groups.setdefault(annotation.group or -id(annotation), []).append((names[annotation.label], mask))
        found[item.id] = [(parts[0][0], np.any([mask for _, mask in parts], 0)) for parts in groups.values()]
    return found


def check(found: Items, photos: list[Photo]) -> None:
    """The objects of every photo, in any order, pixel by pixel."""
    assert set(found) == {stem(photo) for photo in photos}
    for photo in photos:
        expected = sorted((category(item), item["mask"].tobytes()) for item in drawn(photo))
        assert sorted((name, mask.tobytes()) for name, mask in found[stem(photo)]) == expected


@pytest.fixture
def coco_folder(folder: Path, photos: list[Photo], tmp_path: Path) -> Path:
    write_photos(tmp_path / "coco/images/default", photos)
    (tmp_path / "coco/annotations").mkdir()
    return tmp_path / "coco"


@pytest.mark.parametrize("name", ["coco.json", "polygons.json"])
def test_coco_has_the_pages_masks_and_names(
    coco_folder: Path, folder: Path, photos: list[Photo], name: str
) -> None:
    shutil.copy(folder / name, coco_folder / "annotations/instances_default.json")
    check(items_of(Dataset.import_from(str(coco_folder), "coco")), photos)


def test_coco_made_cvat_and_coco_again_is_what_it_was(
    coco_folder: Path, folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    shutil.copy(folder / "coco.json", coco_folder / "annotations/instances_default.json")
    Dataset.import_from(str(coco_folder), "coco").export(str(tmp_path / "cvat"), "cvat", save_media=True)
    there = Dataset.import_from(str(tmp_path / "cvat"), "cvat")
    check(items_of(there), photos)
    there.export(str(tmp_path / "back"), "coco_instances", save_media=True)
    check(items_of(Dataset.import_from(str(tmp_path / "back"), "coco")), photos)


def test_cvat_has_the_pages_masks_and_names(folder: Path, photos: list[Photo], tmp_path: Path) -> None:
    write_photos(tmp_path / "images", photos)
    shutil.copy(folder / "cvat.xml", tmp_path / "annotations.xml")
    check(items_of(Dataset.import_from(str(tmp_path), "cvat")), photos)


def test_pascal_voc_has_the_maps_in_which_later_masks_win(
    folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    unzipped(folder / "pascal-voc.zip", tmp_path)
    write_photos(tmp_path / "JPEGImages", photos)
    found = items_of(Dataset.import_from(str(tmp_path), "voc_segmentation"))
    for photo in photos:
        owner = np.zeros(photo["size_hw"], np.int64)
        for number, item in enumerate(drawn(photo), start=1):
            owner[item["mask"]] = number
        masks = [owner == number for number in range(1, len(drawn(photo)) + 1)]
        expected = sorted(mask.tobytes() for mask in masks if mask.any())
        assert sorted(mask.tobytes() for _, mask in found[stem(photo)]) == expected


def test_pascal_voc_has_the_boxes(folder: Path, photos: list[Photo], tmp_path: Path) -> None:
    unzipped(folder / "pascal-voc.zip", tmp_path)
    write_photos(tmp_path / "JPEGImages", photos)
    dataset = Dataset.import_from(str(tmp_path), "voc_detection")
    boxes = {
        item.id: [one for one in item.annotations if one.type == AnnotationType.bbox] for item in dataset
    }
    for photo in photos:
        assert len(boxes[stem(photo)]) == len(drawn(photo))
