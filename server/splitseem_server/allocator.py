"""What libraries in C keep of memory that they do not need, and when the system gets it back."""

from __future__ import annotations

import ctypes
import os
import threading
import time

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_KEPT_BYTES = 64 * 2**20
_LARGEST_KEPT_BYTES = 32 * 2**20
"""The most that glibc takes."""
_ARENAS = 1
"""Heaps: each keeps what is free in it for itself."""
_OPTIONS = (
    (_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES),
    (_M_TRIM_THRESHOLD, _KEPT_BYTES),
    (_M_ARENA_MAX, _ARENAS),
)
_EVERY_S = 2.0
_WORKED_S = 0.05
"""Seconds of CPU without which nothing new was freed that is worth the look."""


_FEW_PRIMITIVES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128", "LRU_CACHE_CAPACITY": "64"}
"""What oneDNN keeps ready, and what torch keeps of it beside, for each kind of layer and thread. One size of
images takes 73 primitives of nano, a second one 55 more; what describes a linear layer is 0.25 MB."""


def keep_few_primitives() -> None:
    """Have what is made for the layers of one size of images be kept for few sizes only, unless the
    environment says otherwise: by themselves oneDNN and torch keep 1,024 of each. To be called before
    torch is imported."""
    for name, value in _FEW_PRIMITIVES.items():
        os.environ.setdefault(name, value)


def keep_freed_memory() -> bool:
    """Have this process keep some of the memory that tensors leave, for those of the next image; without it
    glibc gives it back and asks again, and each page of it costs a fault: a sixth of the time of an image.

    Returns:
        whether the C library can.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(option, value) == 1 for option, value in _OPTIONS)


def give_back_freed_memory(every_s: float = _EVERY_S) -> None:
    """Give what is free back to the system now and then, on a thread that ends with the process, so that what
    one large image took is not kept for ever. The next image pays its page faults once."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return

    def go_on() -> None:
        worked = 0.0
        while True:
            time.sleep(every_s)
            if time.process_time() - worked > _WORKED_S:
                trim(0)
                worked = time.process_time()

    threading.Thread(target=go_on, name="give back memory", daemon=True).start()
