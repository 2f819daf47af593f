"""Reading a golden set: manifest and arrays."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


class GoldenSetError(Exception):
    """A folder is not a golden set, or one of its files is missing or unreadable."""


class BrokenDown(Exception):
    """Our code could not run a case."""


class NotSupported(Exception):
    """A case asks for something that this version, or the runtime asked for, does not have."""


@dataclass(frozen=True)
class GoldenSet:
    """A folder with `manifest.json` and one `.npz` file a case.

    Raises, on first use of a part: GoldenSetError.
    """

    folder: Path
    _loaded: dict[str, Arrays] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The whole manifest."""
        path = self.folder / "manifest.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise GoldenSetError(f"{path} is not a readable manifest: {error}") from error
        if not isinstance(manifest, dict) or not isinstance(manifest.get("cases"), dict):
            raise GoldenSetError(f"{path} names no cases")
        return manifest

    @property
    def seed_offset(self) -> int:
        """`weight_seed_offset` of the weight rule."""
        return int(self.manifest.get("weight_seed_offset", 0))

    def case_names(self) -> list[str]:
        """Names of all cases: the decoder cases of the manifest, then the other files."""
        decoder_cases = list(self.manifest["cases"])
        listed = [name.removesuffix(".npz") for name in self.manifest.get("sha256", {})]
        found = [path.stem for path in self.folder.glob("*.npz")]
        return decoder_cases + sorted({*listed, *found} - set(decoder_cases))

    def decoder_case(self, name: str) -> dict[str, Any]:
        """What the manifest says of a decoder case."""
        entry: dict[str, Any] = self.manifest["cases"][name]
        return entry

    def arrays(self, name: str) -> Arrays:
        """All arrays of `<name>.npz`; read once."""
        if name not in self._loaded:
            self._loaded[name] = self._read(self.folder / f"{name}.npz")
        return self._loaded[name]

    def _read(self, path: Path) -> Arrays:
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                return dict(file)
        except (OSError, ValueError, BadZipFile) as error:
            raise GoldenSetError(f"{path.name} is missing or unreadable: {error}") from error
