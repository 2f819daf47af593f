"""`make root`: the images of server and client without a container engine.

Their steps run in Debian's releases, in the Dockerfiles' order, and their entry points run there as
docker-compose.yml says.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image as Photo
from tests.containers.image import Image

from splitseem_proto import Embedding, unpack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

STARTS_WITHIN_S = 120


@contextlib.contextmanager
def running(image: Image, port: int, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """The entry point, once its health check passes."""
    assert not image.is_healthy(port)
    # Engines too give what it says to a file that its user may open.
    said = tempfile.NamedTemporaryFile()
    os.chmod(said.name, 0o666)
    process = subprocess.Popen(image.entry(**variables), stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not image.is_healthy(port):
            assert process.poll() is None, Path(said.name).read_text()
            assert time.monotonic() < deadline
            time.sleep(1)
        yield process
    finally:
        process.kill()
        process.wait()
        said.close()


def serving(image: Image, port: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return running(image, port, SPLITSEEM_PORT=str(port), SPLITSEEM_CACHE="memory")


def assert_confined(process: subprocess.Popen[bytes], user: str) -> None:
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert f"Uid:\t{user.split(':')[0]}\t" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def assert_embedded(url: str) -> None:
    """A photo is answered by its embedding."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 181, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Photo.fromarray(pixels).save(stream, "PNG")
    answer = httpx.post(f"{url}/embed", content=stream.getvalue(), timeout=60)
    embedding = unpack(answer.raise_for_status().content)
    assert isinstance(embedding, Embedding)
    assert embedding.geometry.original_hw == (120, 181)


def test_the_server_serves_is_healthy_and_stops(server_image: Image, free_port: Callable[[], int]) -> None:
    port = free_port()
    with serving(server_image, port) as process:
        assert_confined(process, server_image.stage.user)
        assert_embedded(f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(server_image.stops_within_s) == 0


def test_the_client_shows_the_page_passes_the_service_on_and_stops(
    server_image: Image, client_image: Image, free_port: Callable[[], int]
) -> None:
    behind = free_port()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {"NGINX_PORT": str(port), "NGINX_UPSTREAM": f"127.0.0.1:{behind}"}
    with serving(server_image, behind), running(client_image, port, **variables) as process:
        assert_confined(process, client_image.stage.user)
        page = httpx.get(url, headers={"Accept-Encoding": "br"})
        assert page.headers["content-encoding"] == "br"
        assert page.headers["cross-origin-opener-policy"] == "same-origin"
        script = re.search(r'<script type="module"[^>]* src="\./([^"]+)"', httpx.get(url).text)
        assert script is not None
        assert httpx.get(f"{url}/{script[1]}").headers["content-type"].startswith("text/javascript")
        assert_embedded(url)
        process.send_signal(getattr(signal, client_image.service["stop_signal"]))
        assert process.wait(client_image.stops_within_s) == 0


@pytest.mark.parametrize("folder", ["/app", "/app/docker", "/srv", "/etc", "/root"])
def test_what_runs_can_write_nothing_but_its_temporary_files(image: Image, folder: str) -> None:
    def touches(path: str) -> bool:
        return subprocess.run(image.confined(["touch", path]), capture_output=True).returncode == 0

    assert touches("/tmp/one")
    assert not touches(f"{folder}/one")
