"""The vectors of finding are what this version makes of words."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_finding_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("finding_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    for ours, theirs in zip(script.vectors(), stored, strict=True):
        assert len(ours["clicks"]) > 1
        for click, stored_click in zip(ours["clicks"], theirs["clicks"], strict=True):
            assert click == pytest.approx(stored_click, abs=1e-3)
        assert ours["alike"] == theirs["alike"]
        for part in ("to_sentence", "vector", "heat", "logits", "scores", "fits", "cover"):
            assert ours[part] == pytest.approx(theirs[part], abs=2e-5)
