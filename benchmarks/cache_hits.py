"""What an answer from the cache costs the server, over HTTP on one kept connection: milliseconds of its CPU,
at the median and of the quickest tenth."""

import argparse
import http.client
import io
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from timing import write_result

SERVE = [sys.executable, "-c", "from splitseem_cli.main import main; main()", "serve", "--port", "0"]
JSON = {"Accept": "application/json"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", default="memory")
    parser.add_argument("--canvas", type=int, default=1024)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    with serving(options.cache) as (process, connection):
        path, image = f"/embed?canvas={options.canvas}", photo()
        link = ask(connection, "POST", path, image, {}).getheader("Location") or ""
        calls = (
            ("POST /embed", "POST", path, image, {}),
            ("POST /embed as JSON", "POST", path, image, JSON),
            ("GET of the key", "GET", link, None, {}),
            ("GET /healthz", "GET", "/healthz", None, {}),
        )
        rows: list[dict[str, object]] = []
        for name, method, target, body, headers in calls:
            cpu_ms = []
            for _ in range(options.requests):
                before = cpu_seconds(process.pid)
                ask(connection, method, target, body, headers)
                cpu_ms.append(1000 * (cpu_seconds(process.pid) - before))
            tenth, half = statistics.quantiles(cpu_ms, n=10)[0], statistics.median(cpu_ms)
            rows.append({"request": name, "cpu_ms": round(half, 2), "tenth_ms": round(tenth, 2)})
    write_result(f"cache_hits_{options.cache.partition(':')[0]}", rows)


@contextmanager
def serving(
    cache: str, **settings: str
) -> Iterator[tuple["subprocess.Popen[str]", http.client.HTTPConnection]]:
    """A server of `nano` with these settings, its process, and a connection to it."""
    process = subprocess.Popen(
        [*SERVE, "--cache", cache],
        env={**os.environ, "SPLITSEEM_SERVE_CLIENT": "false", "SPLITSEEM_LOG_LEVEL": "warning", **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield process, http.client.HTTPConnection(urlsplit(address).netloc)
    finally:
        process.terminate()
        process.wait()


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    """An answer that has been read."""
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 200, response.status
    return response


def cpu_seconds(pid: int) -> float:
    """What all threads of a process have used so far, also those that have ended."""
    # What clock_getcpuclockid of the C library gives on Linux; it counts in nanoseconds.
    return time.clock_gettime((~pid << 3) | 2)


def photo() -> bytes:
    """A JPEG of 640 x 480 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((640, 480)).save(stream, "JPEG")
    return stream.getvalue()


if __name__ == "__main__":
    main()
