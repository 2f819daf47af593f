"""Masks before and after they are snapped to a photo: this script writes proto/vectors/snapping.json.

Python is held to it in test_snapping_vectors.py, TypeScript in client/test/worker/snapping.test.ts.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_model.mask.photo.pyramid import PhotoPyramid
from splitseem_model.mask.photo.snapping import coarsest_level, snap
from splitseem_proto import ImageGeometry, encode_rle

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "snapping.json"


def whole(height: int, width: int, scale: float) -> ImageGeometry:
    """Of an image whose input is smaller by a factor."""
    input_hw = (max(1, round(height / scale)), max(1, round(width / scale)))
    return ImageGeometry((height, width), (0, 0, width, height), input_hw, input_hw)


PART = ImageGeometry((60, 70), (10, 8, 48, 40), (20, 24), (32, 32))

CASES: dict[str, tuple[ImageGeometry, int, list[list[int]], tuple[int, int, int]]] = {
    "an input as large as the photo": (whole(33, 45, 1), 0, [[20, 16, 1]], (2, 25, 100)),
    "a photo twice as wide": (whole(40, 56, 2), 0, [[28, 20, 1], [2, 2, 0]], (5, 10, 100)),
    "a photo six times as wide, of odd size": (whole(61, 83, 6), 0, [[40, 30, 1], [80, 58, 0]], (7, 20, 100)),
    "clicks beside the edge": (whole(40, 56, 2), 0, [[12, 20, 1], [45, 20, 0], [45, 20, 1]], (5, 40, 100)),
    "no edge but noise": (whole(40, 56, 4), 0, [], (4, 120, 0)),
    "a plain photo": (whole(40, 56, 4), 0, [[28, 20, 1]], (4, 0, 0)),
    "a region of the photo": (PART, 0, [[30, 28, 1]], (5, 15, 100)),
    "from the half of a large photo": (whole(61, 83, 6), 1, [[40, 30, 1]], (7, 20, 100)),
    "smaller than a block": (whole(3, 2, 1), 0, [[0, 0, 1]], (1, 30, 100)),
    "a tiny photo, enlarged for the input": (whole(8, 8, 1 / 48), 0, [[4, 4, 1]], (1, 0, 100)),
}
"""Geometry, the finest level, held pixels, and how it looks: by how much the mask is moved, the noise of
the photo, and how much its colours differ, in per cent."""


def vectors() -> list[dict[str, Any]]:
    """Every case on a photo of an ellipse, whose mask lies beside it."""
    entries = []
    for seed, (name, (geometry, finest, held, look)) in enumerate(CASES.items()):
        photo, rough = example(geometry.original_hw, seed, *look)
        pyramid = PhotoPyramid(photo)
        pyramid.finest = finest
        snapped = snap(rough, pyramid, geometry, np.array(held, np.int64).reshape(-1, 3))
        entries.append(
            {
                "name": name,
                "geometry": {key: list(value) for key, value in vars(geometry).items()},
                "finest": finest,
                "coarsest": coarsest_level(geometry),
                "held": held,
                "photo": base64.b64encode(photo.tobytes()).decode(),
                "mask": encode_rle(rough).counts,
                "snapped": encode_rle(snapped).counts,
            }
        )
    return entries


def example(
    size_hw: tuple[int, int], seed: int, moved: int, noise: int, contrast: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A photo of a bright ellipse, noisy, and its mask moved sideways."""
    height, width = size_hw
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    inside = np.hypot(y, x) < 0.6
    noisy = np.random.default_rng(seed).integers(-noise, noise + 1, (height, width, 3))
    difference = np.where(inside[..., None], [130, 10, -60], 0) * contrast // 100
    photo = np.array([60, 110, 120]) + difference + noisy
    return np.clip(photo, 0, 255).astype(np.uint8), np.roll(inside, moved, 1)


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")
