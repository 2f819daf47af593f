"""What was made of which image: a folder of Parquet files beside the embeddings, to which each run adds."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow
import pyarrow.dataset
import pyarrow.parquet
from fsspec.core import url_to_fs

from splitseem_ray.files import write_whole

FOLDER = "index"
SCHEMA = pyarrow.schema(
    [
        ("image", pyarrow.string()),
        ("file", pyarrow.string()),
        ("key", pyarrow.string()),
        ("height", pyarrow.int32()),
        ("width", pyarrow.int32()),
        ("bytes", pyarrow.int64()),
        ("made", pyarrow.string()),
        ("error", pyarrow.string()),
    ]
)
"""`image` is the address, `file` the embedding below the destination, `key` the one that a server would give
it, height and width are those of the upright image, `made` says by what, `error` why there is none."""


@dataclass(frozen=True)
class Making:
    """By what embeddings are made: others are not those that a run looks for."""

    fingerprint: str
    codec: str
    maps: str
    canvas: int

    def __str__(self) -> str:
        return f"{self.fingerprint} {self.codec} {self.maps} {self.canvas}"


class Index:
    """The index of a destination.

    Args:
        destination: a folder, local or any that fsspec knows.
    """

    def __init__(self, destination: str) -> None:
        self._files, root = url_to_fs(destination)
        self._folder = f"{root.rstrip('/')}/{FOLDER}"

    def done(self, making: Making) -> set[str]:
        """The images that have an embedding of this kind."""
        files = self._files.glob(f"{self._folder}/*.parquet")
        if not files:
            return set()
        parts = pyarrow.dataset.dataset(files, SCHEMA, filesystem=self._files, format="parquet")
        field = pyarrow.dataset.field
        wanted = (field("made") == str(making)) & field("error").is_null()
        return set(parts.to_table(columns=["image"], filter=wanted).column("image").to_pylist())

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows into a part of their own, at once or not at all."""
        if not rows:
            return
        table = pyarrow.Table.from_pylist(list(_plain(rows)), schema=SCHEMA)
        part = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(table, part)
        path = f"{self._folder}/{secrets.token_hex(8)}.parquet"
        write_whole(self._files, path, part.getvalue().to_pybytes())


def _plain(rows: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Rows as Python has them: Ray gives NumPy's numbers."""
    for row in rows:
        yield {name: value.item() if hasattr(value, "item") else value for name, value in row.items()}
