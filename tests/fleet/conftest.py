"""`make ray` runs these in an environment of their own."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# In the main environment there is no Ray.
collect_ignore_glob = [] if find_spec("ray") else ["test_*"]

os.environ.update(RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0", RAY_DEDUP_LOGS="0", OMP_NUM_THREADS="1")
# Ray lowers the priority of its workers; on a machine with other work they would not come to theirs.
os.environ["RAY_worker_niceness"] = "0"


def photo(seed: int) -> bytes:
    """A small PNG, each of other pixels."""
    random = np.random.default_rng(seed)
    size_hw = random.integers(20, 60, 2)
    stream = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (*size_hw, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> Callable[[int], Path]:
    """Makes a folder of that many photos, some in folders in it."""

    def make(count: int) -> Path:
        folder = tmp_path / "photos"
        for number in range(count):
            file = folder / f"{number % 3}" / f"{number:04}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(photo(number))
        return folder

    return make


@pytest.fixture(scope="module")
def ray_session() -> Iterator[None]:
    """A cluster of one node."""
    import ray

    from splitseem_ray.command import join

    join(None)
    yield
    ray.shutdown()
