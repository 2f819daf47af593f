"""The vectors of snapped masks are what this version computes."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_snapping_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("snapping_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    assert stored == json.loads(json.dumps(script.vectors()))
    assert all(case["mask"] != case["snapped"] for case in stored if case["name"] != "smaller than a block")
