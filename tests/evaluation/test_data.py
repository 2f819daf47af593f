"""The data format: what is read, and what is refused with the place named."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from splitseem_eval.data import DataImage, find_index, is_validation, read_index, read_rgb
from splitseem_eval.errors import DataError

pytestmark = pytest.mark.unit


def image_record(**changes: Any) -> dict[str, Any]:
    """A 2 x 3 image with one object: its first column, with the last column ignored."""
    record: dict[str, Any] = {
        "image": "images/a.png",
        "dataset": "toys",
        "size_hw": [2, 3],
        "objects": [{"label": "cube", "rle": [0, 2, 4], "ignore_rle": [4, 2], "isthing": 1}],
    }
    return record | changes


def write_index(folder: Path, *lines: str) -> Path:
    path = folder / "index.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return path


def read_one(folder: Path, **changes: Any) -> DataImage:
    (record,) = read_index(write_index(folder, json.dumps(image_record(**changes))))
    return record


def test_index_gives_paths_masks_and_labels(tmp_path: Path) -> None:
    record = read_one(tmp_path, captions=["a cube"])
    (cube,) = record.objects
    assert record.path == tmp_path / "images/a.png"
    assert (record.dataset, record.size_hw, record.captions) == ("toys", (2, 3), ("a cube",))
    assert (cube.label, cube.is_thing) == ("cube", True)
    np.testing.assert_array_equal(cube.mask, [[True, False, False]] * 2)
    np.testing.assert_array_equal(cube.ignore, [[False, False, True]] * 2)


def test_optional_fields_may_be_absent(tmp_path: Path) -> None:
    (thing,) = read_one(tmp_path, objects=[{"rle": [6]}]).objects
    assert (thing.label, thing.ignore, thing.is_thing, thing.fine_label) == (None, None, None, None)
    assert not thing.mask.any()


def test_an_object_may_have_a_closer_name(tmp_path: Path) -> None:
    (cat,) = read_one(tmp_path, objects=[{"label": "cat", "fine_label": "siamese", "rle": [6]}]).objects
    assert (cat.label, cat.fine_label) == ("cat", "siamese")


def test_frame_knows_its_sequence_and_a_photo_has_none(tmp_path: Path) -> None:
    assert read_one(tmp_path, sequence="dog").sequence == "dog"
    assert read_one(tmp_path).sequence is None


def test_scribbles_are_masks(tmp_path: Path) -> None:
    (scribbles,) = read_one(
        tmp_path, scribbles=[{"positive_rle": [0, 1, 5], "negative_rle": [5, 1]}]
    ).scribbles
    assert np.argwhere(scribbles.positive).tolist() == [[0, 0]]
    assert np.argwhere(scribbles.negative).tolist() == [[1, 2]]


def test_run_lengths_that_do_not_fill_the_image_are_refused(tmp_path: Path) -> None:
    (thing,) = read_one(tmp_path, objects=[{"rle": [0, 2, 5]}]).objects
    with pytest.raises(DataError, match="run lengths"):
        _ = thing.mask


@pytest.mark.parametrize(
    "line",
    [
        "{not json",
        "[1, 2]",
        json.dumps({"image": "a.png"}),
        json.dumps(image_record(size_hw=[0, 3])),
        json.dumps(image_record(size_hw=3)),
        json.dumps(image_record(objects=[{"label": "no runs"}])),
        json.dumps(image_record(objects=[{"rle": ["one"]}])),
        json.dumps(image_record(objects=[{"rle": [[1], [2]]}])),
    ],
    ids=["not-json", "list", "no-size", "zero-size", "scalar-size", "no-rle", "text-rle", "nested-rle"],
)
def test_broken_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = write_index(tmp_path, json.dumps(image_record()), line)
    with pytest.raises(DataError, match=r"index\.jsonl\.gz, line 2: not an image record"):
        read_index(path)


def test_set_is_named_by_its_folder_or_its_index(tmp_path: Path) -> None:
    index = write_index(tmp_path, json.dumps(image_record()))
    assert find_index(tmp_path) == find_index(index) == index


def test_folder_without_index_names_those_below_it(tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    with pytest.raises(DataError, match="no index at all"):
        find_index(tmp_path)
    write_index(tmp_path / "cats", json.dumps(image_record()))
    with pytest.raises(DataError, match=r"below it: cats/index\.jsonl\.gz"):
        find_index(tmp_path)


def test_missing_set_and_missing_index_say_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such data set: .*nowhere"):
        find_index(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no such index"):
        read_index(tmp_path / "index.jsonl.gz")


@pytest.mark.parametrize("content", [b"plain text", b""], ids=["not-gzip", "no-bytes"])
def test_file_without_records_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"set\.jsonl\.gz"):
        read_index(path)


def test_truncated_index_is_refused(tmp_path: Path) -> None:
    path = write_index(tmp_path, *[json.dumps(image_record(image=f"{k}.png")) for k in range(50)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not readable as gzipped text"):
        read_index(path)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # stored rotated: the reader turns it a quarter clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    image_rgb = read_rgb(tmp_path / "turned.png")
    assert image_rgb.shape == (6, 4, 3)
    assert image_rgb.dtype == np.uint8
    assert np.argwhere(image_rgb[..., 0]).tolist() == [[0, 3]]


def test_grey_and_transparent_images_become_rgb(tmp_path: Path) -> None:
    Image.new("LA", (5, 3), (90, 10)).save(tmp_path / "grey.png")
    assert read_rgb(tmp_path / "grey.png").shape == (3, 5, 3)


def test_more_than_eight_bits_are_divided_and_never_cut_off(tmp_path: Path) -> None:
    values = np.array([[0, 257, 25700, 65535]], np.uint16)
    for name in ("deep.png", "deep.tiff"):
        Image.fromarray(values).save(tmp_path / name)
        assert read_rgb(tmp_path / name)[0, :, 0].tolist() == [0, 1, 100, 255]
    Image.fromarray(values.astype(np.float32)).save(tmp_path / "real.tiff")
    with pytest.raises(DataError, match=r"real\.tiff has 32-bit values; save it"):
        read_rgb(tmp_path / "real.tiff")


def test_missing_and_broken_images_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DataError, match=r"no such image: .*absent\.png"):
        read_rgb(tmp_path / "absent.png")
    with pytest.raises(DataError, match=r"broken\.png"):
        read_rgb(tmp_path / "broken.png")


def test_split_holds_out_about_one_in_twenty_and_never_changes(tmp_path: Path) -> None:
    lines = [json.dumps(image_record(image=f"images/{k:05}.webp", objects=[])) for k in range(2000)]
    held_out = [r.name for r in read_index(write_index(tmp_path, *lines)) if is_validation(r)]
    assert 70 <= len(held_out) <= 130
    assert held_out[:3] == ["images/00057.webp", "images/00058.webp", "images/00078.webp"]
