"""How long the stages of an answer took."""

from __future__ import annotations

import time


class Clock:
    """Milliseconds between laps, by name; those of one name are added up."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.restart()

    def restart(self) -> None:
        """Begin a lap now."""
        self._begin = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a lap, and begin the next one."""
        now = time.perf_counter()
        self.laps[name] = self.laps.get(name, 0.0) + (now - self._begin) * 1000
        self._begin = now
