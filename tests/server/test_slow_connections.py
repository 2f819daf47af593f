"""Idle sockets, slow heads, stalled bodies, too many of them, and what is no HTTP: each has its limit."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

MOST_S = 60
SHORT = "0.6"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@contextlib.contextmanager
def connected(service: Any) -> Iterator[socket.socket]:
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=MOST_S) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes; a reset is as good as an end."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and problem of an answer after which the server closes."""
    received = rest(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, received
    return int(head.split()[1]), json.loads(body)


def drip(connection: socket.socket, pieces: Iterator[bytes], pause_s: float) -> None:
    """Send piece by piece until the server has closed."""
    connection.settimeout(pause_s)
    deadline = time.monotonic() + MOST_S
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            assert time.monotonic() < deadline, "the server still reads"
            connection.sendall(piece)
            try:
                if connection.recv(1, socket.MSG_PEEK) is not None:
                    break
            except TimeoutError:
                continue
    connection.settimeout(MOST_S)


def kept(connection: socket.socket) -> None:
    """Have one request answered on a connection."""
    connection.sendall(HEAD + b"\r\n")
    received = b""
    while b'{"status":"ok"}' not in received:
        received += connection.recv(65536)


ANSWERS = 24
"""More of them than sockets keep."""


def large_embedding(service: Any, image: bytes) -> httpx.Response:
    """What is asked for, made before there is a connection that could be idle meanwhile."""
    return httpx.post(f"{service.url}/embed?canvas=1024&codec=float32", content=image, timeout=MOST_S)


def asked_for_much(connection: socket.socket, made: httpx.Response) -> int:
    """Ask again and again for an embedding without reading; the bytes that should come."""
    head = f"GET {made.headers['location']} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n"
    connection.sendall(head.encode() * ANSWERS)
    return len(made.content) * ANSWERS


def sockets_of(service: Any) -> int:
    """Sockets that its process has."""
    found = 0
    for file in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found += str(file.readlink()).startswith("socket:")
    return found


@pytest.mark.parametrize("idle_s", ["0.5", "60"])
def test_a_client_that_takes_nothing_of_its_answer_is_left(
    fake_service: Any, image_bytes: Callable[..., bytes], idle_s: str, wait_until: Callable[..., None]
) -> None:
    settings = {"SPLITSEEM_BODY_STALL_S": SHORT, "SPLITSEEM_IDLE_S": idle_s}
    with fake_service(**settings) as service:
        before = sockets_of(service)
        made = large_embedding(service, image_bytes())
        with connected(service) as connection:
            expected = asked_for_much(connection, made)
            assert connection.recv(1, socket.MSG_PEEK), "the answer begins"
            wait_until(lambda: sockets_of(service) <= before)
            assert len(rest(connection)) < expected


def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    settings = {"SPLITSEEM_BODY_STALL_S": "2", "SPLITSEEM_IDLE_S": SHORT}
    received = 0
    with fake_service(**settings) as service:
        made = large_embedding(service, image_bytes())
        with connected(service) as connection:
            expected = asked_for_much(connection, made)
            while piece := connection.recv(2**20):
                received += len(piece)
                time.sleep(0.02)
    assert received > expected


def upload(length: int) -> bytes:
    return (
        f"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.fixture(scope="module")
def plain(fake_service: Any) -> Iterator[Any]:
    with fake_service() as service:
        yield service


H2C = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"}
"""What Java's client sends with every request, and curl with --http2."""


@pytest.mark.parametrize("offer", [H2C, {"Connection": "Upgrade", "Upgrade": "websocket"}], ids=["h2c", "ws"])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_another_protocol_that_is_offered_is_passed_over(
    plain: Any, image_bytes: Callable[..., bytes], offer: dict[str, str], in_chunks: bool
) -> None:
    image = image_bytes(700, 500, compress_level=0)
    assert len(image) > 1_000_000

    def pieces() -> Iterator[bytes]:
        for begin in range(0, len(image), 99_991):
            yield image[begin : begin + 99_991]

    with httpx.Client(base_url=plain.url, timeout=MOST_S) as client:
        for _ in range(2):
            made = client.post("/embed", content=pieces() if in_chunks else image, headers=offer)
            assert made.status_code == 200, made.text
            assert client.get(made.headers["location"], headers=offer).content == made.content
        assert client.get("/healthz").json() == {"status": "ok"}


def test_many_offers_at_once_are_answered_one_by_one(fake_service: Any) -> None:
    offer = "".join(f"{name}: {value}\r\n" for name, value in H2C.items()).encode()
    with fake_service(SPLITSEEM_IDLE_S=SHORT) as service, connected(service) as connection:
        connection.sendall((HEAD + offer + b"\r\n") * 60)
        assert rest(connection).count(b'{"status":"ok"}') == 60


def test_few_requests_of_a_connection_wait_for_their_answers(plain: Any) -> None:
    with connected(plain) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall((HEAD + b"\r\n") * 5000)
        received = rest(connection)
    assert b"at most 64 requests of a connection wait" in received
    assert received.count(b"HTTP/1.1") < 100
    assert httpx.get(f"{plain.url}/healthz", timeout=MOST_S).status_code == 200


def test_what_is_no_http_after_an_offer_is_400(plain: Any) -> None:
    offer = "".join(f"{name}: {value}\r\n" for name, value in H2C.items()).encode()
    with connected(plain) as connection:
        connection.sendall(HEAD + offer + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\x00\x01nonsense\r\n\r\n")
        status, _ = answer(connection)
    assert status == 400


@pytest.mark.parametrize("again", [False, True])
def test_an_idle_connection_is_closed(fake_service: Any, again: bool) -> None:
    with fake_service(SPLITSEEM_IDLE_S=SHORT) as service, connected(service) as connection:
        if again:
            kept(connection)
        assert rest(connection) == b""


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("begin", [HEAD, b"GET /", HEAD + b"X-Slow: "], ids=["header", "line", "value"])
def test_a_slow_head_is_408(fake_service: Any, begin: bytes, again: bool) -> None:
    with fake_service(SPLITSEEM_HEAD_S=SHORT) as service, connected(service) as connection:
        if again:
            kept(connection)
        connection.sendall(begin)
        drip(connection, itertools.repeat(b"a"), 0.1)
        status, problem = answer(connection)
    assert status == problem["status"] == 408
    assert problem["type"] == "urn:splitseem:problem:request-too-slow"
    assert SHORT in problem["detail"]


def test_empty_lines_are_no_way_to_stay(fake_service: Any) -> None:
    with fake_service(SPLITSEEM_HEAD_S=SHORT) as service, connected(service) as connection:
        drip(connection, itertools.repeat(b"\r\n"), 0.1)
        assert rest(connection) == b""


@pytest.mark.parametrize(
    "head",
    [
        upload(100_000),
        b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1/text HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n",
        b"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: 99\r\n\r\n--b\r\n",
    ],
    ids=["raw", "chunked", "json", "multipart"],
)
def test_an_upload_that_stalls_is_408(served: Any, head: bytes) -> None:
    with connected(served) as connection:
        connection.sendall(head)
        status, problem = answer(connection)
    assert status == 408
    assert problem["type"] == "urn:splitseem:problem:request-too-slow"
    assert "too slowly" in problem["detail"]


@pytest.fixture(scope="module")
def served(fake_service: Any) -> Iterator[Any]:
    with fake_service(SPLITSEEM_BODY_STALL_S=SHORT) as service:
        yield service


def test_an_upload_that_drips_is_408_after_its_whole_time(fake_service: Any) -> None:
    settings = {"SPLITSEEM_BODY_STALL_S": "30", "SPLITSEEM_BODY_S": "1.5"}
    with fake_service(**settings) as service, connected(service) as connection:
        connection.sendall(upload(100_000))
        drip(connection, itertools.repeat(b"a"), 0.1)
        status, _ = answer(connection)
    assert status == 408


def test_an_upload_that_is_slow_but_steady_is_answered(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    image = image_bytes()
    with fake_service(SPLITSEEM_BODY_STALL_S="10") as service, connected(service) as connection:
        connection.sendall(upload(len(image)))
        for begin in range(0, len(image), 1 + len(image) // 6):
            time.sleep(0.2)
            connection.sendall(image[begin : begin + 1 + len(image) // 6])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_work_that_takes_longer_than_a_body_may_is_answered(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    settings = {"SPLITSEEM_BODY_STALL_S": "0.2", "SPLITSEEM_BODY_S": "0.5", "SPLITSEEM_IDLE_S": "0.2"}
    with fake_service(1.5, **settings) as service:
        assert httpx.post(f"{service.url}/embed", content=image_bytes(), timeout=MOST_S).status_code == 200


@pytest.mark.parametrize(
    ("open_files", "settings", "connections"),
    [(None, {"SPLITSEEM_MAX_CONNECTIONS": "20"}, 60), (200, {}, 300)],
    ids=["by setting", "by the system"],
)
def test_new_connections_take_the_place_of_idle_ones(
    fake_service: Any, open_files: int | None, settings: dict[str, str], connections: int
) -> None:
    settings = settings | {"SPLITSEEM_IDLE_S": "600", "SPLITSEEM_HEAD_S": "600"}
    with fake_service(open_files=open_files, **settings) as service, contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(connected(service)) for _ in range(connections)]
        for connection in sockets[::2]:
            with contextlib.suppress(ConnectionError):
                connection.sendall(HEAD)  # half a request is no claim to a place either
        assert httpx.get(f"{service.url}/healthz", timeout=MOST_S).status_code == 200
        rest(sockets[0])
        kept(sockets[-1])


def test_whether_it_is_alive_is_answered_while_all_places_are_taken(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    settings = {"SPLITSEEM_MAX_CONNECTIONS": "8", "SPLITSEEM_BODY_STALL_S": "600"}
    with fake_service(**settings) as service, contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(connected(service)).sendall(upload(100_000) + b"a" * 1000)
        with httpx.Client(base_url=service.url, timeout=MOST_S) as client:
            deadline = time.monotonic() + MOST_S
            while client.get("/v1/model").status_code != 429:
                assert time.monotonic() < deadline, "there is still a place"
        for path in ("/healthz", "/readyz?x=1", "/healthz"):
            answered = httpx.get(f"{service.url}{path}", timeout=MOST_S)
            assert answered.status_code in (200, 422), answered.text
        refused = httpx.post(f"{service.url}/embed", content=image_bytes(), timeout=MOST_S)
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:splitseem:problem:queue-full"
        assert refused.headers["retry-after"] == "1"
        # Those that wait there without asking keep nobody away.
        for _ in range(100):
            stack.enter_context(connected(service))
        assert httpx.get(f"{service.url}/healthz", timeout=MOST_S).status_code == 200


def test_what_has_no_body_is_answered_while_as_much_is_held_as_may_be(fake_service: Any) -> None:
    with (
        fake_service(SPLITSEEM_MAX_HELD_BYTES=str(2**20), SPLITSEEM_BODY_STALL_S="600") as service,
        connected(service) as holder,
    ):
        head = b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        holder.sendall(head + b"180000\r\n" + b"a" * 0x17FFFF)  # more than may be held, and not all of it
        assert holder.recv(65536).startswith(b"HTTP/1.1 429")
        for path in ("/healthz", "/readyz", "/metrics"):
            assert httpx.get(f"{service.url}{path}", timeout=MOST_S).status_code == 200, path


def test_bodies_beyond_what_may_be_held_are_refused_before_they_are_read(
    fake_service: Any, image_bytes: Callable[..., bytes]
) -> None:
    with fake_service(SPLITSEEM_MAX_HELD_BYTES=str(2**20)) as service:
        with connected(service) as holder:
            holder.sendall(upload(1_000_000) + b"a" * 900_000)
            refused = 0
            deadline = time.monotonic() + MOST_S
            while refused != 429 and time.monotonic() < deadline:
                with connected(service) as connection:
                    connection.sendall(upload(300_000))  # and nothing of it
                    connection.settimeout(0.5)
                    with contextlib.suppress(TimeoutError):
                        refused = int(connection.recv(65536).split()[1])
            assert refused == 429
            small = httpx.post(f"{service.url}/embed", content=image_bytes(), timeout=MOST_S)
            assert small.status_code == 200
        deadline = time.monotonic() + MOST_S
        freed = 429
        while freed == 429 and time.monotonic() < deadline:
            freed = httpx.post(f"{service.url}/embed", content=b"a" * 300_000, timeout=MOST_S).status_code
        assert freed == 415  # read, and no image


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.1\nHost: x\n\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n folded\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX-A: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * 1_000_000,
        b"GET /" + b"b" * 1_000_000,
        b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"b" * 1_000_000,
        b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"X-A: b\r\n" * 200_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=[
        "bare line feeds",
        "one bare line feed",
        "folded header",
        "space before the colon",
        "no host",
        "two hosts",
        "two lengths",
        "bare line feed in chunks",
        "long header",
        "long line",
        "long chunk extension",
        "many trailers",
        "TLS",
    ],
)
def test_what_is_no_request_is_400(running: Any, request_bytes: bytes) -> None:
    with connected(running) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_bytes)
        status, problem = answer(connection)
    assert status == 400
    assert problem["type"] == "urn:splitseem:problem:malformed-request"
    assert httpx.get(f"{running.url}/healthz", timeout=MOST_S).status_code == 200


@pytest.fixture(scope="module")
def running(fake_service: Any) -> Iterator[Any]:
    with fake_service() as service:
        yield service
