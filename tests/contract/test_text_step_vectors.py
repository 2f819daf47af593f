"""The vectors of text steps are what this version makes of texts."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


def test_text_step_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("text_step_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))
    current = json.loads(json.dumps(script.vectors()))
    scores = [case.pop("score") for case in stored["selections"]]
    assert [case.pop("score") for case in current["selections"]] == pytest.approx(scores, abs=1e-3)
    assert stored == current
