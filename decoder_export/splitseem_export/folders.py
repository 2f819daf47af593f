"""The folder of an export, which is replaced as a whole: only where nothing else is in it."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from splitseem_export.errors import FolderError

MANIFEST = "manifest.json"


def check_replaceable(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but an earlier export, of whatever version.

    Raises:
        FolderError: names what is there.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderError(f"{folder} is a file; name a folder to write")
    try:
        known = {MANIFEST, *_files_named(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))}
    except (OSError, ValueError):
        known = set()
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in known or path.is_dir())
    if foreign:
        names = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise FolderError(
            f"{folder} would be replaced as a whole, but holds files that no export wrote: {names};"
            " name a new folder"
        )


def _files_named(manifest: Any) -> Iterator[str]:
    """Every value of a key "file", at whatever depth."""
    if isinstance(manifest, dict):
        if isinstance(name := manifest.get("file"), str):
            yield name
        manifest = list(manifest.values())
    if isinstance(manifest, list):
        for part in manifest:
            yield from _files_named(part)


def put_in_place(made: Path, folder: Path) -> None:
    """Move a finished folder to its name; what was there is removed after that.

    Args:
        made: beside `folder`, on the same disk.
        folder: absent, or one that `check_replaceable` lets pass.
    """
    if not folder.exists():
        made.rename(folder)
        return
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as aside:
        folder.rename(Path(aside) / "old")
        made.rename(folder)
