"""A folder or a list -> the addresses of images, and an address -> bytes; whatever fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
from fsspec.core import url_to_fs

IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
LISTS = (".txt", ".csv", ".parquet")
COLUMN = "image"
"""Of a table that lists images."""


class NoSource(Exception):
    """The folder or list is not there, or holds no image; the message is for the user."""


def addresses(source: str) -> list[str]:
    """The images of a folder, by their endings and with all folders in it, or those that a list names.

    Args:
        source: a folder, or a file that names images: one a line (`.txt`), or in the column `image` (`.csv`,
            `.parquet`). Local, or an address that fsspec knows, such as `s3://bucket/photos`.
    Returns:
        addresses that `read` takes, each once, in a fixed order.
    Raises:
        NoSource: there is none.
    """
    try:
        found = list(_listed(source) if source.lower().endswith(LISTS) else _in_folder(source))
    except Exception as error:  # file systems of others raise what they like
        raise NoSource(f"{source}: {error}") from error
    if not found:
        raise NoSource(f"{source} names no image; images end with {', '.join(IMAGES)}")
    return list(dict.fromkeys(found))


def read(address: str) -> bytes:
    """The content of an image file.

    Raises:
        whatever the file system of the address raises.
    """
    with fsspec.open(address, "rb") as file:
        return bytes(file.read())


def _in_folder(source: str) -> Iterator[str]:
    files, root = url_to_fs(source)
    for path in sorted(files.find(root)):
        if path.lower().endswith(IMAGES):
            yield files.unstrip_protocol(path) if "://" in source else path


def _listed(source: str) -> Iterator[str]:
    if source.lower().endswith(".txt"):
        lines = read(source).decode("utf-8").splitlines()
        yield from (line.strip() for line in lines if line.strip() and not line.startswith("#"))
        return
    # Only here: reading tables takes long to import.
    import pyarrow.csv
    import pyarrow.parquet

    of_kind = pyarrow.parquet.read_table if source.lower().endswith(".parquet") else pyarrow.csv.read_csv
    with fsspec.open(source, "rb") as file:
        table = of_kind(file)
    if COLUMN not in table.column_names:
        raise ValueError(f"there is no column {COLUMN!r}; there are {', '.join(table.column_names)}")
    yield from table.column(COLUMN).to_pylist()
