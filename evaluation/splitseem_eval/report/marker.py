"""By what a page of ours is known, so that no other page is written over."""

from pathlib import Path

MARKER = '<meta name="generator" content="splitseem evaluate">'


def is_report(path: Path) -> bool:
    """Whether a file is a page that `write_report` wrote."""
    with path.open("rb") as file:
        return MARKER.encode() in file.read(4096)
