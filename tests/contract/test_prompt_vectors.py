"""The prompt vectors are what this version makes of the prompts."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.unit
def test_prompt_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("prompt_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))
    assert stored["cases"] == json.loads(json.dumps(script.vectors()))
