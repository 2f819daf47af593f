"""Files of a destination, local or in a store: under their name they are whole."""

from __future__ import annotations

import secrets

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "oss"}
"""Of fsspec's protocols those whose objects appear when all of them has come."""


class NoDestination(Exception):
    """Nothing can be written there; the message is for the user."""


def check_writable(destination: str) -> None:
    """Write an empty file into a folder, local or any that fsspec knows, and take it away.

    Raises:
        NoDestination: that fails.
    """
    try:
        files, root = url_to_fs(destination)
        path = f"{root.rstrip('/')}/{secrets.token_hex(8)}.unfinished"
        write_whole(files, path, b"")
        files.rm(path)
    except Exception as error:  # file systems of others raise what they like
        raise NoDestination(f"{destination}: {type(error).__name__}: {error}") from error


def write_whole(files: AbstractFileSystem, path: str, data: bytes) -> None:
    """Write a file at once or not at all: a node may end at any time.

    Raises:
        whatever the file system raises.
    """
    if not STORES.isdisjoint(_protocols(files)):
        files.pipe_file(path, data)
        return
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    # What does not end as others do is not read.
    with files.open(f"{path}.unfinished", "wb") as file:
        file.write(data)
    files.mv(f"{path}.unfinished", path)


def _protocols(files: AbstractFileSystem) -> tuple[str, ...]:
    named = files.protocol
    return (named,) if isinstance(named, str) else tuple(named)
