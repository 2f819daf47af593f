"""`splitseem evaluate`: clicks, overlap and seconds on a data set."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals
from splitseem_cli.files.left_out import LeftOut
from splitseem_cli.files.outputs import outputs
from splitseem_cli.measurements import (
    RIVALS,
    Job,
    measure_clicks,
    measure_everything,
    measure_video,
    with_progress,
)
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_eval.clicker import PROTOCOLS
from splitseem_eval.data import DataImage, find_index, is_validation, read_index
from splitseem_eval.errors import MeasurementError
from splitseem_eval.evaluate import EvaluationSettings, read_photo
from splitseem_eval.propagation import MODES
from splitseem_eval.report.marker import is_report
from splitseem_eval.targets import FIRST_PROMPTS
from splitseem_eval.video import is_one_video

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

NOT_A_VIDEO = "none"
"""`--propagate` that measures the frames of a video as photos."""


@click.command("evaluate", cls=Command)
@click.argument("data_dir", type=click.Path(path_type=Path))
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default="ritm",
    show_default=True,
    help="Where the simulated user clicks: as RITM's evaluation does, or as SEEM's.",
)
@click.option(
    "--prompt",
    type=click.Choice(list(FIRST_PROMPTS)),
    default="click",
    show_default=True,
    help="The first prompt; later ones are clicks.",
)
@click.option(
    "--max-clicks",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Prompts that an object gets at most, and what a failure counts.",
)
@click.option(
    "--every-click", is_flag=True, help="Give --max-clicks clicks although the numbers of clicks are settled."
)
@click.option(
    "--propagate",
    type=click.Choice([*MODES, NOT_A_VIDEO]),
    multiple=True,
    help="Follow the object of the first frame through the others [default: every way, of one video]",
)
@click.option(
    "--everything", is_flag=True, help="Without prompts: which objects are among what the model proposes."
)
@click.option(
    "--closer", is_flag=True, help="Embed small objects by themselves, as the page's `Sharpen here` does."
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N images.")
@click.option("--held-out", is_flag=True, help="Of a training set, only the images held out from training.")
@click.option(
    "--without",
    type=click.Choice(["memory", "again", "correction", "refiner", "photo", "snap"]),
    multiple=True,
    help="Leave a part of the model out, to see what it is worth; may be given several times.",
)
@click.option("--precision", help="Precision of the exported graphs, with --runtime onnx [default: float32]")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Also write the figures to this file."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write a page with pictures, side by side with the baseline. It holds photos of the set.",
)
@model_options
def command(options: ModelOptions, json_path: Path | None, report: Path | None, **given: Any) -> None:
    """Measure interactive segmentation on DATA_DIR: a folder with index.jsonl.gz, or one index file.

    A simulated user corrects every object click by click. NoC is the mean number of clicks to an IoU of 85 or
    90 % (failures count --max-clicks), NoF the number of objects that never reach it. With
    `--model opencv-grabcut` OpenCV's GrabCut is given the same clicks, the baseline that needs no training;
    with `--model mobilesam` MobileSAM, which npm fetches on the first use.

    A video is prompted in its first frame only, and the object is followed through the others.
    """
    with refusals(MeasurementError):
        asked = Asked(**given)
        index = find_index(asked.data_dir)
        data = read_index(index)
        outputs().protect([index, index.parent, *(record.path for record in data)])
        check_outputs(json_path, report)
        records = asked.records(data)
        modes = _modes(asked.propagate, records)
        if asked.everything and (report is not None or options.model in RIVALS):
            raise Refused("--everything measures models of splitseem, without --report")
        if modes and report is not None:
            raise Refused("--report shows clicks on photos, not a video: add --propagate none")
        broken = LeftOut("image")
        fine = readable(records, broken)
        if not fine:
            broken.report(len(records))
            empty = "no image is held out" if asked.held_out else "the set is empty"
            raise Refused(f"{index}: nothing was measured: {empty}")
        predictor = _predictor(replace(options, precision=asked.precision), asked.without, data)
        job = Job(predictor, fine, asked.settings(options), asked.conditions(options, predictor))
        figures = measured(job, asked, modes, report)
        if json_path is not None:
            document = {**figures, **job.conditions, "left_out": len(records) - len(fine)}
            outputs().write(json_path, (json.dumps(document, indent=2) + "\n").encode())
        broken.report(len(records))


def measured(job: Job, asked: "Asked", modes: Sequence[str], report: Path | None) -> dict[str, Any]:
    """The figures of what was asked for."""
    if asked.everything:
        return measure_everything(job)
    return measure_video(job, modes) if modes else measure_clicks(job, report)


@dataclass(frozen=True)
class Asked:
    """What is measured, as the options of those names say."""

    data_dir: Path
    protocol: str
    prompt: str
    max_clicks: int
    every_click: bool
    propagate: tuple[str, ...]
    everything: bool
    closer: bool
    limit: int | None
    held_out: bool
    without: tuple[str, ...]
    precision: str | None

    def records(self, data: Sequence[DataImage]) -> list[DataImage]:
        """The images of the set that are meant."""
        return [record for record in data if is_validation(record) or not self.held_out][: self.limit]

    def settings(self, options: ModelOptions) -> EvaluationSettings:
        """How the simulated user works."""
        return EvaluationSettings(
            PROTOCOLS[self.protocol],
            self.prompt,
            self.max_clicks,
            options.canvas,
            options.codec,
            memory="memory" not in self.without,
            every_click=self.every_click,
            closer=self.closer,
        )

    def conditions(self, options: ModelOptions, predictor: "Predictor") -> dict[str, Any]:
        """What the figures depend on, for their document."""
        return {
            "data": self.data_dir.name,
            "model": predictor.name,
            "fingerprint": predictor.fingerprint,
            "runtime": options.runtime,
            "precision": self.precision,
            "codec": options.codec,
            "canvas": options.canvas,
            "protocol": self.protocol,
            "prompt": "everything" if self.everything else self.prompt,
            "max_clicks": self.max_clicks,
            "every_click": self.every_click,
            "closer": self.closer,
            "held_out": self.held_out,
            "without": list(self.without),
        }


def check_outputs(json_path: Path | None, report: Path | None) -> None:
    """Refuse files that cannot be written, before anything is measured.

    Raises:
        Refused: as `Outputs.check`; or the folder of the report is that of the data, or holds another page.
    """
    guard = outputs()
    page = None if report is None else report / "index.html"
    guard.refuse_inputs([path for path in (json_path, report, page) if path is not None])
    if json_path is not None:
        guard.check(json_path)
    if report is not None and page is not None:
        guard.folder(report)
        guard.check(page)
        if page.exists() and not is_report(page):
            raise Refused(f"{page} is a page of something else; choose another folder for --report")


def readable(records: Sequence[DataImage], broken: LeftOut) -> list[DataImage]:
    """The images whose photo can be read. A video with a broken frame is left out whole.

    Args:
        broken: takes the names of the others.
    """
    fine: list[DataImage] = []
    torn: set[str | None] = set()
    for record in with_progress("reading", iter(records), len(records)):
        read = False
        with broken.unless_readable(record.path, MeasurementError):
            read_photo(record)
            read = True
        if read:
            fine.append(record)
        else:
            torn.add(record.sequence)
    return [record for record in fine if record.sequence is None or record.sequence not in torn]


def _modes(propagate: Sequence[str], records: Sequence[DataImage]) -> Sequence[str]:
    """How objects are followed; empty: the images are photos."""
    if propagate:
        return [mode for mode in propagate if mode != NOT_A_VIDEO]
    return list(MODES) if is_one_video(records) else []


def _predictor(options: ModelOptions, without: Sequence[str], data: Sequence[DataImage]) -> "Predictor":
    """The model that is measured, with the class names of the data, or the rival of that name."""
    if options.model in RIVALS:
        return RIVALS[options.model]()
    from splitseem_eval.variants import WITHOUT, classes_of, held_to_classes, without_parts

    predictor = without_parts(options.load(), set(without) & set(WITHOUT))
    return held_to_classes(predictor, classes_of(data))
