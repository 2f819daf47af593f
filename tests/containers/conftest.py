"""`make root` names a folder for roots; without one, the tests that make them, in minutes, are left out."""

from __future__ import annotations

import os
import socket

import pytest

collect_ignore_glob = [] if "DEBIAN_ROOTS" in os.environ else ["test_*_root.py"]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
