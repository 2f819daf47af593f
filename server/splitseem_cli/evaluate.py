"""`splitseem evaluate`: clicks, overlap and seconds on a data set."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from splitseem_cli.failures import Refused, refusals
from splitseem_cli.measurements import RIVALS, Job, measure_clicks, measure_video
from splitseem_cli.model_options import ModelOptions, model_options
from splitseem_model.clicker import PROTOCOLS
from splitseem_model.video import MODES
from splitseem_train.data import DataImage, find_index, is_validation, read_index
from splitseem_train.errors import TrainingError
from splitseem_train.evaluate import EvaluationSettings
from splitseem_train.targets import FIRST_PROMPTS
from splitseem_train.video import is_one_video

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

NOT_A_VIDEO = "none"
"""`--propagate` that measures the frames of a video as photos."""


@click.command("evaluate")
@click.argument("data_dir", type=click.Path(path_type=Path))
@click.option("--protocol", type=click.Choice(list(PROTOCOLS)), default="ritm", show_default=True)
@click.option(
    "--prompt",
    type=click.Choice(list(FIRST_PROMPTS)),
    default="click",
    show_default=True,
    help="The first prompt; later ones are clicks.",
)
@click.option("--max-clicks", type=click.IntRange(min=1), default=20, show_default=True)
@click.option(
    "--every-click", is_flag=True, help="Give --max-clicks clicks although the numbers of clicks are settled."
)
@click.option(
    "--propagate",
    type=click.Choice([*MODES, NOT_A_VIDEO]),
    multiple=True,
    help="Follow the object of the first frame through the others [default: every way, of one video]",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many images.")
@click.option("--held-out", is_flag=True, help="Of a training set, only the images held out from training.")
@click.option(
    "--without",
    type=click.Choice(["memory", "correction", "refiner", "photo"]),
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
def command(
    options: ModelOptions,
    data_dir: Path,
    protocol: str,
    prompt: str,
    max_clicks: int,
    every_click: bool,
    propagate: tuple[str, ...],
    limit: int | None,
    held_out: bool,
    without: tuple[str, ...],
    precision: str | None,
    json_path: Path | None,
    report: Path | None,
) -> None:
    """Measure interactive segmentation on DATA_DIR: a folder with index.jsonl.gz, or one index file.

    A simulated user corrects every object click by click. NoC is the mean number of clicks to an IoU of 85 or
    90 % (failures count --max-clicks), NoF the number of objects that never reach it. With
    `--model opencv-grabcut` OpenCV's GrabCut is given the same clicks, the baseline that needs no training;
    with `--model mobilesam` MobileSAM, which npm fetches on the first use.

    A video is prompted in its first frame only, and the object is followed through the others.
    """
    with refusals(TrainingError):
        settings = EvaluationSettings(
            PROTOCOLS[protocol],
            prompt,
            max_clicks,
            options.canvas,
            options.codec,
            memory="memory" not in without,
            every_click=every_click,
        )
        data = read_index(find_index(data_dir))
        records = [record for record in data if is_validation(record) or not held_out][:limit]
        modes = _modes(propagate, records)
        if modes and report is not None:
            raise Refused("--report shows clicks on photos, not a video: add --propagate none")
        predictor = _predictor(replace(options, precision=precision), without, data)
        conditions = {
            "data": data_dir.name,
            "model": predictor.name,
            "fingerprint": predictor.fingerprint,
            "runtime": options.runtime,
            "precision": precision,
            "codec": options.codec,
            "canvas": options.canvas,
            "protocol": protocol,
            "prompt": prompt,
            "max_clicks": max_clicks,
            "every_click": every_click,
            "held_out": held_out,
            "without": list(without),
        }
        job = Job(predictor, records, settings, conditions)
        figures = measure_video(job, modes) if modes else measure_clicks(job, report)
        if json_path is not None:
            json_path.write_text(json.dumps(figures | conditions, indent=2) + "\n", encoding="utf-8")


def _modes(propagate: Sequence[str], records: Sequence[DataImage]) -> Sequence[str]:
    """How objects are followed; empty: the images are photos."""
    if propagate:
        return [mode for mode in propagate if mode != NOT_A_VIDEO]
    return list(MODES) if is_one_video(records) else []


def _predictor(options: ModelOptions, without: Sequence[str], data: Sequence[DataImage]) -> "Predictor":
    """The model that is measured, with the class names of the data, or the rival of that name."""
    if options.model in RIVALS:
        return RIVALS[options.model]()
    from splitseem_train.variants import WITHOUT, classes_of, held_to_classes

    predictor = options.load()
    for part in set(without) & set(WITHOUT):
        predictor = WITHOUT[part](predictor)
    return held_to_classes(predictor, classes_of(data))
