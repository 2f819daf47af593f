"""The vectors of the refiner's scale are what this version makes of the maps."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


def flat(case: dict[str, Any]) -> list[float]:
    maps = [*case["maps"], *case["seen"], case["change"], case["logits"]]
    return [value for one in maps for value in one["data"]]


@pytest.mark.unit
def test_refiner_scale_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("refiner_scale_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    current = script.vectors()
    assert [case["factor"] for case in current] == [case["factor"] for case in stored] == [1, 1, 2, 4, 4, 8]
    for ours, theirs in zip(current, stored, strict=True):
        assert [x["size_hw"] for x in ours["seen"]] == [x["size_hw"] for x in theirs["seen"]]
        assert flat(ours) == pytest.approx(flat(theirs), abs=2e-5)
