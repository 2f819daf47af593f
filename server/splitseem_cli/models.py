"""`splitseem models`: the checkpoints that are known, and which of them are here."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

HUB = "huggingface.co/xdecoder/SEEM"
APACHE = "Apache-2.0"
TABLE_WIDTH = 240
"""Columns of the table where there is no terminal to fit it to."""


@dataclass(frozen=True)
class KnownCheckpoint:
    """A published checkpoint.

    Attributes:
        wirings: those that its weights run with, the usual one first.
        preset: prefix of the presets that load its file, before the wiring; None: not yet loadable.
    """

    name: str
    wirings: tuple[str, ...]
    backbone: str
    preset: str | None

    @property
    def where(self) -> str:
        """Where to get the file."""
        return f"{HUB}/{self.name}.pt"

    @property
    def state(self) -> str:
        """How to use it."""
        if self.preset is None:
            return "not yet loadable"
        presets = " or ".join(f"{self.preset}-{wiring}" for wiring in self.wirings)
        return f"absent; --model FILE --preset {presets}"


# The state dictionary does not tell the wirings apart, and file names changed their meaning: v1 before
# October 2023 is v0 now. These are today's names.
OFFICIAL = (
    KnownCheckpoint("seem_focalt_v0", ("v0", "demo"), "Focal-T", preset="focalt"),
    KnownCheckpoint("seem_focall_v0", ("v0", "demo"), "Focal-L", preset="focall"),
    KnownCheckpoint("seem_focalt_v1", ("v1",), "Focal-T", preset="focalt"),
    KnownCheckpoint("seem_focall_v1", ("v1",), "Focal-L", preset="focall"),
    KnownCheckpoint("seem_samvitb_v1", ("v1",), "SAM-ViT-B", preset=None),
    KnownCheckpoint("seem_samvitl_v1", ("v1",), "SAM-ViT-L", preset=None),
)


@click.command("models")
def command() -> None:
    """List the known checkpoints: wiring, backbone, licence, digest, where to get them, and what is here."""
    from splitseem_model.registry import bundled_weights

    table = Table("name", "wiring", "backbone", "licence", "sha256", "where", "state")
    table.columns[4].overflow = "fold"  # a digest that is cut short is of no use
    weights = bundled_weights("nano")
    table.add_row("nano", "nano", "residual", APACHE, *_bundled(weights))
    for known in OFFICIAL:
        wirings = ", ".join(known.wirings)
        table.add_row(known.name, wirings, known.backbone, APACHE, "unknown", known.where, known.state)
    console = Console()
    Console(width=console.width if console.is_terminal else TABLE_WIDTH).print(table)


def _bundled(weights: Path | None) -> tuple[str, str, str]:
    """Digest, place and state of weights that come with the package."""
    if weights is None:
        return "none", "make train", "absent"
    return hashlib.sha256(weights.read_bytes()).hexdigest(), "bundled", "present"
