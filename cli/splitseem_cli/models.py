"""`splitseem models`: the models and checkpoints that are known, and which of them are here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from splitseem_cli.commands import Command

if TYPE_CHECKING:
    from splitseem_model.checkpoints.known import KnownCheckpoint

TABLE_WIDTH = 240
"""Columns of the table where there is no terminal to fit it to."""
COLUMNS = ("name", "wiring", "backbone", "licence", "sha256", "where", "state", "presets")


@click.command("models", cls=Command)
def command() -> None:
    """List the known checkpoints: wiring, backbone, licence, digest, where to get them, and what is here.

    A name in the first column is what --model takes; what is absent is fetched then, if there is a network.
    """
    from splitseem_model.checkpoints.known import AMBIGUOUS_NAMES, KNOWN, LICENCE
    from splitseem_model.checkpoints.registry import bundled_weights

    table = Table(*COLUMNS)
    table.columns[COLUMNS.index("sha256")].overflow = "fold"  # a digest that is cut short is of no use
    weights = bundled_weights("nano")
    table.add_row("nano", "nano", "EfficientNet-Lite0", LICENCE, *_bundled(weights), "nano")
    for known in KNOWN.values():
        licence = LICENCE if known.file else "none"
        table.add_row(known.name, ", ".join(known.wirings), known.backbone, licence, *_published(known))
    console = Console()
    Console(width=console.width if console.is_terminal else TABLE_WIDTH).print(table)
    click.echo("A file does not say its wiring; `--model FILE --preset PRESET` does. Of old files:")
    for explanation in AMBIGUOUS_NAMES.values():
        click.echo(f"- {explanation}")


def _bundled(weights: Path | None) -> tuple[str, str, str]:
    """Digest, place and state of weights that come with the package."""
    from splitseem_model.checkpoints.hub import sha256_of

    if weights is None:
        return "none", "make train", "absent"
    return sha256_of(weights), "bundled", "present"


def _published(known: KnownCheckpoint) -> tuple[str, str, str, str]:
    """Digest, place, state and presets of a published checkpoint."""
    from splitseem_model.checkpoints.hub import cached, known_sha256

    state = "absent" if cached(known) is None else "present"
    where = known.url or "never published"
    return known_sha256(known) or "unknown", where, state, ", ".join(known.presets)
