"""Three servers and a Redis with a password behind nginx, with TLS before it: what holds of one server holds
of them, through faults of any."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.nginx import ROOT, nginx, program, wait_for

pytestmark = [pytest.mark.anyio, pytest.mark.redis]

SERVERS = 3
REQUESTS = 200
DEADLINE_S = 60.0
RUN_S = 0.3
SETTINGS = {
    "SPLITSEEM_PROXIES": "1",
    "SPLITSEEM_REDIS_CLAIM_S": "1",
    "SPLITSEEM_REDIS_TIMEOUT_S": "0.5",
    "SPLITSEEM_REDIS_PAUSE_S": "1",
    "SPLITSEEM_LOCAL_CACHE_BYTES": "0",
    "SPLITSEEM_LOG_LEVEL": "error",
}


@dataclass(frozen=True)
class Fleet:
    """nginx at `url`, its servers, and their Redis."""

    url: str
    servers: list[Any]
    redis: subprocess.Popen[bytes]

    def runs(self) -> int:
        """Of the encoders, so far."""
        return sum(len(server.runs()) for server in self.servers)


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory,
    fake_service: Any,
    client_dir: Path,
    free_port: Callable[[], int],
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    subprocess.run([str(ROOT / "docker" / "new_secrets.sh"), str(folder)], check=True)
    port = free_port()
    address = folder / "cache_url"
    address.chmod(0o644)
    address.write_text(address.read_text().replace("redis:6379", f"127.0.0.1:{port}"))
    variables = {**SETTINGS, "SPLITSEEM_CACHE_FILE": str(address)}
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(redis_of_the_container(folder, port))
        servers = [stack.enter_context(fake_service(RUN_S, **variables)) for _ in range(SERVERS)]
        urls = [server.url for server in servers]
        url = stack.enter_context(nginx(client_dir, folder, free_port(), *urls, NGINX_TRUSTED="127.0.0.1"))
        yield Fleet(url, servers, redis)


@contextlib.contextmanager
def redis_of_the_container(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(ROOT / "docker" / "start_redis.sh"), "--port", str(port), "--save", "", "--dir", str(folder)],
        env={"PATH": "/usr/bin:/bin", "REDIS_PASSWORD_FILE": str(folder / "redis_password")},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def callers() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=DEADLINE_S, limits=limits) as client:
        yield client


def posts(client: httpx.AsyncClient, url: str, images: list[bytes]) -> list[asyncio.Task[httpx.Response]]:
    """Requests, each from an address of its own."""
    return [
        asyncio.ensure_future(
            client.post(
                f"{url}/embed",
                content=image,
                headers={"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"},
            )
        )
        for number, image in enumerate(images)
    ]


async def until_running(fleet: Fleet, runs: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while fleet.runs() < runs:
            await asyncio.sleep(0.01)


async def test_equal_requests_through_the_proxy_share_one_run(
    fleet: Fleet, callers: httpx.AsyncClient, image_bytes: Callable[..., bytes]
) -> None:
    before = fleet.runs()
    answers = await asyncio.gather(*posts(callers, fleet.url, [image_bytes()] * REQUESTS))
    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    assert len({answer.content for answer in answers}) == 1
    assert fleet.runs() == before + 1


FRONT = """
daemon off; worker_processes 1; pid {temp}/front.pid; error_log stderr warn;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {temp}/b; proxy_temp_path {temp}/p; fastcgi_temp_path {temp}/f;
uwsgi_temp_path {temp}/u; scgi_temp_path {temp}/s; {server} }}
"""


@pytest.fixture
def front(fleet: Fleet, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[str]:
    """The address of the example of a proxy with TLS, in front of the other one."""
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([*made, *files], check=True, capture_output=True)
    port = free_port()
    server = (ROOT / "docker" / "tls.conf").read_text()
    for there, here in {
        "listen 443": f"listen {port}",
        "127.0.0.1:8080": fleet.url.removeprefix("http://"),
        "/etc/ssl/photos.example.org.pem": str(tmp_path / "certificate"),
        "/etc/ssl/private/photos.example.org.key": str(tmp_path / "key"),
    }.items():
        assert there in server
        server = server.replace(there, here)
    (tmp_path / "front.conf").write_text(FRONT.format(temp=tmp_path, server=server))
    process = subprocess.Popen([program("nginx"), "-e", "stderr", "-c", str(tmp_path / "front.conf")])
    try:
        url = f"https://127.0.0.1:{port}"
        wait_for(f"{url}/tool/", verify=False)
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("prefix", ["", "/tool"])
def test_links_and_answers_are_right_behind_tls_and_below_a_path(
    front: str, prefix: str, image_bytes: Callable[..., bytes]
) -> None:
    with httpx.Client(verify=False, timeout=DEADLINE_S) as client:
        page = client.get(f"{front}{prefix}/")
        assert "<title>splitseem</title>" in page.text
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        made = client.post(f"{front}{prefix}/embed", content=image_bytes(colour="orange"))
        assert made.status_code == 200
        location = made.headers["location"]
        assert location.startswith(f"{prefix}/v1/embeddings/")
        assert client.get(front + location).content == made.content
        described = client.get(f"{front}{prefix}/openapi.json").json()
        assert [server["url"] for server in described.get("servers", [])] == ([prefix] if prefix else [])


class Faults:
    """Requests that go on while something happens to the fleet, and what came of them."""

    def __init__(self, fleet: Fleet, client: httpx.AsyncClient, images: list[bytes]) -> None:
        self._fleet = fleet
        self._client = client
        self._images = images
        self.seen: list[tuple[int, httpx.Response]] = []

    async def during(self, happens: Callable[[], None], seconds: float) -> None:
        """Ask for all images evenly over some seconds; early in them it happens."""
        tasks = []
        for number, image in enumerate(self._images):
            tasks += posts(self._client, self._fleet.url, [image])
            await asyncio.sleep(seconds / len(self._images))
            if number == len(self._images) // 4:
                happens()
        answers = await asyncio.gather(*tasks)
        self.seen += [(number % len(self._images), answer) for number, answer in enumerate(answers)]


async def test_answers_are_right_whatever_becomes_of_a_server_or_of_redis(
    fleet: Fleet, callers: httpx.AsyncClient, image_bytes: Callable[..., bytes], fake_service: Any
) -> None:
    """The last test of the fleet: little of it is left."""
    images = [image_bytes(colour=(number, 9, 9)) for number in range(24)]
    with fake_service(SPLITSEEM_QUEUE_SIZE="64") as alone:
        right = [answer.content for answer in await asyncio.gather(*posts(callers, alone.url, images))]
    first, second, _ = fleet.servers
    faults = Faults(fleet, callers, images)
    await faults.during(lambda: first.process.send_signal(signal.SIGTERM), 1.5)
    assert first.process.wait(DEADLINE_S) == 0
    await faults.during(second.process.kill, 1.0)
    await faults.during(fleet.redis.kill, 1.0)
    came = Counter(answer.status_code for _, answer in faults.seen)
    assert came.keys() <= {200, 429}
    assert came[200] > came.total() // 2
    wrong = [
        number
        for number, answer in faults.seen
        if answer.status_code == 200 and answer.content != right[number]
    ]
    assert wrong == []
