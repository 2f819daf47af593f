"""What the page exports, read by other programs: pycocotools, Pillow, zipfile and our own package."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from splitseem_proto import pack, project_from_dict, project_to_dict, unpack

CLIENT = Path(__file__).resolve().parents[2] / "client"
Mask = NDArray[np.bool_]


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def open_coco(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def filled(photos: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """All objects with a mask that is not empty, with their photo, in the order of annotations."""
    return [(photo, item) for photo in photos for item in photo["objects"] if item["mask"].any()]


# pycocotools hands numpy an array in the way of numpy 1.
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
@pytest.mark.parametrize("name", ["coco.json", "polygons.json", "guesses.json"])
def test_coco_masks_are_those_of_the_page(folder: Path, photos: list[dict[str, Any]], name: str) -> None:
    coco = open_coco(folder / name)
    annotations = coco.loadAnns(coco.getAnnIds())
    assert len(annotations) == len(filled(photos))
    for annotation, (photo, item) in zip(annotations, filled(photos), strict=True):
        # An IoU of exactly 1, polygons included: they run along the edges of pixels.
        np.testing.assert_array_equal(coco.annToMask(annotation).astype(bool), item["mask"])
        assert annotation["area"] == item["mask"].sum()
        assert annotation["attributes"]["number"] == item["number"]
        rows, columns = np.nonzero(item["mask"])
        left, top = columns.min(), rows.min()
        assert annotation["bbox"] == [left, top, columns.max() + 1 - left, rows.max() + 1 - top]
        (image,) = coco.loadImgs([annotation["image_id"]])
        assert [image["file_name"], image["height"], image["width"]] == [
            photo["file_name"],
            *photo["size_hw"],
        ]


def test_polygons_are_lists_where_nothing_is_a_crowd(folder: Path) -> None:
    for annotation in read(folder, "polygons.json")["annotations"]:
        assert annotation["iscrowd"] == 0
        assert all(len(polygon) >= 6 and len(polygon) % 2 == 0 for polygon in annotation["segmentation"])


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
def test_outlines_with_a_tolerance_are_nearly_the_masks(folder: Path) -> None:
    coco = open_coco(folder / "large-loose.json")
    exact = open_coco(folder / "large-polygons.json")
    assert len(coco.anns) == 4
    for number, annotation in coco.anns.items():
        loose, mask = coco.annToMask(annotation) > 0, exact.annToMask(exact.anns[number]) > 0
        assert 0.98 < (loose & mask).sum() / (loose | mask).sum() <= 1
    corners = [
        sum(len(part) for a in file.anns.values() for part in a["segmentation"]) for file in (coco, exact)
    ]
    assert corners[0] < corners[1] / 3


def test_masks_by_object_are_a_picture_each(folder: Path, photos: list[dict[str, Any]]) -> None:
    with zipfile.ZipFile(folder / "masks-by-object.zip") as archive:
        legend = json.loads(archive.read("legend.json"))["photos"]
        assert len(legend) == sum(bool(photo["objects"]) for photo in photos)
        assert len(archive.namelist()) == 1 + sum(len(photo["objects"]) for photo in photos)
        by_name = {photo["file_name"]: photo for photo in photos}
        for entry in legend:
            items = by_name[entry["file_name"]]["objects"]
            for said, item in zip(entry["objects"], items, strict=True):
                assert said["number"] == item["number"]
                with Image.open(io.BytesIO(archive.read(said["mask"]))) as image:
                    np.testing.assert_array_equal(np.asarray(image), 255 * item["mask"])


def test_photos_of_one_name_are_told_apart(folder: Path, photos: list[dict[str, Any]]) -> None:
    images = read(folder, "coco.json")["images"]
    stems = [image["file_name"].rpartition(".")[0] or image["file_name"] for image in images]
    assert len({stem.casefold() for stem in stems}) == len(images) == len(photos)
    renamed = {image["file_name"]: image["original_name"] for image in images if "original_name" in image}
    assert renamed["0001-3.jpg"] == "0001.jpg"
    assert all("/" not in image["file_name"] for image in images)


def test_guesses_are_no_categories_unless_wanted(folder: Path, photos: list[dict[str, Any]]) -> None:
    named = {item["label"] for _, item in filled(photos) if item["labelOrigin"] == "user"}
    guessed = {item["label"] for _, item in filled(photos) if item["labelOrigin"] == "model"}
    assert category_names(folder / "coco.json") == named | {"unlabelled"}
    assert category_names(folder / "guesses.json") == named | guessed
    origins = [
        annotation["attributes"]["label_origin"] for annotation in read(folder, "guesses.json")["annotations"]
    ]
    assert origins == [item["labelOrigin"] for _, item in filled(photos)]


def category_names(path: Path) -> set[str]:
    coco = open_coco(path)
    return {category["name"] for category in coco.loadCats(coco.getCatIds())}


def test_label_maps_have_the_numbers_of_the_list(folder: Path, photos: list[dict[str, Any]]) -> None:
    with zipfile.ZipFile(folder / "masks.zip") as archive:
        assert archive.testzip() is None
        legend = json.loads(archive.read("legend.json"))["photos"]
        assert len({entry["label_map"].casefold() for entry in legend}) == len(photos)
        for entry, photo in zip(legend, photos, strict=True):
            with Image.open(io.BytesIO(archive.read(entry["label_map"]))) as image:
                values = np.asarray(image)
                inside = json.loads(image.info["splitseem"])
            assert inside == entry
            expected = np.zeros(photo["size_hw"], dtype=np.int64)
            for item in photo["objects"]:
                expected[item["mask"]] = item["number"]
            np.testing.assert_array_equal(values, expected)
            assert [item["number"] for item in entry["objects"]] == [
                item["number"] for item in photo["objects"]
            ]
    # The first object of the first photo was deleted: numbers do not move up.
    assert photos[0]["objects"][0]["number"] == 2


def test_label_map_of_large_numbers_has_sixteen_bits(folder: Path, photos: list[dict[str, Any]]) -> None:
    with Image.open(folder / "large-number.png") as image:
        values = np.asarray(image)
    np.testing.assert_array_equal(values, np.where(photos[0]["objects"][0]["mask"], 300, 0))


def test_mask_is_black_and_white(folder: Path, photos: list[dict[str, Any]]) -> None:
    with Image.open(folder / "one.png") as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), np.where(photos[0]["objects"][0]["mask"], 255, 0))


def test_project_is_a_message_of_the_protocol(folder: Path, photos: list[dict[str, Any]]) -> None:
    project = project_from_dict(read(folder, "project.json"))
    assert unpack(pack(project)) == project
    assert project_from_dict(project_to_dict(project)) == project
    assert msgpack.unpackb(pack(project))["type"] == "project"
    assert [image.name for image in project.images] == [photo["name"] for photo in photos]
    for image, photo in zip(project.images, photos, strict=True):
        for saved, item in zip(image.objects, photo["objects"], strict=True):
            assert saved.mask is not None
            assert [saved.number, saved.label, saved.label_origin] == [
                item["number"],
                item["label"],
                item["labelOrigin"],
            ]
            assert list(saved.mask.counts) == item["counts"]
