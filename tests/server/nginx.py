"""nginx, started as the container does."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 60


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is needed: scripts/test_tools.sh installs it")
    return found


def command(*options: str) -> list[str]:
    """The entry point of the container."""
    program("nginx")
    # As root, nginx would give its workers to a user who may not read the folders of the tests.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [str(ROOT / "docker" / "start_nginx.sh"), *user, *options]


def environment(
    client_dir: Path, temp: Path, port: int, upstreams: Sequence[str], **settings: object
) -> dict[str, str]:
    """Of the entry point; `settings` are those that it names."""
    return {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "NGINX_PORT": str(port),
        "NGINX_ROOT": str(client_dir),
        "NGINX_UPSTREAM": " ".join(upstream.removeprefix("http://") for upstream in upstreams),
        "NGINX_TEMP": str(temp / "nginx"),
        **{name: str(value) for name, value in settings.items()},
    }


@contextlib.contextmanager
def nginx(client_dir: Path, temp: Path, port: int, *upstreams: str, **settings: object) -> Iterator[str]:
    """The address of nginx in front of some host:port."""
    with (temp / "nginx.log").open("w") as log:
        process = subprocess.Popen(
            command(),
            env=environment(client_dir, temp, port, upstreams, **settings),
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str, verify: bool = True) -> None:
    """Return as soon as a file is sent; fail when that takes too long."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, verify=verify).status_code == 200:
                return
        time.sleep(0.02)
    pytest.fail(f"{url} does not answer")
