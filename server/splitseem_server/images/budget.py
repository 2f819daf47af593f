"""What decoding one file may cost: a small file may ask for the work of a large one, but does not get it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SMALL_BYTES = 2**20
"""Files of at most this length have the smaller budget. Photos of their length have a few million pixels."""

_SMALL_MEMORY_BYTES = 280_000_000
_MEMORY_BYTES = 950_000_000
# A canvas, the frame before it, their copy and the image; planes and the image; coefficients and the image.
_BYTES_A_PIXEL = {"WEBP": 17, "AVIF": 10, "progressive JPEG": 10}
_USUAL_BYTES_A_PIXEL = 4
_SMALL_SHARE_OF_TIME = 0.1
_SHARE_OF_TIME = 0.5


@dataclass(frozen=True)
class Budget:
    """Of one file.

    Args:
        cpu_s: seconds of CPU, after which the process ends by `SIGPROF`.
        memory_bytes: beside what the process has.
    """

    cpu_s: float
    memory_bytes: int


def budget_of(length: int, seconds: float) -> Budget:
    """For a file of this many bytes, where any file may take `seconds` by the clock."""
    if length <= SMALL_BYTES:
        return Budget(_SMALL_SHARE_OF_TIME * seconds, _SMALL_MEMORY_BYTES)
    return Budget(_SHARE_OF_TIME * seconds, _MEMORY_BYTES)


def bytes_a_pixel(kind: str) -> int:
    """What the decoder takes for a file of this kind: `progressive JPEG`, or Pillow's name."""
    return _BYTES_A_PIXEL.get(kind, _USUAL_BYTES_A_PIXEL)


def most_pixels(kind: str, length: int) -> int:
    """Of a file of this kind and length."""
    return budget_of(length, 0).memory_bytes // bytes_a_pixel(kind)


@contextlib.contextmanager
def within(budget: Budget) -> Iterator[None]:
    """Around the work; what takes more memory raises MemoryError, or what a library makes of it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + budget.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, budget.cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
