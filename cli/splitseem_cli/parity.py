"""`splitseem parity`: our model against numbers of the official one, case by case."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import refusals


@click.command("parity", cls=Command)
@click.argument("golden_dir", type=click.Path(path_type=Path))
@click.option(
    "--runtime",
    type=click.Choice(["torch", "onnx"]),
    default="torch",
    show_default=True,
    help="What runs the decoder: the torch core, or ONNX graphs exported on the fly (final results only)."
    " All else runs in torch.",
)
def command(golden_dir: Path, runtime: Literal["torch", "onnx"]) -> None:
    """Compare this implementation with every case of GOLDEN_DIR, a set of arrays made by the official code.

    Prints a line for each case: `ok`, `FAIL` or `not supported`, then the worst error, its tolerance and its
    array, and what ran it. Exits with 1 unless every case is ok.
    """
    with refusals():  # torch is imported here and not before
        from splitseem_parity.cases import judge
        from splitseem_parity.golden_set import GoldenSet, GoldenSetError
    golden = GoldenSet(golden_dir)
    with refusals(GoldenSetError):
        names = golden.case_names()
    counts: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for name in names:
        with refusals():
            result = judge(golden, name, runtime)
        counts[result.verdict] += 1
        ran[result.runtime] += 1
        click.echo(str(result))
    verdicts = f"{counts['ok']} ok, {counts['FAIL']} failed, {counts['not supported']} not supported"
    click.echo(f"{verdicts}; {ran['torch']} in torch, {ran['onnx']} with the decoder in ONNX Runtime")
    raise SystemExit(0 if set(counts) == {"ok"} else 1)
