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

KEYS_FOLDER = "keys"
"""Where a set keeps its lists of parameters: JSON, name -> [shape, dtype]."""


class GoldenSetError(Exception):
    """A folder is not a golden set, or one of its files is missing or unreadable."""


class BrokenDown(Exception):
    """Our code could not run a case."""


class NotSupported(Exception):
    """A case asks for something that this version, or the runtime asked for, does not have."""


@dataclass(frozen=True)
class GoldenSet:
    """A folder with `manifest.json`, one `.npz` file a case and one list of parameters a model.

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
            raise GoldenSetError(f"{path} is not a readable manifest: {_reason(error)}") from error
        if not isinstance(manifest, dict) or not isinstance(manifest.get("cases"), dict):
            raise GoldenSetError(f"{path} names no cases")
        return manifest

    @property
    def seed_offset(self) -> int:
        """`weight_seed_offset` of the weight rule."""
        return int(self.manifest.get("weight_seed_offset", 0))

    def case_names(self) -> list[str]:
        """Names of all cases: the decoder cases of the manifest, then the other files, then the lists."""
        decoder_cases = list(self.manifest["cases"])
        listed = [name.removesuffix(".npz") for name in self.manifest.get("sha256", {})]
        found = [path.stem for path in self.folder.glob("*.npz")]
        lists = [f"{KEYS_FOLDER}/{path.stem}" for path in self.folder.glob(f"{KEYS_FOLDER}/*.json")]
        return decoder_cases + sorted({*listed, *found} - set(decoder_cases)) + sorted(lists)

    def decoder_case(self, name: str) -> dict[str, Any]:
        """What the manifest says of a decoder case."""
        entry: dict[str, Any] = self.manifest["cases"][name]
        return entry

    def arrays(self, name: str) -> Arrays:
        """All arrays of `<name>.npz`, or the shapes of a list of parameters by their names; read once."""
        if name not in self._loaded:
            is_list = name.startswith(f"{KEYS_FOLDER}/")
            read, suffix = (self._read_shapes, "json") if is_list else (self._read, "npz")
            self._loaded[name] = read(self.folder / f"{name}.{suffix}")
        return self._loaded[name]

    def _read_shapes(self, path: Path) -> Arrays:
        try:
            listed = json.loads(path.read_text())
            return {key: np.array(shape, dtype=np.int64) for key, (shape, _) in listed.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise GoldenSetError(f"{path} is not a readable list of parameters: {_reason(error)}") from error

    def _read(self, path: Path) -> Arrays:
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                return dict(file)
        except (OSError, ValueError, BadZipFile) as error:
            raise GoldenSetError(f"{path.name} is missing or unreadable: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What an error says to a user, without its number."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
