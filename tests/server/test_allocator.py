"""Memory that an image leaves serves the next one."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc's")

LARGE = 12 * 2**20
ROUNDS = 20
PAGES = LARGE // resource.getpagesize()

FILL_AND_FORGET = f"""
import resource
from splitseem_server.allocator import keep_freed_memory
assert keep_freed_memory()
def fill():
    return [bytearray({LARGE}) for _ in range(3)]
fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    fill()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_large_blocks_are_used_again_without_page_faults() -> None:
    done = subprocess.run([sys.executable, "-c", FILL_AND_FORGET], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3 * PAGES
