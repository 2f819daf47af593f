"""The pictures of the page in the docs: small, and one of each that `client/scripts/screens.js` takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "screens.py"
MOST_BYTES = 60_000


def test_every_screen_is_there_and_small() -> None:
    taken = (ROOT / "client" / "scripts" / "screens.js").read_text(encoding="utf-8")
    names = re.findall(r"^  '?([a-z-]+)'?: async \(page\)", taken, re.MULTILINE)
    assert len(names) > 10
    pictures = {path.stem: path.stat().st_size for path in (ROOT / "docs" / "screens").iterdir()}
    assert sorted(pictures) == sorted(names)
    assert max(pictures.values()) < MOST_BYTES


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder), str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_pictures_are_made_small_and_larger_ones_refused(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "navy").save(tmp_path / "plain.png")
    assert run(tmp_path).returncode == 0
    with Image.open(tmp_path / "out" / "plain.webp") as made:
        assert (made.size, made.format) == ((64, 48), "WEBP")
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    assert "noise.webp has" in run(tmp_path).stderr
