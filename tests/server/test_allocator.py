"""Memory that an image leaves serves the next one."""

from __future__ import annotations

import os
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


FEW_PRIMITIVES = """
import os
from splitseem_server.allocator import keep_few_primitives
keep_few_primitives()
print(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"], os.environ["LRU_CACHE_CAPACITY"])
"""


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, "128 64"),
        ({"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "9"}, "9 64"),
        ({"LRU_CACHE_CAPACITY": "8"}, "128 8"),
    ],
)
def test_primitives_of_few_sizes_are_kept_unless_the_environment_says_otherwise(
    given: dict[str, str], taken: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("CACHE_CAPACITY")}
    command = [sys.executable, "-c", FEW_PRIMITIVES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment | given)
    assert done.stdout.strip() == taken


SMALL = 2**16
BLOCKS = 2000
WITHIN_S = 30

FILL_FORGET_AND_WAIT = f"""
import time
from pathlib import Path
from splitseem_server.allocator import give_back_freed_memory, keep_freed_memory
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * {resource.getpagesize()}
keep_freed_memory()
give_back_freed_memory(every_s=0.05)
before = resident()
blocks = [bytearray({SMALL}) for _ in range({BLOCKS})]
last = blocks[-1]  # what is behind the others holds the heap up
del blocks
deadline = time.monotonic() + {WITHIN_S}
while resident() - before > {SMALL * BLOCKS // 4} and time.monotonic() < deadline:
    sum(range(100_000))
print(resident() - before)
"""


def test_what_many_blocks_took_is_given_back_to_the_system() -> None:
    command = [sys.executable, "-c", FILL_FORGET_AND_WAIT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) <= SMALL * BLOCKS // 4
