"""`python -m splitseem_train.plot`: a run's log as a picture."""

import gzip
import json
from pathlib import Path
from typing import Any

import click
import matplotlib
import numpy as np
from numpy.typing import NDArray

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from splitseem_eval.errors import DataError

SMOOTHING_STEPS = 100
COLOURS = ("#9db4d6", "#5b83bd", "#1f4e8c")
NO_PROMPT = "#b07030"


def read_log(path: Path) -> list[dict[str, Any]]:
    """Rows of metrics.jsonl, plain or gzipped.

    Raises:
        DataError: no such file, or a line that is not a row.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not rows:
        raise DataError(f"{path} has no row yet")
    return rows


def plot_log(rows: list[dict[str, Any]], out: Path) -> None:
    """Write IoU by round, on training crops and held-out photos, without a prompt where that was trained, and
    the loss, over the steps."""
    steps = np.array([row["step"] for row in rows])
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 6), sharex=True, height_ratios=(2, 1))
    rounds = np.array([row["iou"] for row in rows])
    for number, colour in enumerate(COLOURS):
        above.plot(steps, _smoothed(rounds[:, number]), color=colour, label=f"crops, round {number + 1}")
    held_out = [row for row in rows if "validation_iou1" in row]
    for number, colour in enumerate(COLOURS, start=1):
        values = [row[f"validation_iou{number}"] for row in held_out]
        above.plot(
            [row["step"] for row in held_out], values, "o--", color=colour, label=f"held out, click {number}"
        )
    found = [row for row in held_out if "validation_panoptic" in row]
    if found:
        values = [row["validation_panoptic"] for row in found]
        above.plot(
            [row["step"] for row in found], values, "s--", color=NO_PROMPT, label="held out, no prompt"
        )
    above.set_ylabel("mean IoU")
    above.set_ylim(0, 1)
    above.legend(ncols=2, frameon=False)
    below.plot(steps, _smoothed(np.array([row["loss"] for row in rows])), color=COLOURS[2])
    below.set_ylabel("loss")
    below.set_xlabel("step")
    for axes in (above, below):
        axes.grid(alpha=0.3)
        for row, before in zip(rows[1:], rows, strict=False):
            if row.get("stage") != before.get("stage"):
                axes.axvline(row["step"], color="#888888", linewidth=0.8)
            elif row["side"] != before["side"]:
                axes.axvline(row["step"], color="#888888", linewidth=0.8, linestyle=":")
    figure.tight_layout()
    figure.savefig(out, dpi=110)
    plt.close(figure)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the last steps, fewer at the beginning."""
    ends = range(1, len(values) + 1)
    return np.array([np.median(values[max(0, end - SMOOTHING_STEPS) : end]) for end in ends])


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="PNG or SVG to write.")
def main(log: Path, output: Path) -> None:
    """Draw LOG, a run's metrics.jsonl; dotted lines are changes of the crop size, full ones of the stage."""
    try:
        plot_log(read_log(log), output)
    except DataError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
