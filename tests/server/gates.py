"""What tests wait for, and never for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

HELD_S = 60


async def until(happened: Callable[[], object]) -> None:
    """Return as soon as it happened.

    Raises:
        TimeoutError: it takes longer than `HELD_S`.
    """
    async with asyncio.timeout(HELD_S):
        while not happened():
            await asyncio.sleep(0.002)


class Gate(threading.Event):
    """Open until it is cleared. A test that fails while it is closed still ends: none waits for longer
    than `HELD_S`."""

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def wait(self, timeout: float | None = HELD_S) -> bool:
        return super().wait(timeout)
