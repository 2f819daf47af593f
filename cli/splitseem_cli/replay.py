"""`splitseem replay`: the masks of a project made again from its prompts, and compared with its own."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals
from splitseem_cli.files.coco import coco_of
from splitseem_cli.files.images import read_file, read_rgb
from splitseem_cli.files.outputs import outputs
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_eval.metrics import iou
from splitseem_model.errors import ModelError
from splitseem_model.step.replay import replay
from splitseem_proto import Project, ProjectImage, ProjectObject, decode_rle, encode_rle, from_plain, to_plain

if TYPE_CHECKING:
    from splitseem_model.encode.encoder import Roi
    from splitseem_model.predictor import Predictor, PreparedImage


@dataclass(frozen=True)
class Compared:
    """One object made again.

    Attributes:
        area, saved_area: pixels of the new mask and of the saved one, None where none was saved.
        iou: of both masks; two empty masks are equal.
    """

    photo: str
    number: int | None
    label: str | None
    area: int
    saved_area: int | None
    iou: float | None


@click.command("replay", cls=Command)
@click.argument("project_path", metavar="PROJECT", type=click.Path(path_type=Path))
@click.argument("photos", metavar="PHOTO…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the project with the new masks, scores and no timings, to be opened by the page.",
)
@click.option(
    "--coco",
    "coco_path",
    type=click.Path(path_type=Path),
    help="Write the new masks as COCO, as the page exports them, which shares what overlaps.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Also write the figures to this file."
)
@click.option(
    "--at-least",
    metavar="IOU",
    type=click.FloatRange(0, 1),
    help="Exit with status 1 when a mask overlaps less with the saved one.",
)
@model_options
def command(
    options: ModelOptions,
    project_path: Path,
    photos: Sequence[Path],
    output: Path | None,
    coco_path: Path | None,
    json_path: Path | None,
    at_least: float | None,
) -> None:
    """Make the masks of PROJECT again from its prompts, and compare them with those that it holds.

    PROJECT is what the page saves as "Project". Every PHOTO is an image file, or a folder of them; they are
    found by their content, else by name. Objects whose photo is not there keep their mask and are
    named at the end.
    """
    with refusals():
        for path in filter(None, (output, coco_path, json_path)):
            outputs().check(path)
        project = _read(project_path)
        files = _find(project, photos)
        if not files:
            raise Refused(f"none of the photos of {project_path.name} is among {_list(photos)}")
        again, compared = _replayed(project, files, options)
        if output is not None:
            outputs().write(output, json.dumps(to_plain(again)).encode())
        if coco_path is not None:
            outputs().write(coco_path, json.dumps(coco_of(again), ensure_ascii=False).encode())
        if json_path is not None:
            rows = [asdict(one) for one in compared]
            outputs().write(json_path, (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode())
    _report(project, files, compared)
    worst = min((one.iou for one in compared if one.iou is not None), default=1.0)
    if at_least is not None and worst < at_least:
        click.get_current_context().exit(1)


def _read(path: Path) -> Project:
    try:
        plain = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise Refused(f"no such project: {path}") from error
    except ValueError as error:
        raise Refused(f"{path} is no project: it is not JSON; Export, Project saves one") from error
    project = from_plain(plain)
    if not isinstance(project, Project):
        raise Refused(f"{path} is no project but a message of type {project.type!r}")
    outputs().protect([path])
    return project


def _find(project: Project, given: Sequence[Path]) -> dict[int, Path]:
    """The file of every image that there is one for: by its digest, and by name where none has it."""
    files = [file for path in given for file in _files(path)]
    digests = {hashlib.sha256(read_file(file)).hexdigest(): file for file in files}
    by_name = {file.name: file for file in files}
    found: dict[int, Path] = {}
    for index, image in enumerate(project.images):
        file = digests.get(image.file_sha256 or "") or by_name.get(image.name)
        if file is not None:
            found[index] = file
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    else:
        yield path


def _replayed(
    project: Project, files: dict[int, Path], options: ModelOptions
) -> tuple[Project, list[Compared]]:
    predictor = options.load()
    images: list[ProjectImage] = []
    compared: list[Compared] = []
    with click.progressbar(project.images, label="photos", file=sys.stderr) as shown:
        for index, image in enumerate(shown):
            if index not in files or not any(item.prompts for item in image.objects):
                images.append(image)
                continue
            rgb = read_rgb(files[index])
            if rgb.shape[:2] != image.size_hw:
                raise Refused(
                    f"{files[index]} has {rgb.shape[1]} x {rgb.shape[0]} pixels, {image.name} of the project"
                    f" {image.size_hw[1]} x {image.size_hw[0]}"
                )
            canvas = options.canvas or image.canvas
            prepared = _parts_of(predictor, rgb, canvas, options.codec)
            objects = [_made_again(predictor, prepared, item, image.name) for item in image.objects]
            images.append(replace(image, objects=tuple(item for item, _ in objects), canvas=canvas))
            compared.extend(one for _, one in objects if one is not None)
    return replace(project, images=tuple(images)), compared


def _parts_of(
    predictor: Predictor, rgb: NDArray[np.uint8], canvas: int | None, codec: str | None
) -> Callable[[Roi | None], PreparedImage]:
    """A photo embedded as a whole and, where objects ask for that, by parts; few are held at a time."""

    @lru_cache(maxsize=2)
    def prepared(roi_xywh: Roi | None) -> PreparedImage:
        return predictor.encode(rgb, roi_xywh=roi_xywh, canvas=canvas, codec=codec)

    return prepared


def _made_again(
    predictor: Predictor, prepared: Callable[[Roi | None], PreparedImage], item: ProjectObject, photo: str
) -> tuple[ProjectObject, Compared | None]:
    """An object with the mask that its prompts give; as it was without prompts."""
    if not item.prompts:
        return item, None
    image = prepared(item.roi_xywh)
    try:
        *_, last = replay(predictor.step, image, [(prompt,) for prompt in item.prompts])
    except ModelError as error:
        raise Refused(f"object {item.number} of {photo}: {error}") from error
    mask = predictor.mask(image, last)
    saved = None if item.mask is None else decode_rle(item.mask)
    again = replace(item, mask=encode_rle(mask), score=last.score, timings={})
    return again, Compared(
        photo,
        item.number,
        item.label,
        area=int(mask.sum()),
        saved_area=None if saved is None else int(saved.sum()),
        iou=None if saved is None else iou(mask, saved),
    )


def _report(project: Project, files: dict[int, Path], compared: Sequence[Compared]) -> None:
    ious = sorted(one.iou for one in compared if one.iou is not None)
    click.echo(f"{len(compared)} objects made again, {len(ious)} of them with a saved mask")
    if ious:
        click.echo(f"IoU with the saved masks: lowest {ious[0]:.4f}, median {ious[len(ious) // 2]:.4f}")
    for one in sorted(compared, key=lambda one: 2.0 if one.iou is None else one.iou)[:5]:
        if one.iou is not None and one.iou < 1:
            click.echo(f"  {one.iou:.4f}  object {one.number} of {one.photo}  {one.label or ''}".rstrip())
    for index, image in enumerate(project.images):
        if index not in files and image.objects:
            click.echo(f"left as it was: {image.name}, {len(image.objects)} objects; no such photo", err=True)


def _list(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths[:3])) + (" …" if len(paths) > 3 else "")
