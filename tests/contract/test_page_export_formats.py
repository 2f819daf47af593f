"""What the page exports for other tools, read back: the masks are those of the page, pixel by pixel."""

import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

Mask = NDArray[np.bool_]
Photo = dict[str, Any]

pytestmark = [
    # pycocotools hands numpy an array in the way of numpy 1.
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    )
]


def filled(polygon: list[float], size_hw: list[int]) -> Mask:
    """A polygon filled by the parity of crossings."""
    height, width = size_hw
    decoded = coco_mask.decode(coco_mask.frPyObjects([polygon], height, width))
    return np.asarray(decoded[..., 0], dtype=np.bool_)


def united(parts: list[Mask], size_hw: list[int]) -> Mask:
    union: Mask = np.any([np.zeros(size_hw, np.bool_), *parts], axis=0)
    return union


def flat(points: list[list[float]]) -> list[float]:
    return [value for point in points for value in point]


def not_empty(photo: Photo) -> list[dict[str, Any]]:
    return [item for item in photo["objects"] if item["mask"].any()]


def category(item: dict[str, Any]) -> str:
    return str(item["label"]) if item["labelOrigin"] == "user" else "unlabelled"


def stem(photo: Photo) -> str:
    name, dot, _ = photo["file_name"].rpartition(".")
    return str(name if dot and name else photo["file_name"])


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len({name.casefold() for name in names}) == len(names)
        return {name: archive.read(name) for name in names}


def test_yolo_has_a_line_an_object(folder: Path, photos: list[Photo]) -> None:
    files = members(folder / "yolo.zip")
    yaml = files["data.yaml"].decode()
    names = [json.loads(line.partition(": ")[2]) for line in yaml.splitlines() if line.startswith("  ")]
    assert set(names) == {category(item) for photo in photos for item in not_empty(photo)}
    for photo in photos:
        lines = files[f"labels/{stem(photo)}.txt"].decode().splitlines()
        height, width = photo["size_hw"]
        assert len(lines) == len(not_empty(photo))
        for line, item in zip(lines, not_empty(photo), strict=True):
            number, *parts = line.split(" ")
            assert names[int(number)] == category(item)
            polygon = [float(part) * (height if k % 2 else width) for k, part in enumerate(parts)]
            assert all(0 <= float(part) <= 1 for part in parts)
            np.testing.assert_array_equal(filled(polygon, photo["size_hw"]), item["mask"])


