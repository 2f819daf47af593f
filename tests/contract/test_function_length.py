"""No function takes more than a screen; ESLint holds the page to the same."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("sdk", "proto", "server", "cli", "decoder_export", "evaluation", "training", "benchmarks", "tests")
MOST_LINES = 50

pytestmark = pytest.mark.unit


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES:
                yield f"{path.relative_to(ROOT)} {node.name}"


@pytest.mark.parametrize("folder", CODE)
def test_no_function_is_longer_than_a_screen(folder: str) -> None:
    long = {name for path in (ROOT / folder).rglob("*.py") for name in long_functions(path)}
    assert not long, f"over {MOST_LINES} lines: {sorted(long)}"
