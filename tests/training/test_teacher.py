"""The teacher: what it asks, what it keeps, and a run that is cut is continued."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.data import read_index
from splitseem_eval.errors import DataError
from splitseem_eval.metrics import iou
from splitseem_eval.mobilesam import MobileSam, SamAnswer, SamImage
from splitseem_proto import encode_rle
from splitseem_train.teacher import (
    TeacherMask,
    TeacherSettings,
    distinct,
    draw,
    grid_points,
    masks_of_everything,
    photos_in_turn,
    read_teacher,
)

pytestmark = pytest.mark.unit
HW = (60, 90)
SETTINGS = TeacherSettings(grid=3, part_every=1)


class Sam:
    """Stands for MobileSAM: answers a click with a disk, a box with what is in it."""

    def __init__(
        self,
        expected_iou: float = 0.95,
        logits: Callable[[NDArray[np.bool_]], NDArray[np.float32]] | None = None,
    ) -> None:
        self.asked: list[tuple[float, ...]] = []
        self.encoded = 0
        self._expected_iou = expected_iou
        self._logits = logits or (lambda mask: np.where(mask, 8.0, -8.0).astype(np.float32))

    def encode(self, image_rgb: NDArray[np.uint8]) -> SamImage:
        self.encoded += 1
        return SamImage(np.zeros((1, 256, 64, 64), np.float32), 1.0, image_rgb.shape[:2])

    def step(
        self, image: SamImage, points: NDArray[np.float32], labels: NDArray[np.float32], previous: None = None
    ) -> SamAnswer:
        self.asked.append(tuple(labels.tolist()))
        rows, columns = np.mgrid[: image.size_hw[0], : image.size_hw[1]] + 0.5
        x, y = points[0].tolist()
        mask = (columns - x) ** 2 + (rows - y) ** 2 < 14**2
        if len(labels) == 3:
            (x0, y0), (x1, y1) = points[1:].tolist()
            mask = (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
        return SamAnswer(self._logits(mask), np.zeros((1, 1, 256, 256), np.float32), self._expected_iou)


def sam(**settings: object) -> tuple[Sam, MobileSam]:
    fake = Sam(**settings)  # type: ignore[arg-type]
    return fake, cast(MobileSam, fake)


def photo() -> NDArray[np.uint8]:
    return np.zeros((*HW, 3), np.uint8)


def test_every_click_of_the_grid_gives_a_mask_that_contains_it() -> None:
    masks = masks_of_everything(sam()[1], photo(), SETTINGS)
    for x, y in grid_points(HW, 3):
        assert any(m.mask[int(y), int(x)] for m in masks)


def test_a_part_is_asked_for_where_the_answer_is_large() -> None:
    fake, teacher = sam()
    masks_of_everything(teacher, photo(), SETTINGS)
    assert (1.0, 2.0, 3.0) in fake.asked
    fake, teacher = sam()
    masks_of_everything(teacher, photo(), TeacherSettings(grid=3, part_share=0.5))
    assert (1.0, 2.0, 3.0) not in fake.asked


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"expected_iou": 0.5}, "unsure"),
        ({"logits": lambda mask: np.where(mask, 0.5, -0.5).astype(np.float32)}, "unstable"),
        ({"logits": lambda mask: np.where(mask, -8.0, 8.0).astype(np.float32)}, "without the click"),
        ({"logits": lambda mask: np.full(mask.shape, 8.0, np.float32)}, "the whole photo"),
    ],
    ids=["unsure", "unstable", "disobedient", "everything"],
)
def test_bad_answers_are_not_kept(settings: dict[str, object], why: str) -> None:
    assert masks_of_everything(sam(**settings)[1], photo(), SETTINGS) == [], why


def test_of_masks_that_are_nearly_the_same_the_best_is_kept() -> None:
    first = np.zeros(HW, np.bool_)
    first[10:40, 10:40] = True
    nearly, other = first.copy(), np.roll(first, 40, axis=1)
    nearly[10:12] = False
    kept = distinct([TeacherMask(nearly, 0.8), TeacherMask(other, 0.5), TeacherMask(first, 0.9)], SETTINGS)
    assert [m.score for m in kept] == [0.9, 0.5]
    assert len(distinct([TeacherMask(first, 0.9), TeacherMask(other, 0.5)], TeacherSettings(most=1))) == 1


@pytest.mark.parametrize(("hw", "count"), [((1, 1), 9), ((60, 90), 6), ((10, 1000), 3), ((90, 60), 6)])
def test_the_grid_lies_inside_photos_of_any_shape(hw: tuple[int, int], count: int) -> None:
    points = grid_points(hw, 3)
    assert len(points) == count
    assert (points >= 0).all()
    assert (points < (hw[1], hw[0])).all()


def write_set(folder: Path, name: str, count: int) -> None:
    lines = []
    mask = np.zeros(HW, np.bool_)
    mask[5:20, 5:20] = True
    for number in range(count):
        Image.fromarray(photo()).save(folder / f"{name}{number}.png")
        runs = list(encode_rle(mask).counts)
        record = {
            "image": f"{name}{number}.png",
            "dataset": name,
            "size_hw": HW,
            "objects": [{"label": "box", "rle": runs}],
        }
        lines.append(json.dumps(record))
    (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


def test_a_run_that_was_killed_in_the_middle_of_a_line_is_continued(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    write_set(data, "a", 3)
    assert draw(sam()[1], data, out, SETTINGS) == 3
    whole = (out / "a.jsonl.gz").read_bytes()
    (out / "a.jsonl.gz").write_bytes(whole[:-7])
    assert len(read_index(out / "a.jsonl.gz", unfinished=True)) == 2
    with pytest.raises(DataError):
        read_index(out / "a.jsonl.gz")
    fake, teacher = sam()
    assert draw(teacher, data, out, SETTINGS) == 1
    assert fake.encoded == 1
    assert (out / "a.jsonl.gz").read_bytes() == whole
    assert "MobileSAM" in (out / "LICENCES.md").read_text(encoding="utf-8")


def test_the_masks_join_the_objects_of_their_photo_without_copies_of_them(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    write_set(data, "a", 1)
    draw(sam()[1], data, out, SETTINGS)
    (record,) = read_index(data / "a.jsonl.gz")
    (joined,) = read_teacher(out, [record])
    (drawn,) = read_index(out / "a.jsonl.gz")
    assert joined.objects[0] == record.objects[0]
    assert len(joined.objects) > 1
    assert all(entry.label is None for entry in joined.objects[1:])
    assert all(iou(entry.mask, record.objects[0].mask) < 0.75 for entry in joined.objects[1:])
    assert len(joined.objects) <= 1 + len(drawn.objects)
    assert read_teacher(tmp_path, [record]) == [record]


def test_sets_that_training_draws_more_often_come_first(tmp_path: Path) -> None:
    for name in ("coco_mini", "eth80"):
        write_set(tmp_path, name, 10)
    sets = [read_index(tmp_path / f"{name}.jsonl.gz") for name in ("coco_mini", "eth80")]
    first = [record.dataset for record in photos_in_turn(sets)[:8]]
    assert first.count("coco_mini") > first.count("eth80")


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training sets"):
        draw(sam()[1], tmp_path, tmp_path / "out", SETTINGS)
