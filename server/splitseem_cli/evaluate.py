"""`splitseem evaluate`: clicks, overlap and seconds on a data set."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from splitseem_cli.failures import refusals
from splitseem_cli.model_options import ModelOptions, model_options
from splitseem_model.clicker import PROTOCOLS
from splitseem_train.data import DataImage, find_index, is_validation, read_index
from splitseem_train.errors import TrainingError
from splitseem_train.evaluate import EvaluationSettings, evaluate
from splitseem_train.figures import ImageResult, Summary, summarise
from splitseem_train.targets import FIRST_PROMPTS

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

BASELINE = "opencv-grabcut"
"""`--model` that names OpenCV's GrabCut instead of a model of ours."""

ROWS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "noc85": ("NoC@85", ".2f"),
        "noc90": ("NoC@90", ".2f"),
        "nof85": ("NoF85", "d"),
        "nof90": ("NoF90", "d"),
        "iou1": ("IoU@1", ".3f"),
        "iou3": ("IoU@3", ".3f"),
        "iou5": ("IoU@5", ".3f"),
        "largest_fall": ("largest fall of IoU, clicks 1 to 5", ".4f"),
        "label1": ("label right after 1 click", ".3f"),
        "label5": ("label right after 5 clicks", ".3f"),
        "obeyed": ("steps that obey every click", ".3f"),
        "seconds_per_click": ("seconds per click", ".4f"),
        "seconds_per_step": ("  of these, model", ".4f"),
        "seconds_per_mask": ("  of these, mask in image size", ".4f"),
        "seconds_per_image": ("seconds per image, encoder", ".3f"),
        "images": ("images", "d"),
        "objects": ("objects", "d"),
    }
)
"""Figure -> its title and number format in the table."""


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
    limit: int | None,
    held_out: bool,
    without: tuple[str, ...],
    json_path: Path | None,
) -> None:
    """Measure interactive segmentation on DATA_DIR: a folder with index.jsonl.gz, or one index file.

    A simulated user corrects every object click by click. NoC is the mean number of clicks to an IoU of 85 or
    90 % (failures count --max-clicks), NoF the number of objects that never reach it. With
    `--model opencv-grabcut` OpenCV's GrabCut is given the same clicks: the baseline that needs no training.
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
        results = list(_with_progress(evaluate(predictor, records, settings), len(records)))
        summary = summarise(results, max_clicks)
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
            json_path.write_text(
                json.dumps(summary.to_dict() | conditions, indent=2) + "\n", encoding="utf-8"
            )
    _print_table(summary, f"{predictor.name}, {data_dir.name}, {prompt}, {protocol}, {options.runtime}")


def _predictor(options: ModelOptions, without: tuple[str, ...], data: Sequence[DataImage]) -> "Predictor":
    """The model that is measured, with the class names of the data, or the baseline of that name."""
    if options.model == BASELINE:
        from splitseem_train.grabcut import GrabCutPredictor

        return cast("Predictor", GrabCutPredictor())
    from splitseem_train.variants import WITHOUT, classes_of, held_to_classes

    predictor = options.load()
    for part in set(without) & set(WITHOUT):
        predictor = WITHOUT[part](predictor)
    return held_to_classes(predictor, classes_of(data))


def _with_progress(results: Iterator[ImageResult], total: int) -> Iterator[ImageResult]:
    """Pass the results through, drawing a bar with the time left on a terminal and nothing elsewhere."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield from progress.track(results, total=total)


def _print_table(summary: Summary, title: str) -> None:
    table = Table("measure", "value", title=title, title_justify="left")
    table.columns[1].justify = "right"
    figures = summary.to_dict()
    for name, (heading, number_format) in ROWS.items():
        figure = figures[name]
        table.add_row(heading, "-" if figure is None else format(figure, number_format))
    Console(width=100).print(table)
