"""The page knows every type of problem document; a new one needs a row in client/src/shared/failures.ts."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_problem_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("problem_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))
    assert stored["problems"] == script.vectors()
