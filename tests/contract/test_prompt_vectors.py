"""The prompt vectors are what this version makes of the prompts."""

import importlib.util
import json
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("prompt_vectors", Path(__file__).parent / "prompt_vectors.py")
assert _SPEC is not None
assert _SPEC.loader is not None
prompt_vectors = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(prompt_vectors)


@pytest.mark.unit
def test_prompt_vectors_are_current() -> None:
    stored = json.loads(prompt_vectors.VECTORS.read_text(encoding="utf-8"))
    assert stored["cases"] == json.loads(json.dumps(prompt_vectors.vectors()))
