"""`splitseem evaluate`: clicks, overlap and seconds on a data set."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from splitseem_cli.failures import refusals
from splitseem_cli.model_options import ModelOptions, model_options
from splitseem_model.clicker import PROTOCOLS
from splitseem_model.video import MODES, NEEDS
from splitseem_train.data import DataImage, find_index, is_validation, read_index
from splitseem_train.errors import TrainingError
from splitseem_train.evaluate import EvaluationSettings, evaluate
from splitseem_train.figures import CLICK_ROWS, FigureRow, summarise
from splitseem_train.targets import FIRST_PROMPTS
from splitseem_train.video import VIDEO_ROWS, follow, is_one_video, summarise_video

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

BASELINE = "opencv-grabcut"
"""`--model` that names OpenCV's GrabCut instead of a model of ours."""

NOT_A_VIDEO = "none"
"""`--propagate` that measures the frames of a video as photos."""

Result = TypeVar("Result")


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
    type=click.Choice([*MODES, *NEEDS, NOT_A_VIDEO]),
    multiple=True,
    help="Follow the object of the first frame through the others [default: every way, of one video]",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many images.")
@click.option("--held-out", is_flag=True, help="Of a training set, only the images held out from training.")
@click.option(
    "--without",
    type=click.Choice(["memory", "correction", "refiner"]),
    multiple=True,
    help="Leave a part of the model out, to see what it is worth; may be given several times.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Also write the figures to this file."
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
    json_path: Path | None,
) -> None:
    """Measure interactive segmentation on DATA_DIR: a folder with index.jsonl.gz, or one index file.

    A simulated user corrects every object click by click. NoC is the mean number of clicks to an IoU of 85 or
    90 % (failures count --max-clicks), NoF the number of objects that never reach it. With
    `--model opencv-grabcut` OpenCV's GrabCut is given the same clicks: the baseline that needs no training.

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
        predictor = _predictor(options, without, data)
        title = f"{predictor.name}, {data_dir.name}, {prompt}, {protocol}, {options.runtime}"
        modes = _modes(propagate, records)
        figures = (
            _follow(predictor, records, settings, title, modes)
            if modes
            else _click(predictor, records, settings, title)
        )
        if json_path is not None:
            conditions = {
                "data": data_dir.name,
                "model": predictor.name,
                "fingerprint": predictor.fingerprint,
                "runtime": options.runtime,
                "codec": options.codec,
                "canvas": options.canvas,
                "protocol": protocol,
                "prompt": prompt,
                "max_clicks": max_clicks,
                "every_click": every_click,
                "held_out": held_out,
                "without": list(without),
            }
            json_path.write_text(json.dumps(figures | conditions, indent=2) + "\n", encoding="utf-8")


def _click(
    predictor: "Predictor", records: Sequence[DataImage], settings: EvaluationSettings, title: str
) -> dict[str, Any]:
    """Correct every object by clicks; print and return the figures."""
    results = list(_with_progress(evaluate(predictor, records, settings), len(records)))
    figures = summarise(results, settings.max_clicks).to_dict()
    _print_table(title, CLICK_ROWS, {"value": figures})
    return figures


def _follow(
    predictor: "Predictor",
    records: Sequence[DataImage],
    settings: EvaluationSettings,
    title: str,
    modes: Sequence[str],
) -> dict[str, Any]:
    """Follow the object of the first frame in each way; print and return the figures."""
    figures = {
        mode: summarise_video(
            list(_with_progress(follow(predictor, records, settings, mode), len(records)))
        ).to_dict()
        for mode in modes
    }
    _print_table(title, VIDEO_ROWS, figures)
    return {"video": figures}


def _modes(propagate: Sequence[str], records: Sequence[DataImage]) -> Sequence[str]:
    """How objects are followed; empty: the images are photos."""
    if propagate:
        return [mode for mode in propagate if mode != NOT_A_VIDEO]
    return list(MODES) if is_one_video(records) else []


def _predictor(options: ModelOptions, without: Sequence[str], data: Sequence[DataImage]) -> "Predictor":
    """The model that is measured, with the class names of the data, or the baseline of that name."""
    if options.model == BASELINE:
        from splitseem_train.grabcut import GrabCutPredictor

        return cast("Predictor", GrabCutPredictor())
    from splitseem_train.variants import WITHOUT, classes_of, held_to_classes

    predictor = options.load()
    for part in set(without) & set(WITHOUT):
        predictor = WITHOUT[part](predictor)
    return held_to_classes(predictor, classes_of(data))


def _with_progress(results: Iterator[Result], total: int) -> Iterator[Result]:
    """Pass the results through, drawing a bar with the time left on a terminal and nothing elsewhere."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield from progress.track(results, total=total)


def _print_table(title: str, rows: Mapping[str, FigureRow], columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print figures, a column for each set of them."""
    table = Table("measure", title=title, title_justify="left")
    for heading in columns:
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        table.add_row(row.title, *(row.format(column[name]) for column in columns.values()))
    Console(width=100).print(table)
