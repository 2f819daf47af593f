"""Label Studio's own package: the configuration, whether annotations fit it, and brushes."""

import json
from pathlib import Path

import numpy as np
import pytest
from label_studio_sdk.converter.brush import decode_rle
from label_studio_sdk.label_interface import LabelInterface
from tests.readers.shared import Photo, category, drawn, unzipped

pytestmark = pytest.mark.filterwarnings("ignore")


def test_brushes_are_the_pages_masks(folder: Path, photos: list[Photo], tmp_path: Path) -> None:
    tasks = json.loads((unzipped(folder / "label-studio.zip", tmp_path) / "tasks.json").read_text("utf-8"))
    for task, photo in zip(tasks, photos, strict=True):
        (annotation,) = task["annotations"]
        for result, item in zip(annotation["result"], drawn(photo), strict=True):
            pixels = np.asarray(decode_rle(result["value"]["rle"])).reshape(*photo["size_hw"], 4)
            np.testing.assert_array_equal(pixels[..., 3] > 0, item["mask"])


def test_the_configuration_is_one_and_tasks_and_annotations_fit_it(
    folder: Path, photos: list[Photo], tmp_path: Path
) -> None:
    files = unzipped(folder / "label-studio.zip", tmp_path)
    interface = LabelInterface((files / "config.xml").read_text("utf-8"))
    interface.validate()
    (brush,) = interface.controls
    assert set(brush.labels) == {category(item) for photo in photos for item in drawn(photo)}
    for task in json.loads((files / "tasks.json").read_text("utf-8")):
        # Its check of a whole task calls that of annotations without them.
        assert interface.validate_task({"data": task["data"]})
        for annotation in task["annotations"]:
            assert interface.validate_annotation(annotation)
