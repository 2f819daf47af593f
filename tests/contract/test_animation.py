"""The animations of the README and the guide are put together from screenshots: `scripts/animate.py`."""

from __future__ import annotations

import json
import runpy
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
    (tmp_path / "clicks").mkdir()
    for index, (colour, press) in enumerate([("white", "none"), ("navy", "left"), ("olive", "right")]):
        Image.new("RGB", (240, 160), colour).save(tmp_path / "clicks" / f"{index}.png")
        frames.append({"file": f"{index}.png", "pointer": [40 + 60 * index, 80], "press": press, "key": ""})
    (tmp_path / "clicks" / "frames.json").write_text(json.dumps(frames))
    script = ROOT / "scripts" / "animate.py"
    subprocess.run([sys.executable, script, tmp_path, tmp_path / "out"], check=True, capture_output=True)
    with Image.open(tmp_path / "out" / "clicks.webp") as made:
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


def test_a_key_is_named_and_a_stroke_is_followed(tmp_path: Path) -> None:
    for index, colour in enumerate(["white", "silver", "gray"]):
        Image.new("RGB", (600, 400), colour).save(tmp_path / f"{index}.png")
    frames = [
        {"file": "0.png", "pointer": (60, 60), "press": "none", "key": ""},
        {"file": "1.png", "pointer": (90, 60), "press": "held", "key": ""},
        {"file": "2.png", "pointer": (90, 60), "press": "key", "key": "Ctrl+Enter"},
    ]
    made = runpy.run_path(str(ROOT / "scripts" / "animate.py"))["animated"](frames, tmp_path)
    start, stroke, before, after = (np.asarray(picture).astype(int) for picture, _ in made)
    assert [picture[2, 2, 0] for picture in (start, stroke, before, after)] == [255, 192, 192, 128]
    cap = np.s_[270:310, 200:400]
    assert [start[cap].min(), stroke[cap].min()] == [255, 192]
    assert max(before[cap].min(), after[cap].min()) < 60


@pytest.mark.parametrize("name", ["clicks", "boxes", "words", "paint", "photos"])
def test_the_animations_load_quickly(name: str) -> None:
    with Image.open(ROOT / "docs" / "animations" / f"{name}.webp") as made:
        assert getattr(made, "n_frames", 1) > 10
    assert (ROOT / "docs" / "animations" / f"{name}.webp").stat().st_size < MOST_BYTES
