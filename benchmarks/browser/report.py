"""What the page measured -> medians, ratios to SAM, arithmetic: the tables."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Samples = Mapping[str, Sequence[float]]
"""Milliseconds of every round by part: "run", and what a contender has beside."""

SAM_FP32, SAM_INT8 = "sam click fp32", "sam click int8"


@dataclass(frozen=True)
class Measured:
    """One contender and its samples; see `contenders.Contender`."""

    name: str
    canvas: int
    samples: Samples
    flops: int = 0
    matmul_flops: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the table; milliseconds.

    Attributes:
        to_sam_fp32, to_sam_int8: median of the ratios of runs in the same round.
        least_to_sam_fp32: ratio of the least times, which other work on the machine disturbs least.
        gflop: of one run; gflops: a second; matmul_gflops: what matrices of the same shapes reach beside it;
            share: of the one in the other.
        parts: medians of the parts, where there are.
    """

    name: str
    canvas: int
    threads: int
    runs: int
    median: float
    minimum: float
    to_sam_fp32: float | None
    to_sam_int8: float | None
    least_to_sam_fp32: float | None
    gflop: float | None = None
    gflops: float | None = None
    matmul_gflops: float | None = None
    share: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


def rows_of(measured: Sequence[Measured], threads: int) -> list[Row]:
    """Rows of the contenders of one worker, and sums of clicks and the preparation before them."""
    everything = [*measured, *_sums(measured)]
    sam = {item.name: item.samples["run"] for item in measured if item.name in (SAM_FP32, SAM_INT8)}
    return [_row(item, threads, sam) for item in everything]


def _row(item: Measured, threads: int, sam: Mapping[str, Sequence[float]]) -> Row:
    runs = item.samples["run"]
    median = statistics.median(runs)
    parts = {name: round(statistics.median(part), 2) for name, part in item.samples.items()}
    products = parts.pop("products", None)
    del parts["run"]
    # Of one round, since whatever else the machine does changes from round to round.
    share = None
    if products and item.matmul_flops:
        share = ratio(item.samples["products"], runs) * item.flops / item.matmul_flops
    return Row(
        item.name,
        item.canvas,
        threads,
        len(runs),
        round(median, 2),
        round(min(runs), 2),
        _rounded(ratio(runs, sam[SAM_FP32]) if SAM_FP32 in sam else None, 3),
        _rounded(ratio(runs, sam[SAM_INT8]) if SAM_INT8 in sam else None, 3),
        _rounded(min(runs) / min(sam[SAM_FP32]) if SAM_FP32 in sam else None, 3),
        gflop=_rounded(item.flops / 1e9 if item.flops else None, 3),
        gflops=_rounded(item.flops / 1e6 / median if item.flops else None, 1),
        matmul_gflops=_rounded(item.matmul_flops / 1e6 / products if products else None, 1),
        share=_rounded(share, 2),
        parts=parts,
    )


def ratio(a: Sequence[float], b: Sequence[float]) -> float:
    """Median of the ratios round by round."""
    return statistics.median(x / y for x, y in zip(a, b, strict=False))


_PREPARED_BY = (
    ("nano whole click", "open"),
    ("nano step fp32", "nano prepare fp32"),
    ("nano step shipped", "nano prepare shipped"),
    ("official step fp32", "official prepare fp32"),
)
"""A click, and what comes before the first: a part of it, or a contender."""


def _sums(measured: Sequence[Measured]) -> list[Measured]:
    by_name = {(item.name, item.canvas): item for item in measured}
    sums = []
    for name, before in _PREPARED_BY:
        for item in measured:
            if item.name != name:
                continue
            other = by_name.get((before, item.canvas))
            prepared = other.samples["run"] if other else item.samples.get(before)
            if prepared is None:
                continue
            total = [a + b for a, b in zip(item.samples["run"], prepared, strict=False)]
            sums.append(Measured(f"{name} + prepare", item.canvas, {"run": total}))
    return sums


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


_COLUMNS = (
    ("contender", "name", ""),
    ("canvas", "canvas", ""),
    ("median ms", "median", ".1f"),
    ("min ms", "minimum", ".1f"),
    ("/ SAM fp32", "to_sam_fp32", ".3f"),
    ("/ SAM int8", "to_sam_int8", ".3f"),
    ("min / min", "least_to_sam_fp32", ".3f"),
    ("GFLOP", "gflop", ".2f"),
    ("GFLOP/s", "gflops", ".1f"),
    ("matmul rate", "matmul_gflops", ".1f"),
    ("share", "share", ".2f"),
)


def table(rows: Sequence[Row]) -> str:
    """Markdown, columns aligned."""
    cells = [[title for title, _, _ in _COLUMNS]]
    cells += [[_text(getattr(row, name), form) for _, name, form in _COLUMNS] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    parts = [
        f"{row.name}, {row.canvas}: " + ", ".join(f"{name} {value:.1f}" for name, value in row.parts.items())
        for row in rows
        if row.parts
    ]
    return "\n".join([*lines, *([""] if parts else []), *parts])


def _text(value: Any, form: str) -> str:
    return "" if value is None else format(value, form)


TARGETS = (
    ("nano step 512 / SAM click", "nano step shipped", 512, 0.08, 0.04),
    ("official step 512 / SAM click", "official step fp32", 512, 1.2, 0.8),
)
"""What, contender, canvas, limit, goal; on one thread."""


def verdicts(rows: Sequence[Row]) -> list[str]:
    """What is asked of the decoder, beside what it does."""
    found = {(row.name, row.canvas): row for row in rows if row.threads == 1}
    lines = []
    for what, name, canvas, limit, goal in TARGETS:
        row = found.get((name, canvas)) or found.get((name.replace("shipped", "fp32"), canvas))
        if row is not None and row.to_sam_fp32 is not None:
            lines.append(f"{what}: {row.to_sam_fp32:.3f} (at most {limit}, goal {goal})")
    step, whole = (found.get((f"official {part} fp32", 512)) for part in ("step", "as written"))
    if step is not None and whole is not None:
        lines.append(f"official as written / step, 512: {whole.median / step.median:.1f} (at least 10)")
    for (name, canvas), row in found.items():
        if "while opening" in row.parts:
            slower = row.parts["while opening"] / row.median
            lines.append(f"{name} while the image is opened / idle, {canvas}: {slower:.2f} (at most 1.5)")
            slice_ms = row.parts["longest slice"]
            lines.append(f"longest slice of opening it, {canvas}: {slice_ms:.0f} ms (at most 50)")
        if "everything" in row.parts:
            seconds = row.parts["everything"] / 1000
            lines.append(f"everything in the photo, {canvas}: {seconds:.1f} s (at most 1.5 at 512)")
    return lines
