"""The vectors of meanings are what this version makes of masks."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_meaning_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("meaning_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    current = script.vectors()
    assert [case["mask"] for case in current] == [case["mask"] for case in stored]
    for ours, theirs in zip(current, stored, strict=True):
        assert ours["map"]["size_hw"] == theirs["map"]["size_hw"]
        for part in ("to_sentence", "meaning", "sentence"):
            assert ours[part] == pytest.approx(theirs[part], abs=2e-5)
