"""Who may wait for a resource: a bound on how many, and an honest time for those who are refused."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections import deque
from collections.abc import Iterator

from splitseem_server.errors import QueueFull

# The median of so few runs follows a change soon, and a slow first run does not decide what callers hear.
_RUNS_REMEMBERED = 8
_GUESS_S = 1.0


class Admission:
    """Counts pieces of work from when they are taken until they are done.

    Args:
        workers: pieces of work that run at the same time.
        capacity: pieces of work that may wait for a worker.
        what: the pieces of work, for callers who are refused.
    """

    def __init__(self, *, workers: int, capacity: int, what: str) -> None:
        self._workers = workers
        self._capacity = capacity
        self._what = what
        self._admitted = 0
        self._latest_s: deque[float] = deque(maxlen=_RUNS_REMEMBERED)

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a worker."""
        return max(0, self._admitted - self._workers)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Around a piece of work.

        Raises:
            QueueFull: too much work waits already.
        """
        self.check_room()
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    def check_room(self) -> None:
        """Whether another piece of work may wait.

        Raises:
            QueueFull: too much work waits already.
        """
        if self._admitted >= self._workers + self._capacity:
            seconds = self.retry_after_s()
            raise QueueFull(
                f"{self.waiting} {self._what} are waiting; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Around what a worker does for a piece of work."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.note(time.perf_counter() - begin)

    def note(self, seconds: float) -> None:
        """What a worker took for a piece of work."""
        self._latest_s.append(seconds)

    def retry_after_s(self) -> int:
        """Seconds in which what waits now will be done, by the median of the last runs."""
        usual_s = statistics.median_low(self._latest_s) if self._latest_s else _GUESS_S
        return max(1, math.ceil(usual_s * self._admitted / self._workers))
