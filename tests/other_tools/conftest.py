"""Clients of other programs ask a real service; `make other-tools` runs them in another environment."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_proto import CocoRle, decode_rle

Mask = NDArray[np.bool_]

# In the main environment there is none of them.
collect_ignore_glob = [] if find_spec("inference_sdk") else ["test_*"]

PROGRAM = [sys.executable, "-c", "from splitseem_cli.main import main; main()"]
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "SPLITSEEM_SERVE_CLIENT": "false",
    "SPLITSEEM_LOG_LEVEL": "warning",
}
HEIGHT, WIDTH = 300, 420


@pytest.fixture(scope="session")
def pixels() -> NDArray[np.uint8]:
    """Three discs and a ring on a ground that gets lighter."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shades = np.stack([60 + columns // 6, 90 + rows // 8, 120 - columns // 10], axis=-1)
    for y, x, radius, colour in ((90, 110, 55, (220, 60, 50)), (210, 300, 60, (250, 220, 80))):
        shades[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = colour
    distances = (rows - 210) ** 2 + (columns - 110) ** 2
    shades[(distances < 50**2) & (distances > 22**2)] = (40, 60, 230)
    return shades.astype(np.uint8)


@pytest.fixture(scope="session")
def photo(pixels: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def segmented(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Mask]:
    """The mask that `splitseem segment` writes, of options such as `--point 110,90`."""
    folder, known = tmp_path_factory.mktemp("segmented"), dict[tuple[str, ...], Mask]()

    def segment(*options: str) -> Mask:
        if options not in known:
            path = folder / f"{len(known)}.json"
            command = [*PROGRAM, "segment", str(photo), *options, "-o", str(path)]
            subprocess.run(command, check=True, env=ENVIRONMENT)
            written: dict[str, Any] = json.loads(path.read_text("utf-8"))
            size = written["mask"]["size"] if "mask" in written else written["size"]
            counts = written["mask"]["counts"] if "mask" in written else written["counts"]
            known[options] = decode_rle(CocoRle(tuple(size), tuple(counts)))
        return known[options]

    return segment


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An API key, and the file that knows it."""
    made = subprocess.run(
        [*PROGRAM, "keys", "new", "--name", "acme", "--scope", "embed,decode"],
        check=True,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    secret, line = made.stdout.splitlines()[:2]
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(f"{line}\n")
    return secret, file


@contextlib.contextmanager
def serving(**settings: str) -> Iterator[str]:
    """The address of a service of nano that answers all protocols."""
    from splitseem_server.settings import ADAPTERS

    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"],
        env={**ENVIRONMENT, "SPLITSEEM_ADAPTERS": ",".join(ADAPTERS), **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        while httpx.get(f"{address}/readyz", timeout=60).status_code != 200:
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def url(key: tuple[str, Path]) -> Iterator[str]:
    """The address of one that asks for a key."""
    with serving(SPLITSEEM_API_KEYS_FILE=str(key[1])) as address:
        yield address
