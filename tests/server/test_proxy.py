"""nginx as the container runs it: files, what it passes on and to whom, whom it believes, what it refuses."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from tests.server.nginx import ROOT, command, environment, nginx

from splitseem_proto import unpack
from splitseem_server.http.middleware import ISOLATION_HEADERS
from splitseem_server.settings import ADAPTERS

StartNginx = Callable[..., str]


@pytest.fixture
def start_nginx(client_dir: Path, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[StartNginx]:
    """Starts nginx in front of some host:port with some settings; returns its address."""
    with contextlib.ExitStack() as stack:

        def start(*upstreams: str, **settings: object) -> str:
            return stack.enter_context(nginx(client_dir, tmp_path, free_port(), *upstreams, **settings))

        yield start


@pytest.fixture
def absent(free_port: Callable[[], int]) -> str:
    """A host:port where nobody answers."""
    return f"127.0.0.1:{free_port()}"


class Upstream(ThreadingHTTPServer):
    """Answers every request with its headers as JSON, or with another status."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.status = status
        self.connections = 0
        self.requests = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        server.requests += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if server.status != 200:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Callable[..., Upstream]]:
    """Starts such servers."""
    servers: list[Upstream] = []

    def start(status: int = 200) -> Upstream:
        server = Upstream(status)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_nginx_accepts_its_configuration(client_dir: Path, tmp_path: Path) -> None:
    settings = {"NGINX_TRUSTED": "10.0.0.0/8 fd00::/8"}
    variables = environment(client_dir, tmp_path, 8080, ["127.0.0.1:8000", "127.0.0.1:8001"], **settings)
    run = subprocess.run(command("-t"), env=variables, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "warn" not in run.stderr.replace("error_log stderr warn", "")


def test_servers_that_are_names_are_looked_up_while_nginx_runs(client_dir: Path, tmp_path: Path) -> None:
    stub = tmp_path / "nginx-of-the-image"
    stub.mkdir()
    (stub / "nginx").write_text("#!/bin/sh\n")  # that of the image knows `resolve`, Debian's does not
    (stub / "nginx").chmod(0o755)
    variables = environment(client_dir, tmp_path, 8080, ["server:8000", "10.0.0.7:8000"])
    variables["PATH"] = f"{stub}:{variables['PATH']}"
    subprocess.run(command(), env=variables, check=True)
    written = (tmp_path / "nginx" / "servers.conf").read_text().splitlines()
    assert written == ["server server:8000 resolve max_fails=0;", "server 10.0.0.7:8000 max_fails=0;"]


def test_nginx_serves_the_client_and_passes_the_service_on(
    make_app: Callable[..., FastAPI], serve: Any, start_nginx: StartNginx, image_bytes: Any
) -> None:
    with serve(make_app()) as upstream:
        with httpx.Client(base_url=start_nginx(upstream), timeout=30) as client:
            check_files(client)
            check_service(client, upstream, image_bytes)


def test_what_other_tools_ask_is_passed_on(
    make_app: Callable[..., FastAPI], serve: Any, start_nginx: StartNginx
) -> None:
    with serve(make_app(adapters=",".join(ADAPTERS))) as upstream:
        with httpx.Client(base_url=start_nginx(upstream), timeout=30) as client:
            for path in ("/v2", "/v2/health/live", "/sam/version/", "/label-studio/health", "/api/functions"):
                assert client.get(path).status_code == 200, path
            assert list(client.post("/sam2/segment_image", content=b"x").json()) == ["message"]


def check_files(client: httpx.Client) -> None:
    expected = {
        "/": ("text/html", "no-cache"),
        "/assets/index-0123abcd.js": ("text/javascript", "public, max-age=31536000, immutable"),
        "/assets/runtime-0123abcd.mjs": ("text/javascript", "public, max-age=31536000, immutable"),
        "/assets/runtime-0123abcd.wasm": ("application/wasm", "public, max-age=31536000, immutable"),
    }
    for path, (media_type, caching) in expected.items():
        response = client.get(path)
        assert response.headers["content-type"] == media_type
        assert response.headers["cache-control"] == caching
        assert_isolated(response)
    missing = client.get("/assets/absent.js")
    assert missing.status_code == 404
    assert "cache-control" not in missing.headers
    assert_isolated(missing)


def check_service(client: httpx.Client, upstream: str, image_bytes: Any) -> None:
    image = image_bytes(1200, 900, compress_level=0)
    assert len(image) > 3_000_000
    made = client.post("/embed?codec=float32", content=image, headers={"Content-Type": "image/png"})
    assert made.status_code == 200
    assert unpack(made.content).type == "embedding"
    assert made.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert httpx.get(upstream + made.headers["location"]).content == made.content
    found = client.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert found.status_code == 304
    refused = client.post("/v1/embed", content=b"", headers={"Content-Type": "image/png"})
    assert refused.headers["content-type"] == "application/problem+json"
    for path in ("/v1/model", "/healthz", "/readyz", "/docs", "/openapi.json"):
        response = client.get(path)
        assert response.status_code in (200, 503)
        assert_isolated(response)
    for response in (made, found, refused):
        assert_isolated(response)


def assert_isolated(response: httpx.Response) -> None:
    """Each header is there exactly once; twice would be invalid."""
    for name, value in ISOLATION_HEADERS:
        assert response.headers.get_list(name.decode()) == [value.decode()]


FILE = "/assets/runtime-0123abcd.wasm"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br", "br"),
        ("gzip;q=0.5, br;q=0.4", "br"),
        ("gzip, br;q=0", "gzip"),
        ("gzip", "gzip"),
        ("identity", None),
    ],
)
def test_files_are_sent_as_they_were_compressed_ahead(
    compressed: tuple[str, bytes], accepted: str, coding: str | None
) -> None:
    url, content = compressed
    with httpx.stream("GET", url + FILE, headers={"Accept-Encoding": accepted}) as response:
        sent = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == coding
    assert response.headers["content-type"] == "application/wasm"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers.get_list("vary") == ["Accept-Encoding"]
    assert (sent == content) == (coding is None)
    assert_isolated(response)


