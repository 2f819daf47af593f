"""The service with a fake encoder, as a process: `python -m tests.server.fake_service RUNS SECONDS`.

RUNS is a file that gets a line for every run of the encoder, SECONDS is what a run takes, or, with commas
between, what the first ones and all others take. Settings come from the environment.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.server.conftest import FakeEncoder

from splitseem_cli.serve import listen, read_access, run
from splitseem_model.encode.device_memory import DeviceMemory
from splitseem_server.app import create_app
from splitseem_server.cache.open_cache import open_cache
from splitseem_server.log import configure_log
from splitseem_server.services import Parts
from splitseem_server.settings import load_settings

WARM_UP_HW = (32, 32)


class SlowEncoder(FakeEncoder):
    """Notes every run but the warm-up, and takes its time."""

    def __init__(self, runs: Path, seconds: Sequence[float]) -> None:
        super().__init__()
        self._runs = runs
        self._first, self._usual = list(seconds[:-1]), seconds[-1]

    def run(self, images: Sequence[Any], maps: str) -> list[Any]:
        for _, geometry in images:
            if geometry.original_hw != WARM_UP_HW:
                with self._runs.open("a") as file:
                    file.write(f"{os.getpid()}\n")
                time.sleep(self._first.pop(0) if self._first else self._usual)
        return super().run(images, maps)


def main() -> None:
    runs, seconds = sys.argv[1:]
    settings = load_settings()
    configure_log(settings)
    encoder = SlowEncoder(Path(runs), [float(one) for one in seconds.split(",")])
    encoder.memory = DeviceMemory("cuda:0", allocated=2**20, reserved=2**21, peak=2**20, total=2**34)
    access = read_access(settings)
    app = create_app(Parts(settings=settings, encoder=encoder, cache=open_cache(settings), access=access))
    with listen(settings.host, settings.port) as listener:
        run(app, listener)


if __name__ == "__main__":
    main()
