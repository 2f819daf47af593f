"""The mark of a page that we wrote, so that no other page is overwritten."""

from pathlib import Path

MARKER = '<meta name="generator" content="splitseem evaluate">'


def is_report(path: Path) -> bool:
    """Whether a file is a page that `write_report` wrote."""
    with path.open("rb") as file:
        return MARKER.encode() in file.read(4096)
