"""The exported decoder on disk: its manifest and the files that the manifest names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitseem_server.errors import DecoderFilesError

_HINT = "`make setup` exports it again"


@dataclass(frozen=True)
class DecoderFile:
    """One file that the manifest names."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class DecoderFiles:
    """What a browser needs to decode.

    Args:
        manifest: bytes of `manifest.json`.
        fingerprint: of the model that the decoder belongs to.
        files: by name, as in the manifest.
    """

    manifest: bytes
    fingerprint: str
    files: Mapping[str, DecoderFile]


def load_decoder_files(folder: Path) -> DecoderFiles:
    """Read the manifest in a folder and check every file that it names.

    Raises:
        DecoderFilesError: something is missing or differs from the manifest.
    """
    try:
        content = (folder / "manifest.json").read_bytes()
    except OSError as error:
        raise DecoderFilesError(f"no exported decoder in {folder}: {error.strerror}; {_HINT}") from error
    try:
        manifest = json.loads(content)
        entries = list(_entries(manifest))
        files = {name: _checked(folder, name, sha256) for name, sha256 in entries}
        return DecoderFiles(content, str(manifest["fingerprint"]), files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DecoderFilesError(f"{folder}/manifest.json cannot be read: {error!r}; {_HINT}") from error


def check_fingerprint(decoder: DecoderFiles, fingerprint: str) -> None:
    """Refuse a decoder that was exported from another model than the encoder's.

    Raises:
        DecoderFilesError: the fingerprints differ.
    """
    if decoder.fingerprint != fingerprint:
        raise DecoderFilesError(
            f"the decoder was exported from model {decoder.fingerprint}, the encoder is {fingerprint};"
            f" {_HINT}"
        )


def _entries(manifest: Any) -> Iterator[tuple[str, str]]:
    whole = manifest["graphs"].values()
    graphs = [*whole, *(piece for graph in whole for piece in graph.get("pieces", ()))]
    variants = (variant for graph in graphs for variant in graph.get("variants", {}).values())
    for entry in (*graphs, *variants, manifest.get("vocabulary")):
        if entry is not None:
            yield entry["file"], entry["sha256"]


def _checked(folder: Path, name: str, sha256: str) -> DecoderFile:
    if Path(name).name != name:
        raise DecoderFilesError(f"{folder}/manifest.json names {name!r}, which is no plain file name")
    path = folder / name
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DecoderFilesError(
            f"{path}, named by the manifest, is missing: {error.strerror}; {_HINT}"
        ) from error
    if found != sha256:
        raise DecoderFilesError(f"{path} has the digest {found}, the manifest says {sha256}; {_HINT}")
    return DecoderFile(path, sha256)