def test_pascal_voc_has_boxes_and_maps_by_class_and_by_object(folder: Path, photos: list[Photo]) -> None:
    files = members(folder / "pascal-voc.zip")
    names = [line.partition(":")[0] for line in files["labelmap.txt"].decode().splitlines()[1:]]
    assert names[0] == "background"
    for kind in ("Main", "Segmentation"):
        listed = files[f"ImageSets/{kind}/default.txt"].decode().split("\n")[:-1]
        assert listed == [stem(photo) for photo in photos]
    for photo in photos:
        root = ElementTree.fromstring(files[f"Annotations/{stem(photo)}.xml"])
        assert root.findtext("filename") == photo["file_name"]
        assert [int(root.findtext(f"size/{side}") or 0) for side in ("height", "width")] == photo["size_hw"]
        by_class, by_object = (np.zeros(photo["size_hw"], np.int64) for _ in range(2))
        for number, (found, item) in enumerate(
            zip(root.iter("object"), not_empty(photo), strict=True), start=1
        ):
            assert found.findtext("name") == category(item)
            rows, columns = np.nonzero(item["mask"])
            box = [int(found.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax")]
            assert box == [columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1]
            by_class[item["mask"]] = names.index(category(item).replace(":", "-"))
            by_object[item["mask"]] = number
        for kind, expected in (("SegmentationClass", by_class), ("SegmentationObject", by_object)):
            with Image.open(io.BytesIO(files[f"{kind}/{stem(photo)}.png"])) as image:
                np.testing.assert_array_equal(np.asarray(image), expected)


def test_labelme_shapes_of_one_group_are_an_object(folder: Path, photos: list[Photo]) -> None:
    files = members(folder / "labelme.zip")
    assert len(files) == len(photos)
    for photo in photos:
        document = json.loads(files[f"{stem(photo)}.json"])
        assert [document["imageHeight"], document["imageWidth"]] == photo["size_hw"]
        assert document["imagePath"] == photo["file_name"]
        for item in not_empty(photo):
            shapes = [shape for shape in document["shapes"] if shape["group_id"] == item["number"]]
            assert {shape["label"] for shape in shapes} == {category(item)}
            assert {shape["shape_type"] for shape in shapes} == {"polygon"}
            parts = [filled(flat(shape["points"]), photo["size_hw"]) for shape in shapes]
            np.testing.assert_array_equal(united(parts, photo["size_hw"]), item["mask"])


def test_geojson_has_holes_as_rings(folder: Path, photos: list[Photo]) -> None:
    files = members(folder / "geojson.zip")
    for photo in photos:
        document = json.loads(files[f"{stem(photo)}.geojson"])
        assert document["type"] == "FeatureCollection"
        for feature, item in zip(document["features"], not_empty(photo), strict=True):
            assert feature["properties"]["classification"] == {"name": category(item)}
            assert feature["geometry"]["type"] == "MultiPolygon"
            parts = []
            for outline, *holes in feature["geometry"]["coordinates"]:
                assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in (outline, *holes))
                area = filled(flat(outline[:-1]), photo["size_hw"])
                parts.append(
                    area & ~united([filled(flat(h[:-1]), photo["size_hw"]) for h in holes], photo["size_hw"])
                )
            np.testing.assert_array_equal(united(parts, photo["size_hw"]), item["mask"])


def test_cvat_masks_are_run_lengths_of_their_boxes(folder: Path, photos: list[Photo]) -> None:
    root = ElementTree.parse(folder / "cvat.xml").getroot()
    assert root.findtext("version") == "1.1"
    labels = {label.findtext("name") for label in root.iter("label")}
    for element, photo in zip(root.iter("image"), photos, strict=True):
        assert element.get("name") == photo["file_name"]
        for found, item in zip(element.iter("mask"), not_empty(photo), strict=True):
            assert found.get("label") == category(item)
            assert found.get("label") in labels
            left, top, width, height = (
                int(found.get(side) or 0) for side in ("left", "top", "width", "height")
            )
            counts = [int(count) for count in (found.get("rle") or "").split(", ")]
            part = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)
            mask = np.zeros(photo["size_hw"], np.bool_)
            mask[top : top + height, left : left + width] = part
            np.testing.assert_array_equal(mask, item["mask"])


def test_label_studio_brushes_are_pictures_in_rgba(folder: Path, photos: list[Photo]) -> None:
    files = members(folder / "label-studio.zip")
    config = ElementTree.fromstring(files["config.xml"])
    labels = {label.get("value") for label in config.iter("Label")}
    for task, photo in zip(json.loads(files["tasks.json"]), photos, strict=True):
        assert task["data"] == {"image": photo["file_name"]}
        (annotation,) = task["annotations"]
        for result, item in zip(annotation["result"], not_empty(photo), strict=True):
            assert [result["original_height"], result["original_width"]] == photo["size_hw"]
            assert result["value"]["brushlabels"] == [category(item)]
            assert category(item) in labels
            pixels = np.array(brush_bytes(result["value"]["rle"]), np.uint8).reshape(*photo["size_hw"], 4)
            np.testing.assert_array_equal(
                pixels, np.where(item["mask"], 255, 0)[..., None].repeat(4, axis=-1)
            )


def brush_bytes(stream: list[int]) -> list[int]:
    """The bytes of a brush; the format is described in `client/src/exports/labelStudio.ts`."""
    bits = "".join(f"{byte:08b}" for byte in stream)
    position = 0

    def take(count: int) -> int:
        nonlocal position
        position += count
        return int(bits[position - count : position], 2)

    total = take(32)
    value_bits = take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < total:
        is_run = take(1) == 1
        length = take(sizes[take(2)]) + 1
        values += [take(value_bits)] * length if is_run else [take(value_bits) for _ in range(length)]
    return values
