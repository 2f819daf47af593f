"""Ultralytics' loader of data for segmentation: no label is corrupt, polygons are the page's pixels."""

import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.readers.shared import Photo, category, check_filled_widely, drawn, filled, unzipped, write_photos

pytestmark = pytest.mark.filterwarnings("ignore")

LEAST_SIDE = 10
"""Pixels; the loader takes smaller pictures for corrupt."""
ENDINGS = (".jpg", ".png")
"""Of the photos that it looks for."""


@pytest.fixture(scope="module")
def ultralytics(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its data module. It asks for the version of torchvision, which is not needed to read labels."""
    with pytest.MonkeyPatch.context() as patch:
        version = importlib.metadata.version
        stand_in = ModuleType("torchvision")
        stand_in.__version__ = "0.0.0"  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "torchvision", stand_in)
        patch.setattr(
            importlib.metadata, "version", lambda name: "0.0.0" if name == "torchvision" else version(name)
        )
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("ultralytics")))
        from ultralytics.data import dataset, utils

        yield dataset, utils


def labels(ultralytics: Any, archive: Path, photos: list[Photo], target: Path) -> tuple[Any, dict[str, Any]]:
    """Names of classes, and what was read of each photo."""
    dataset, utils = ultralytics
    unzipped(archive, target)
    write_photos(target / "images", photos)
    yaml = target / "data.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace("path: .", f"path: {target}"), "utf-8")
    data = utils.check_det_dataset(str(yaml), autodownload=False)
    read = dataset.YOLODataset(img_path=data["train"], data=data, task="segment", augment=False)
    return data["names"], {Path(one["im_file"]).name: one for one in read.labels}


def test_every_object_is_read_with_its_name_and_its_pixels(
    ultralytics: Any, folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    names, found = labels(ultralytics, folder / "yolo.zip", photos, tmp_path)
    taken = [
        photo
        for photo in photos
        if min(photo["size_hw"]) >= LEAST_SIDE and Path(photo["file_name"]).suffix.lower() in ENDINGS
    ]
    assert set(found) == {photo["file_name"] for photo in taken}
    assert len(taken) > 20
    for photo in taken:
        height, width = photo["size_hw"]
        read = found[photo["file_name"]]
        assert [names[int(number)] for number in read["cls"][:, 0]] == [
            category(item) for item in drawn(photo)
        ]
        for segment, item in zip(read["segments"], drawn(photo), strict=True):
            mask = filled((segment * np.array([width, height])).ravel(), photo["size_hw"])
            np.testing.assert_array_equal(mask, item["mask"])


def test_masks_as_it_fills_them_are_the_pages_but_for_pixels_of_their_border(
    ultralytics: Any, folder: Path, large: Photo, tmp_path: Path
) -> None:
    _, utils = ultralytics
    _, found = labels(ultralytics, folder / "large-yolo.zip", [large], tmp_path)
    height, width = large["size_hw"]
    (read,) = found.values()
    masks = [
        utils.polygon2mask((height, width), [(segment * np.array([width, height])).ravel()]) > 0
        for segment in read["segments"]
    ]
    check_filled_widely(masks, large)
