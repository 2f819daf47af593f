"""What several tests use: the scripts that write vectors, and the orders that ARCHITECTURE.md shows."""

import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import pytest


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
