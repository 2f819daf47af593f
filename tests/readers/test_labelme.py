"""LabelMe's own reader of label files, and its own way to fill shapes."""

from pathlib import Path

import numpy as np
import pytest
from labelme import utils
from labelme._label_file import read_label_file
from tests.readers.shared import (
    Mask,
    Photo,
    category,
    check_filled_widely,
    drawn,
    stem,
    unzipped,
    write_photos,
)

pytestmark = pytest.mark.filterwarnings("ignore")


def test_every_file_is_read_with_its_photo_its_names_and_its_groups(
    folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    unzipped(folder / "labelme.zip", tmp_path)
    write_photos(tmp_path, photos)
    for photo in photos:
        shapes = read_label_file(str(tmp_path / f"{stem(photo)}.json")).shapes
        assert {(shape["group_id"], shape["label"]) for shape in shapes} == {
            (item["number"], category(item)) for item in drawn(photo)
        }


def test_masks_as_it_fills_them_are_the_pages_but_for_pixels_of_their_border(
    folder: Path, large: Photo, tmp_path: Path
) -> None:
    unzipped(folder / "large-labelme.zip", tmp_path)
    write_photos(tmp_path, [large])
    masks: dict[int, Mask] = {}
    for shape in read_label_file(str(tmp_path / f"{stem(large)}.json")).shapes:
        mask = utils.shape_to_mask(large["size_hw"], shape["points"], shape["shape_type"])
        number = shape["group_id"]
        assert number is not None
        masks[number] = masks.get(number, np.zeros(large["size_hw"], np.bool_)) | mask
    check_filled_widely([masks[item["number"]] for item in drawn(large)], large)
