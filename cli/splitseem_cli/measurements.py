"""What `splitseem evaluate` measures, prints and writes pages about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from splitseem_eval.data import DataImage
from splitseem_eval.evaluate import EvaluationSettings, evaluate
from splitseem_eval.figures import CLICK_ROWS, FigureRow, summarise
from splitseem_eval.proposals import PROPOSAL_ROWS, find_everything, summarise_proposals
from splitseem_eval.video import VIDEO_ROWS, follow, summarise_video
from splitseem_model.errors import PromptError

if TYPE_CHECKING:
    from splitseem_eval.report.cases import Contestant
    from splitseem_model.predictor import Predictor

BASELINE = "opencv-grabcut"
"""`--model` that names OpenCV's GrabCut instead of a model of ours; reports are beside it."""
MOBILESAM = "mobilesam"
"""`--model` that names MobileSAM, fetched by npm on the first use."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """What is measured, on which images, how; `conditions` are the same facts for the files written."""

    predictor: Predictor
    records: Sequence[DataImage]
    settings: EvaluationSettings
    conditions: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The most important conditions in one line."""
        return ", ".join(
            str(self.conditions[key]) for key in ("model", "data", "prompt", "protocol", "runtime")
        )


def load_baseline() -> Predictor:
    """OpenCV's GrabCut behind the face of a predictor."""
    from splitseem_eval.grabcut import GrabCutPredictor

    return cast("Predictor", GrabCutPredictor())


def load_mobilesam() -> Predictor:
    """MobileSAM behind the face of a predictor.

    Raises:
        RivalError: it cannot be fetched.
    """
    from splitseem_eval.mobilesam import MobileSam, fetch
    from splitseem_eval.mobilesam_predictor import MobileSamPredictor

    return cast("Predictor", MobileSamPredictor(MobileSam(fetch())))


RIVALS: Mapping[str, Callable[[], Predictor]] = MappingProxyType(
    {BASELINE: load_baseline, MOBILESAM: load_mobilesam}
)
"""What else `--model` may name."""


def measure_clicks(job: Job, report: Path | None) -> dict[str, Any]:
    """Correct every object by clicks; print and return the figures.

    Args:
        report: folder for the page; with it the baseline is measured too, and its figures are returned as
            "baseline".
    """
    contestants = {job.predictor.name: _contestant(job.predictor, job)}
    if report is not None and job.predictor.name != BASELINE:
        contestants |= _baseline(job)
    figures = {
        name: summarise(contestant.results, job.settings.max_clicks).to_dict()
        for name, contestant in contestants.items()
    }
    _print_table(job.title, CLICK_ROWS, figures)
    if report is not None:
        from splitseem_eval.report.page import write_report

        title = f"{job.predictor.name} on {job.conditions['data']}"
        click.echo(write_report(report, title, job.conditions, job.records, contestants))
    others = {"baseline": figures[BASELINE]} if len(figures) > 1 else {}
    return figures[job.predictor.name] | others


def measure_video(job: Job, modes: Sequence[str]) -> dict[str, Any]:
    """Follow the object of the first frame in each way; print and return the figures.

    Raises:
        PromptError: the model does not do the only one; of several, those that it does not do are left out.
    """
    figures = {}
    for mode in modes:
        results = with_progress(
            "following", follow(job.predictor, job.records, job.settings, mode), len(job.records)
        )
        try:
            figures[mode] = summarise_video(list(results)).to_dict()
        except PromptError as error:
            if len(modes) == 1:
                raise
            click.echo(f"without {mode}: {error}", err=True)
    _print_table(job.title, VIDEO_ROWS, figures)
    return {"video": figures}


def measure_everything(job: Job) -> dict[str, Any]:
    """Propose without a prompt; print and return the figures."""
    results = with_progress(
        "proposing", find_everything(job.predictor, job.records, job.settings), len(job.records)
    )
    figures = summarise_proposals(list(results)).to_dict()
    _print_table(job.title, PROPOSAL_ROWS, {job.predictor.name: figures})
    return figures


def _contestant(predictor: Predictor, job: Job) -> Contestant:
    from splitseem_eval.report.cases import Contestant

    results = list(
        with_progress("clicking", evaluate(predictor, job.records, job.settings), len(job.records))
    )
    return Contestant(predictor, job.settings, results)


def _baseline(job: Job) -> dict[str, Contestant]:
    """The baseline on the same images with the same prompts; nothing when it does not take them."""
    settings = replace(job.settings, canvas=None, codec=None, memory=True)
    try:
        return {BASELINE: _contestant(load_baseline(), replace(job, settings=settings))}
    except PromptError as error:
        click.echo(f"without the baseline: {error}", err=True)
        return {}


def with_progress(doing: str, results: Iterator[Result], total: int) -> Iterator[Result]:
    """Pass the results through, drawing a bar with the time left on a terminal and nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield from progress.track(results, total=total)


def _print_table(title: str, rows: Mapping[str, FigureRow], columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print figures, a column for each set of them."""
    table = Table("measure")
    for heading in columns:
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        table.add_row(row.title, *(row.format(column[name]) for column in columns.values()))
    console = Console(width=100, highlight=False)
    console.print(title)
    console.print(table)
