"""The vectors of marks are read by this version as they say, and cover what the photos of the tests do."""

import base64
import json
from collections.abc import Callable
from types import ModuleType

import pytest

from splitseem_server.images.marks import read_marks

pytestmark = pytest.mark.unit


def test_stored_marks_are_read_as_they_say(load_script: Callable[[str], ModuleType]) -> None:
    script = load_script("image_mark_vectors")
    cases = json.loads(script.VECTORS.read_text(encoding="utf-8"))["cases"]
    read = {case["name"]: read_marks(base64.b64decode(case["file"])).orientation for case in cases}
    assert read == {case["name"]: case["orientation"] for case in cases}
    # Names only: encoders of other versions write other bytes.
    assert list(read) == [case["name"] for case in script.vectors()]
