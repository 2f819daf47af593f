"""The vectors of proposals are what this version makes of answers."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_proposal_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("proposal_vectors")
    document = json.loads(script.VECTORS.read_text(encoding="utf-8"))
    assert script.SETTINGS == document["settings"]
    stored = document["cases"]
    for ours, theirs in zip(script.vectors(), stored, strict=True):
        assert [answer["logits"] for answer in ours["answers"]] == [
            answer["logits"] for answer in theirs["answers"]
        ]
        assert ours["kept"] == theirs["kept"]
        assert ours["side_by_side"] == theirs["side_by_side"]
        assert len(ours["side_by_side"]) < len(ours["kept"])
        assert ours["likelihoods"] == pytest.approx(theirs["likelihoods"], abs=1e-5)
        for click, stored_click in zip(ours["grid"], theirs["grid"], strict=True):
            assert click == pytest.approx(stored_click, abs=1e-5)
