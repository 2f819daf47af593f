"""The vectors of repairs are what this version computes, to the last bit."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_repair_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("repair_vectors")
    assert json.loads(script.VECTORS.read_text(encoding="utf-8")) == json.loads(script.written())
