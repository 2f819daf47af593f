"""The table of versions says those that the code has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from splitseem_proto.messages import PROJECT_FORMAT, PROTOCOL_VERSION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
MANIFEST = json.loads((ROOT / "build" / "decoder" / "nano" / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("protocol of messages", PROTOCOL_VERSION),
        ("manifest of the graphs", MANIFEST["format"]),
        ("project file", PROJECT_FORMAT),
    ],
)
def test_the_table_says_the_version_of_each_part(name: str, version: int) -> None:
    row = re.search(rf"^\| {name} \| (\d+) \|", PAGE, re.MULTILINE)
    assert row is not None
    assert int(row[1]) == version
