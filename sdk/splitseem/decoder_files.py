"""The files of an exported decoder: which a manifest names, and a folder that keeps them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from splitseem.errors import BadAnswer

FORMAT = 1
PRECISIONS = ("float32", "float16", "int8")
"""Of weights, the most exact first."""
CLICK_GRAPHS = ("prepare", "step")
REFINER_GRAPHS = ("look", "refine")
TEXT_GRAPHS = ("general_prepare", "general_step")


@dataclass(frozen=True)
class DecoderFile:
    """A file that a manifest names, and the SHA-256 of its content, hexadecimal."""

    name: str
    sha256: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """Of an entry of a manifest."""
        file = cls(str(entry["file"]), str(entry["sha256"]))
        if Path(file.name).name != file.name:
            raise ValueError(f"it names {file.name!r}, which is no plain file name")
        return file

    def holds(self, content: bytes) -> bool:
        """Whether this is its content."""
        return hashlib.sha256(content).hexdigest() == self.sha256


def graph_file(manifest: Mapping[str, Any], graph: str) -> DecoderFile:
    """The file of a graph, in the most exact precision that was exported."""
    entry = manifest["graphs"][graph]
    stored = {entry["precision"]: entry, **entry.get("variants", {})}
    known = [precision for precision in PRECISIONS if precision in stored]
    return DecoderFile.of(stored[known[0]] if known else entry)


def graphs_of(manifest: Mapping[str, Any], graphs: tuple[str, ...]) -> dict[str, DecoderFile]:
    """The files of those of some graphs that there are."""
    return {name: graph_file(manifest, name) for name in graphs if name in manifest["graphs"]}


def checked(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """A manifest that this version reads.

    Raises:
        BadAnswer: it is of another.
    """
    if manifest.get("format") != FORMAT:
        raise BadAnswer(
            f"the server's decoder has format {manifest.get('format')!r}, this client reads {FORMAT}:"
            " bring both to one version"
        )
    return manifest


class FileCache:
    """Files by their digests, on disk. Where the folder cannot be written, files are fetched each time."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None: `splitseem/decoder` in the user's cache folder (`XDG_CACHE_HOME`, else
        `~/.cache`)."""
        self._folder = folder

    def read(self, file: DecoderFile) -> bytes | None:
        """None where it is not there, or damaged."""
        try:
            content = self._path(file).read_bytes()
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            return None
        return content if file.holds(content) else None

    def write(self, file: DecoderFile, content: bytes) -> None:
        """Written beside its place and moved there, so that a run that is cut leaves no half of one."""
        with contextlib.suppress(OSError, RuntimeError):
            path = self._path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            partial.write_bytes(content)
            partial.replace(path)

    def _path(self, file: DecoderFile) -> Path:
        return (self._folder or cache_folder()) / f"{file.sha256}-{file.name}"


def cache_folder() -> Path:
    """Where decoders are kept unless asked otherwise."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "splitseem" / "decoder"
