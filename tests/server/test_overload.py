"""While too much waits, large bodies are refused before they are read, and nothing else suffers."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

MOST_S = 120
LARGE = 3_000_000


@pytest.fixture(scope="module")
def busy(fake_service: Any, image_bytes: Callable[..., bytes]) -> Iterator[Any]:
    """A service that is busy with one image, and takes no second one; it knows a third."""
    with fake_service(0, 600, SPLITSEEM_QUEUE_SIZE="0") as service:
        known = httpx.post(f"{service.url}/embed", content=image_bytes(colour="green"), timeout=MOST_S)
        assert known.status_code == 200
        image = image_bytes(colour="red")

        def keep_busy() -> None:
            with contextlib.suppress(httpx.HTTPError):  # the service ends before it is done
                httpx.post(f"{service.url}/embed", content=image, timeout=MOST_S)

        threading.Thread(target=keep_busy, daemon=True).start()
        deadline = time.monotonic() + MOST_S
        while len(service.runs()) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        yield service


def head(*headers: str, path: str = "/embed") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


@contextlib.contextmanager
def connected(service: Any) -> Iterator[socket.socket]:
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=MOST_S) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and head of the next answer, whose body is read too."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    start, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in start.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return int(start.split()[1]), start.lower()


def statuses(connection: socket.socket, count: int) -> list[int]:
    """Of the next answers, which may come together."""
    received = b""
    while len(found := re.findall(rb"HTTP/1\.1 (\d{3})", received)) < count or received[-1:] != b"}":
        piece = connection.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    return [int(status) for status in found]


LENGTH = f"Content-Length: {LARGE}"


@pytest.mark.parametrize(
    "headers",
    [(LENGTH,), ("Transfer-Encoding: chunked",), (LENGTH, "Content-Type: multipart/form-data; boundary=b")],
    ids=["raw", "chunked", "multipart"],
)
def test_a_large_body_is_refused_before_it_comes(busy: Any, headers: tuple[str, ...]) -> None:
    with connected(busy) as connection:
        connection.sendall(head(*headers))
        status, start = answer(connection)
    assert status == 429
    assert b"retry-after: " in start


def test_a_client_that_sends_all_of_it_reads_the_answer_and_goes_on(busy: Any) -> None:
    with connected(busy) as connection:
        for _ in range(3):
            connection.sendall(head(LENGTH) + bytes(LARGE))
            assert answer(connection)[0] == 429
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(connection)[0] == 200


def test_what_is_sent_behind_a_body_that_is_thrown_away_is_read(busy: Any) -> None:
    with connected(busy) as connection:
        sent = head(LENGTH) + bytes(LARGE) + head("Content-Length: 9") + b"no image!" + head(LENGTH)
        connection.sendall(sent + bytes(LARGE // 2))
        assert statuses(connection, 3) == [429, 415, 429]
        connection.sendall(bytes(LARGE - LARGE // 2) + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert statuses(connection, 1) == [200]


def test_a_client_that_closes_after_it_reads_the_answer(busy: Any) -> None:
    with connected(busy) as connection:
        connection.sendall(head(LENGTH, "Connection: close") + bytes(LARGE))
        assert answer(connection)[0] == 429
        assert connection.recv(1) == b""


def test_a_client_that_asks_first_sends_nothing(busy: Any) -> None:
    with connected(busy) as connection:
        connection.sendall(head(LENGTH, "Expect: 100-continue"))
        status, start = answer(connection)
        assert status == 429
        assert b"connection: close" in start
        assert connection.recv(1) == b""


def test_a_body_that_is_too_large_is_refused_and_the_answer_read(busy: Any) -> None:
    with connected(busy) as connection:
        size = 50_000_000
        connection.sendall(head(f"Content-Length: {size}") + bytes(size))
        assert answer(connection)[0] == 413


def test_known_images_are_answered_meanwhile(busy: Any, image_bytes: Callable[..., bytes]) -> None:
    response = httpx.post(f"{busy.url}/embed", content=image_bytes(colour="green"), timeout=MOST_S)
    assert response.headers["x-splitseem-cache"] == "hit"
