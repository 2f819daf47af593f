"""The only place where commands write: never over an input, never half a file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from splitseem_cli.failures import Refused

_KEY = "splitseem.outputs"


class Outputs:
    """Where one run of a command may write, and which files it reads.

    Args:
        places: files and folders that the command line names for output; no input may be among them.
        inputs: files that the command reads; a name of nothing is no input.
    """

    def __init__(self, places: Iterable[Path], inputs: Iterable[Path] = ()) -> None:
        self._inputs: dict[tuple[int, int], Path] = {}
        self.protect(inputs)
        self.refuse_inputs(places)

    def protect(self, inputs: Iterable[Path]) -> None:
        """Take further files as inputs, of which an index or a folder tells."""
        for path in inputs:
            if (identity := _identity(path)) is not None:
                self._inputs.setdefault(identity, path)

    def check(self, path: Path) -> None:
        """Refuse a file that cannot be written, before any work is done for it.

        Raises:
            Refused: it is an input, a folder, or in no folder.
        """
        self.refuse_inputs([path])
        if path.is_dir():
            raise Refused(f"{path} is a folder; name a file to write")
        if not path.parent.is_dir():
            raise Refused(f"no folder {path.parent} to write {path.name} in; make it first")
        if not os.access(path.parent, os.W_OK):
            raise Refused(f"no permission to write in {path.parent}; choose another place")

    @contextmanager
    def guarding(self, ctx: click.Context) -> Iterator[None]:
        """Let `outputs()` find this guard while a command runs."""
        ctx.meta[_KEY] = self
        yield

    @contextmanager
    def file(self, path: Path) -> Iterator[Path]:
        """A name to write to, with the suffix of `path`; what is there at the end is moved to `path`.

        A symbolic link stays and its target is written. A device or a pipe is written directly.

        Raises:
            Refused: as `check`.
        """
        self.check(path)
        target = _real(path)
        if target.exists() and not target.is_file():
            yield target
            return
        partial = target.with_name(f".splitseem-{secrets.token_hex(6)}{target.suffix}")
        try:
            yield partial
            if target.exists():
                partial.chmod(target.stat().st_mode & 0o7777)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def write(self, path: Path, content: bytes) -> None:
        """Write a whole file in one step.

        Raises:
            Refused: as `check`, or the disk does not take it.
        """
        with self.file(path) as partial:
            try:
                partial.write_bytes(content)
            except OSError as error:
                error.filename = str(path)  # not the name that is gone in a moment
                raise

    def folder(self, path: Path) -> None:
        """Make a folder to write in, with those above it.

        Raises:
            Refused: it is a file, or may not be written in.
        """
        if path.exists() and not path.is_dir():
            raise Refused(f"{path} is a file; name a folder to write in")
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise Refused(f"no permission to write in {path}; choose another place")

    def refuse_inputs(self, paths: Iterable[Path]) -> None:
        """Raises: Refused: a path is one of the inputs, by whatever name, or two are one."""
        seen: set[Path] = set()
        for path in paths:
            source = self._inputs.get(_identity(path) or (-1, -1))
            if source is not None:
                also = "" if source == path else f", the same as {source}"
                raise Refused(f"{path} is an input{also}, and must not be written over; choose another name")
            if (real := _real(path)) in seen:
                raise Refused(f"two outputs are to be written to {path}; give each its own name")
            seen.add(real)


def outputs() -> Outputs:
    """The guard of the command that runs."""
    guard: Outputs = click.get_current_context().meta[_KEY]
    return guard


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a file, the same by whatever name; None where there is no regular file or folder.

    Devices and pipes have no content that could be lost.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if path.is_file() or path.is_dir() else None
