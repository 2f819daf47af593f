"""The animation of the README is put together from screenshots: `scripts/animate.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1_500_000


def test_every_click_moves_the_pointer_and_changes_the_page(tmp_path: Path) -> None:
    frames = []
    for index, (colour, button) in enumerate([("white", "none"), ("navy", "left"), ("olive", "right")]):
        Image.new("RGB", (240, 160), colour).save(tmp_path / f"{index}.png")
        frames.append({"file": f"{index}.png", "pointer": [40 + 60 * index, 80], "button": button})
    (tmp_path / "frames.json").write_text(json.dumps(frames))
    out = tmp_path / "clicks.webp"
    script = ROOT / "scripts" / "animate.py"
    subprocess.run([sys.executable, script, tmp_path, out], check=True, capture_output=True)
    with Image.open(out) as made:
        pictures = []
        for number in range(getattr(made, "n_frames", 1)):
            made.seek(number)
            pictures.append(np.asarray(made.convert("RGB")).astype(int))
    assert len(pictures) > 2 * 3
    first, middle, last = (pictures[at][2, 2] for at in (0, len(pictures) // 2, -1))
    assert min(np.abs(first - middle).max(), np.abs(middle - last).max(), np.abs(first - last).max()) > 60
    # The pointer is black, on a page that is white until the first click.
    assert pictures[0][90, 42].max() < 90
    assert pictures[0][90, 222].min() > 200


def test_the_animation_loads_quickly() -> None:
    with Image.open(ROOT / "docs" / "clicks.webp") as clicks:
        assert getattr(clicks, "n_frames", 1) > 20
    assert (ROOT / "docs" / "clicks.webp").stat().st_size < MOST_BYTES
