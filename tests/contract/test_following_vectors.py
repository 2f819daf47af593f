"""The vectors of what the next frame is asked are what this version makes."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_following_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("following_vectors")
    assert json.loads(json.dumps(script.vectors())) == json.loads(script.VECTORS.read_text(encoding="utf-8"))
