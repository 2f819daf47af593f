"""The package is light, and its page says what its code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import splitseem_proto
from splitseem_proto import errors, limits

README = (Path(splitseem_proto.__file__).parents[1] / "README.md").read_text()


def test_import_loads_neither_pydantic_nor_torch() -> None:
    script = (
        "import sys, splitseem_proto;"
        "print([name for name in ('pydantic', 'torch', 'fastapi', 'redis') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.unit
def test_page_lists_exactly_the_limits_of_the_code() -> None:
    listed = {name: int(value) for name, value in re.findall(r"^\| `(MAX_\w+)` \| (\d+) \|", README, re.M)}
    assert listed == limits.ALL


@pytest.mark.unit
def test_page_lists_exactly_the_refusals_of_the_code() -> None:
    section = README.split("## What a reader must refuse")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.M))
    assert listed == {refusal.kind for refusal in errors.CodecError.__subclasses__()}


@pytest.mark.unit
def test_docstring_draws_every_error() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or "")) | {"ProtoError"}
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert drawn == classes
