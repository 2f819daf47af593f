"""`make root` names a folder for roots; without one, the tests that make them, in minutes, are left out."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator

import pytest
from tests.containers.image import Image, built

collect_ignore_glob = [] if "DEBIAN_ROOTS" in os.environ else ["test_*_root.py"]


@pytest.fixture
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return int(listener.getsockname()[1])

    return find


@pytest.fixture(scope="session")
def server_image() -> Iterator[Image]:
    with built("server") as image:
        yield image


@pytest.fixture(scope="session")
def client_image() -> Iterator[Image]:
    with built("client") as image:
        yield image


@pytest.fixture(params=["server", "client"])
def image(request: pytest.FixtureRequest) -> Image:
    """Each of them."""
    found: Image = request.getfixturevalue(f"{request.param}_image")
    return found