@pytest.fixture(scope="module")
def compressed(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[tuple[str, bytes]]:
    """The address of a client whose files are compressed, and the content of one."""
    folder = tmp_path_factory.mktemp("compressed")
    content = b"\x00asm\x01\x00\x00\x00" * 4000
    (folder / "assets").mkdir()
    (folder / FILE[1:]).write_bytes(content)
    (folder / "index.html").write_text("<!doctype html><title>splitseem</title>" * 20)
    (folder / "icon.png").write_bytes(content)
    script = ROOT / "client" / "scripts" / "compress.js"
    subprocess.run(["node", str(script), str(folder)], check=True, capture_output=True)
    assert not (folder / "br" / "icon.png").exists()
    with nginx(folder, tmp_path_factory.mktemp("nginx"), free_port(), "127.0.0.1:1") as url:
        assert httpx.get(url, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
        yield url, content


def test_nginx_without_the_service_says_not_ready(start_nginx: StartNginx, absent: str) -> None:
    response = httpx.get(f"{start_nginx(absent)}/readyz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert response.json()["type"] == "urn:splitseem:problem:not-ready"
    assert_isolated(response)


CLAIMS = {
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/tool",
}


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        ("", ("127.0.0.1", "http", None)),
        ("10.0.0.0/8", ("127.0.0.1", "http", None)),
        ("10.0.0.0/8 127.0.0.1", ("198.51.100.7", "https", "/tool")),
    ],
)
def test_only_proxies_that_are_named_say_whose_request_it_is(
    start_nginx: StartNginx, upstream: Callable[..., Upstream], trusted: str, expected: tuple[str | None, ...]
) -> None:
    url = start_nginx(upstream().address, NGINX_TRUSTED=trusted)
    seen = httpx.post(f"{url}/embed", headers=CLAIMS).json()
    names = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-prefix")
    assert tuple(seen.get(name) for name in names) == expected


def test_an_address_that_a_caller_invents_is_not_believed(
    start_nginx: StartNginx, upstream: Callable[..., Upstream]
) -> None:
    url = start_nginx(upstream().address, NGINX_TRUSTED="127.0.0.1")
    headers = {"X-Forwarded-For": "203.0.113.1, 198.51.100.7", "X-Forwarded-Proto": "gopher"}
    seen = httpx.get(f"{url}/v1/model", headers=headers).json()
    assert seen["x-forwarded-for"] == "198.51.100.7"
    assert seen["x-forwarded-proto"] == "http"


def test_connections_to_the_service_are_used_again(
    start_nginx: StartNginx, upstream: Callable[..., Upstream]
) -> None:
    server = upstream()
    url = start_nginx(server.address)
    for _ in range(20):
        assert httpx.post(f"{url}/embed", content=b"x").status_code == 200
    assert server.requests == 20
    assert server.connections <= 4  # one for each of its workers


@pytest.mark.parametrize("status", [None, 429, 502, 503])
def test_what_one_server_cannot_do_is_asked_of_another(
    start_nginx: StartNginx, upstream: Callable[..., Upstream], absent: str, status: int | None
) -> None:
    good = upstream()
    first = absent if status is None else upstream(status).address
    url = start_nginx(first, good.address)
    body = b"x" * 100_000
    came = Counter(httpx.post(f"{url}/embed", content=body).status_code for _ in range(8))
    assert came == {200: 8}
    assert good.requests == 8


def test_what_no_server_can_do_is_refused_as_they_say(
    start_nginx: StartNginx, upstream: Callable[..., Upstream]
) -> None:
    url = start_nginx(upstream(429).address, upstream(429).address)
    refused = httpx.post(f"{url}/embed", content=b"x")
    assert refused.status_code == 429
    assert refused.headers.get_list("retry-after") == ["7"]


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and problem of the answer on a connection."""
    received = b""
    while b"\r\n\r\n" not in received or not received.rstrip().endswith(b"}"):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


def uploading(url: str, length: int) -> socket.socket:
    """A connection on which an upload begins, and goes no further."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    connection.sendall(f"POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("length", [70_000_000, 50_000_000_000])
def test_nginx_refuses_a_body_that_it_cannot_keep(start_nginx: StartNginx, absent: str, length: int) -> None:
    with uploading(start_nginx(absent), length) as connection:
        status, problem = answer(connection)
    assert status == problem["status"] == 413
    assert problem["type"] == "urn:splitseem:problem:body-too-large"


def test_nginx_works_on_so_many_requests_of_one_address(start_nginx: StartNginx, absent: str) -> None:
    url = start_nginx(absent, NGINX_BURST=10_000)
    with contextlib.ExitStack() as stack:
        for _ in range(128):
            stack.enter_context(uploading(url, 1_000_000))
        deadline = time.monotonic() + 60
        status = 0
        while status != 429 and time.monotonic() < deadline:
            connection = stack.enter_context(uploading(url, 1_000_000))
            connection.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                status, problem = answer(connection)
        assert status == 429
        assert problem["type"] == "urn:splitseem:problem:queue-full"
        assert httpx.get(f"{url}/").status_code == 200  # files need no place


def test_one_address_begins_so_many_requests_a_second(
    start_nginx: StartNginx, upstream: Callable[..., Upstream]
) -> None:
    url = start_nginx(upstream().address, NGINX_RATE=1, NGINX_BURST=4, NGINX_TRUSTED="127.0.0.1")
    with httpx.Client(base_url=url) as client:
        answers = [client.post("/embed", content=b"x") for _ in range(12)]
        other = client.post("/embed", content=b"x", headers={"X-Forwarded-For": "198.51.100.7"})
        alive = [client.get("/healthz").status_code for _ in range(12)]
    refused = [one for one in answers if one.status_code == 429]
    assert 5 <= len(refused) <= 7
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert refused[0].json()["type"] == "urn:splitseem:problem:queue-full"
    assert_isolated(refused[0])
    assert other.status_code == 200
    assert alive == [200] * 12
