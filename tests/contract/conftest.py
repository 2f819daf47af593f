"""What several tests use: scripts that write vectors, the orders of ARCHITECTURE.md, exports of the page."""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

CLIENT = Path(__file__).resolve().parents[2] / "client"


@pytest.fixture
def load_script() -> Callable[[str], ModuleType]:
    """Load a script of this folder by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def architecture_shows() -> Callable[[Iterable[str]], bool]:
    """Whether a code block of ARCHITECTURE.md has some names in this order."""
    page = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^ {4}.*\n)+", page, re.MULTILINE)

    def shows(names: Iterable[str]) -> bool:
        expected = list(names)
        return any(_has_in_order(re.findall(r"\w+", block), expected) for block in blocks)

    return shows


def _has_in_order(words: list[str], names: list[str]) -> bool:
    rest = iter(words)
    return all(name in rest for name in names)


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the page's own code has written, see `client/test/exports/hostileSession.ts`."""
    node = shutil.which("node")
    assert node is not None, "node is not installed: run `make setup`"
    target = tmp_path_factory.mktemp("exports")
    subprocess.run([node, "scripts/writeExports.js", str(target)], cwd=CLIENT, check=True, timeout=240)
    return target


@pytest.fixture(scope="package")
def photos(folder: Path) -> list[dict[str, Any]]:
    """Photos as the page has them, with the mask of every object."""
    photos: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text("utf-8"))["photos"]
    for photo in photos:
        for item in photo["objects"]:
            item["mask"] = from_runs(item["counts"], photo["size_hw"])
    return photos


def from_runs(counts: list[int], size_hw: list[int]) -> NDArray[np.bool_]:
    height, width = size_hw
    values = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return values.reshape(width, height).T
