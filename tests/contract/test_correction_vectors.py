"""The correction vectors are what this version computes."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

_SPEC = importlib.util.spec_from_file_location(
    "correction_vectors", Path(__file__).parent / "correction_vectors.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
correction_vectors = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(correction_vectors)


@pytest.mark.unit
def test_correction_vectors_are_current() -> None:
    stored = json.loads(correction_vectors.VECTORS.read_text(encoding="utf-8"))["cases"]
    computed = json.loads(json.dumps(correction_vectors.vectors()))
    assert [case["name"] for case in stored] == [case["name"] for case in computed]
    for old, new in zip(stored, computed, strict=True):
        np.testing.assert_allclose(old.pop("corrected"), new.pop("corrected"), atol=2e-4)
        assert old == new
