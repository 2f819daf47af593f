"""The page of a report: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from itertools import count
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

from splitseem_eval.data import DataImage
from splitseem_eval.figures import CLICK_ROWS, FigureRow, Summary, summarise
from splitseem_eval.metrics import reached_by_click
from splitseem_eval.report.cases import Case, Contestant, choose, replay
from splitseem_eval.report.curves import click_curves
from splitseem_eval.report.pictures import photo_symbol, picture

GROUPS: Mapping[str, str] = MappingProxyType({"best": "Best", "median": "In the middle", "worst": "Worst"})
SHOWN_THRESHOLD = 0.85
"""IoU of the curve that shows how many objects are done."""


def write_report(
    folder: Path,
    title: str,
    conditions: Mapping[str, Any],
    records: Sequence[DataImage],
    contestants: Mapping[str, Contestant],
) -> Path:
    """Write `index.html` into a folder, which is made when it is not there.

    Figures and curves of all contestants are side by side; the objects that are shown are the best, middle
    and worst ones of the first. The page holds photos of the data set, so its licence goes with it.

    Args:
        conditions: what was measured, for the foot of the page.
        records: the images measured, in the order of the results.
        contestants: by the name shown; all measured on the same images.
    Raises:
        EvaluationError: nothing was measured.
    """
    summaries = {
        name: summarise(contestant.results, contestant.settings.max_clicks)
        for name, contestant in contestants.items()
    }
    first = next(iter(contestants.values()))
    numbers = count(1)
    groups = []
    for group, places in choose(first.results).items():
        cases = "".join(
            _case(f"photo{next(numbers)}", replay(records, place, contestants), first.settings.prompt)
            for place in places
        )
        groups.append(f"<section><h2>{GROUPS[group]}</h2>{cases}</section>" if places else "")
    template = Template(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=escape(title),
        figures=_figures(summaries),
        curves=_curves(summaries, contestants),
        note=_note(first),
        groups="".join(groups),
        conditions=_conditions(conditions),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    partial = folder / ".index.html.partial"
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _figures(summaries: Mapping[str, Summary]) -> str:
    headings = "".join(
        f'<th scope="col" class="curve{number}">{escape(name)}</th>' for number, name in enumerate(summaries)
    )
    columns = [summary.to_dict() for summary in summaries.values()]
    rows = "".join(
        f'<tr><th scope="row">{escape(row.title.strip())}</th>{_cells(row, [c[name] for c in columns])}</tr>'
        for name, row in CLICK_ROWS.items()
        if any(column[name] is not None for column in columns)
    )
    return f"<table><thead><tr><td></td>{headings}</tr></thead><tbody>{rows}</tbody></table>"


def _curves(summaries: Mapping[str, Summary], contestants: Mapping[str, Contestant]) -> str:
    """Mean overlap, and how many objects are done, after every click."""
    charts = {
        "Mean IoU after each click": {name: summary.iou_by_click for name, summary in summaries.items()},
        f"Objects that have reached IoU {SHOWN_THRESHOLD}": {
            name: reached_by_click(
                [entry.ious for result in contestant.results for entry in result.objects],
                SHOWN_THRESHOLD,
                contestant.settings.max_clicks,
            )
            for name, contestant in contestants.items()
        },
    }
    return "".join(f"<h3>{title}</h3>{click_curves(title, curves)}" for title, curves in charts.items())


def _cells(row: FigureRow, values: Sequence[float | None]) -> str:
    """One figure of every contestant; the best of several is marked."""
    known = [value for value in values if value is not None]
    best = {"higher": max, "lower": min}[row.better](known) if row.better and len(set(known)) > 1 else None
    return "".join(
        f"<td{' class=best' if value is not None and value == best else ''}>{row.format(value)}</td>"
        for value in values
    )


def _note(contestant: Contestant) -> str:
    if contestant.settings.every_click:
        return "Every object gets all clicks."
    return "An object that has reached 0.90 after five clicks gets no more of them and keeps its IoU."


def _case(photo: str, case: Case, prompt: str) -> str:
    label = f" <span>{escape(case.target.label)}</span>" if case.target.label else ""
    strips = "".join(
        f'<div class="strip"><h4 class="curve{number}">{escape(name)}</h4>'
        f"{_pictures(photo, name, case, prompt)}</div>"
        for number, name in enumerate(case.turns)
    )
    return (
        f"<article>{photo_symbol(photo, case.image_rgb)}<h3>{escape(Path(case.name).name)}{label}</h3>"
        f"{strips}</article>"
    )


def _pictures(photo: str, contestant: str, case: Case, prompt: str) -> str:
    figures = []
    for number, turn in case.turns[contestant].items():
        asked = _asked(prompt, number)
        description = escape(f"{contestant}, {asked}: IoU {turn.iou:.3f}")
        target = case.target
        drawn = picture(photo, description, target.truth, turn.mask, turn.items, target.strokes)
        label = f", {escape(turn.label)}" if turn.label else ""
        figures.append(
            f"<figure>{drawn}<figcaption>{asked} <b>{turn.iou:.3f}</b>{label}</figcaption></figure>"
        )
    return "".join(figures)


def _asked(prompt: str, number: int) -> str:
    """The prompts given up to that number, the first of that kind, the others clicks."""
    clicks = number if prompt == "click" else number - 1
    given = [] if prompt == "click" else [prompt]
    return " + ".join(given + ([f"{clicks} click{'s' if clicks > 1 else ''}"] if clicks else []))


def _conditions(conditions: Mapping[str, Any]) -> str:
    return "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in conditions.items()
        if value not in (None, [], False)
    )
