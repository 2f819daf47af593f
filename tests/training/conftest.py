"""Photos that training tests learn from."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from splitseem_proto import encode_rle

SCENE_SET = "food_plates"
"""A set all of whose objects are annotated."""


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 photos of one coloured square or disk on noise."""
    folder = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    lines = []
    for number in range(40):
        pixels = rng.integers(0, 90, (64, 80, 3), dtype=np.uint8)
        rows, columns = np.mgrid[:64, :80]
        y, x = rng.integers(20, 44), rng.integers(20, 60)
        round_ = number % 2 == 0
        mask = (
            (rows - y) ** 2 + (columns - x) ** 2 < 144
            if round_
            else (abs(rows - y) < 10) & (abs(columns - x) < 10)
        )
        pixels[mask] = (230, 180, 40) if round_ else (60, 90, 240)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        entry = {"label": "disk" if round_ else "square", "rle": list(encode_rle(mask).counts)}
        lines.append(
            json.dumps(
                {
                    "image": f"{number}.png",
                    "dataset": SCENE_SET,
                    "size_hw": [64, 80],
                    "objects": [entry],
                    "captions": [f"a {entry['label']} on noise"],
                }
            )
        )
    with gzip.open(folder / "shapes.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return folder
