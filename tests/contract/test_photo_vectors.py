"""The vectors of the refinement by the photo are what this version computes."""

import json
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.unit
def test_photo_vectors_are_current(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("photo_vectors")
    stored = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    computed = json.loads(json.dumps(script.vectors()))
    assert [case["name"] for case in stored] == [case["name"] for case in computed]
    for old, new in zip(stored, computed, strict=True):
        np.testing.assert_allclose(old.pop("fine_logits"), new.pop("fine_logits"), atol=2e-4)
        assert old == new
