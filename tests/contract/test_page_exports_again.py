"""The COCO files of the page, read and scored by faster-coco-eval, which shares no code with pycocotools."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

FILES = ["coco.json", "polygons.json"]


def open_coco(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


@pytest.mark.parametrize("name", FILES)
def test_masks_boxes_and_names_are_those_of_the_page(
    folder: Path, photos: list[dict[str, Any]], name: str
) -> None:
    coco = open_coco(folder / name)
    annotations = coco.loadAnns(coco.getAnnIds())
    items = [item for photo in photos for item in photo["objects"] if item["mask"].any()]
    assert len(annotations) == len(items) > 30
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    for annotation, item in zip(annotations, items, strict=True):
        np.testing.assert_array_equal(coco.annToMask(annotation).astype(bool), item["mask"])
        named = item["label"] if item["labelOrigin"] == "user" else "unlabelled"
        assert names[annotation["category_id"]] == named
    assert any("," in given for given in names.values())


@pytest.mark.parametrize("name", FILES)
def test_what_the_page_exports_scores_full_marks_against_itself(folder: Path, name: str) -> None:
    truth = open_coco(folder / name)
    answers = [
        {
            "image_id": annotation["image_id"],
            "category_id": annotation["category_id"],
            "segmentation": truth.annToRLE(annotation),
            "score": 1.0,
        }
        for annotation in truth.loadAnns(truth.getAnnIds())
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        found = truth.loadRes(answers)
        scored = COCOeval_faster(truth, found, iouType="segm")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    assert scored.stats[0] == pytest.approx(1)
