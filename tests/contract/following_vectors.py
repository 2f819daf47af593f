"""What the next frame is asked of a thing that is followed: this script writes proto/vectors/following.json.

Python is held to it in test_following_vectors.py, TypeScript in client/test/shared/prompt/following.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.propagation import following_prompts
from splitseem_proto import Prompt, encode_rle, to_plain

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "following.json"
SIZE_HW = (40, 60)


def masks() -> dict[str, NDArray[np.bool_]]:
    """By what is tried."""
    rows, columns = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    disk = (rows - 20) ** 2 + (columns - 31) ** 2 < 100
    noise = np.random.default_rng(5).random(SIZE_HW) < 0.7
    ring = disk & ((rows - 20) ** 2 + (columns - 31) ** 2 > 25)
    drawn = {
        "nothing": np.zeros(SIZE_HW, np.bool_),
        "all": np.ones(SIZE_HW, np.bool_),
        "a pixel at the last corner": (rows == 39) & (columns == 59),
        "a disk": disk,
        "a ring": ring,
        "two squares of one size": (rows // 10 == 1) & ((columns // 10 == 1) | (columns // 10 == 4)),
        "a row": rows == 0,
        "a column": columns == 30,
        "a wedge": columns > rows + 3,
        "noise": noise,
        "noise in a disk": disk & noise,
        "at the border": (rows < 12) & (columns < 30),
    }
    return drawn | {"a single pixel image": np.ones((1, 1), np.bool_)}


def vectors() -> dict[str, Any]:
    """One entry a case; no prompts where there is nothing to follow."""
    return {"cases": [_case(name, mask) for name, mask in masks().items()]}


def _case(name: str, mask: NDArray[np.bool_]) -> dict[str, Any]:
    rle = encode_rle(mask)
    prompts = following_prompts(mask)
    items = () if prompts is None else tuple(item for step in prompts for item in step)
    plain = to_plain(Prompt(items))["items"] if items else None
    return {"name": name, "mask": {"size": list(rle.size), "counts": list(rle.counts)}, "prompts": plain}


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), separators=(",", ":")) + "\n", encoding="utf-8")
