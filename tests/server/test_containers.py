"""What the containers do, done here without an engine: configuration, commands, nginx, health checks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from splitseem_proto import unpack
from splitseem_server.http.middleware import ISOLATION_HEADERS

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
SERVICES = ["client", "redis", "server", "server-gpu"]


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is needed")
    return found


def compose(*arguments: str) -> str:
    command = [program("docker-compose"), "-f", str(ROOT / "docker-compose.yml"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def service_block(config: str, service: str) -> str:
    """The lines of one service in what `docker-compose config` prints."""
    services = config.split("services:\n")[1]
    found = re.search(rf"^  {service}:\n((?:    .*\n)+)", services, re.M)
    assert found is not None, config
    return found.group(1)


@pytest.mark.parametrize("profile", [(), ("--profile", "gpu")])
def test_compose_file_is_valid_for_both_profiles(profile: tuple[str, ...]) -> None:
    assert sorted(compose(*profile, "config", "--services").split()) == SERVICES
    compose(*profile, "config", "--quiet")


def test_only_the_gpu_profile_reserves_a_device() -> None:
    config = compose("--profile", "gpu", "config")
    gpu = service_block(config, "server-gpu")
    assert "profiles:\n    - gpu\n" in gpu
    for line in ("driver: nvidia", "count: 1", "- gpu", "SPLITSEEM_DEVICE: cuda"):
        assert line in gpu
    for service in ("redis", "server", "client"):
        assert "devices" not in service_block(config, service)
        assert "profiles" not in service_block(config, service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_confined_and_has_a_health_check(service: str) -> None:
    block = service_block(compose("--profile", "gpu", "config"), service)
    for line in (
        "healthcheck:",
        "cap_drop:\n    - ALL",
        "read_only: true",
        "no-new-privileges:true",
        "restart:",
    ):
        assert line in block


def test_only_the_client_is_published_and_only_on_this_machine() -> None:
    config = compose("--profile", "gpu", "config")
    assert "127.0.0.1:8080:8080" in service_block(config, "client")
    assert [service for service in SERVICES if "ports:" in service_block(config, service)] == ["client"]


def test_redis_keeps_its_data_in_a_named_volume() -> None:
    config = compose("config")
    assert "redis-data:/data" in service_block(config, "redis")
    assert "volumes:\n  redis-data: {}" in config


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_images_run_nothing_but_make_targets_and_our_programs(path: Path) -> None:
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    for command in re.findall(r"^RUN (?:--\S+ +)*(.*)$", text, re.M):
        assert command.startswith("make ")
        arguments = {**os.environ, **dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.M))}
        subprocess.run(f"{command} -n", shell=True, check=True, capture_output=True, cwd=ROOT, env=arguments)
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.M)
    assert json.loads(entry) in ([".venv/bin/splitseem", "serve"], ["docker/start_nginx.sh"])
    (user,) = re.findall(r"^USER (.*)$", text, re.M)
    assert user.split(":")[0] not in ("0", "root")
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
        assert all((ROOT / source).exists() for source in sources.split())


def test_health_checks_of_the_compose_file_are_our_scripts() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    commands = re.findall(r"test: \[CMD, (.*)\]", text)
    scripts = [script for command in commands for script in re.findall(r"docker/\S+?\.(?:py|sh)", command)]
    assert sorted(scripts) == ["docker/healthcheck.py", "docker/healthcheck.sh"]
    assert all((ROOT / script).is_file() for script in scripts)
    assert [command for command in commands if "docker/" not in command] == ["redis-cli, ping"]


CHECKS = {
    "python": [sys.executable, str(ROOT / "docker" / "healthcheck.py")],
    "shell": [str(ROOT / "docker" / "healthcheck.sh")],
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_health_check_tells_a_ready_service_from_others(
    check: list[str],
    make_app: Callable[..., FastAPI],
    serve: Any,
    free_port: Callable[[], int],
    wait_until: Any,
) -> None:
    def passes(url: str) -> bool:
        return subprocess.run([*check, url], capture_output=True, timeout=30).returncode == 0

    app = make_app()
    with serve(app) as url:
        wait_until(lambda: app.state.services.readiness.state == "ready")
        assert passes(f"{url}/readyz")
        assert not passes(f"{url}/nothing")
        app.state.services.readiness.state = "failed"
        assert not passes(f"{url}/readyz")
    assert not passes(f"http://127.0.0.1:{free_port()}/readyz")


@pytest.mark.redis
def test_redis_takes_the_options_of_the_compose_file_and_answers_its_health_check(
    free_port: Callable[[], int], tmp_path: Path, wait_until: Any
) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    (command,) = re.findall(r"command: \[redis-server, (.*)\]", text)
    options = [option.strip('"') for option in command.split(", ")]
    port = str(free_port())
    server = [program("redis-server"), *options, "--port", port, "--dir", str(tmp_path)]
    check = [program("redis-cli"), "-p", port, "ping"]
    process = subprocess.Popen(server, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: subprocess.run(check, capture_output=True).returncode == 0)
        policy = subprocess.run(
            [*check[:-1], "config", "get", "maxmemory-policy"], capture_output=True, text=True
        )
        assert policy.stdout.split() == ["maxmemory-policy", "allkeys-lru"]
    finally:
        process.terminate()
        process.wait()


# nginx


@pytest.fixture
def start_nginx(
    client_dir: Path, tmp_path: Path, free_port: Callable[[], int], wait_until: Any
) -> Iterator[Callable[[str], str]]:
    """Starts nginx as the container does, in front of an upstream host:port; returns its address."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(upstream: str) -> str:
        port = free_port()
        processes.append(
            subprocess.Popen(nginx_command(), env=nginx_environment(client_dir, tmp_path, port, upstream))
        )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        return url

    yield start
    for process in processes:
        process.terminate()
        process.wait()


def nginx_command(*options: str) -> list[str]:
    # As root, nginx would give its workers to a user who may not read the folders of the tests.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [str(ROOT / "docker" / "start_nginx.sh"), *user, *options]


def nginx_environment(client_dir: Path, temp: Path, port: int, upstream: str) -> dict[str, str]:
    return {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "NGINX_PORT": str(port),
        "NGINX_ROOT": str(client_dir),
        "NGINX_UPSTREAM": upstream,
        "NGINX_TEMP": str(temp / "nginx"),
    }


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_nginx_accepts_its_configuration(client_dir: Path, tmp_path: Path) -> None:
    program("nginx")
    environment = nginx_environment(client_dir, tmp_path, 8080, "server:8000")
    run = subprocess.run(nginx_command("-t"), env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "warn" not in run.stderr.replace("error_log stderr warn", "")


def test_nginx_serves_the_client_and_passes_the_service_on(
    make_app: Callable[..., FastAPI], serve: Any, start_nginx: Callable[[str], str], image_bytes: Any
) -> None:
    with serve(make_app()) as upstream:
        url = start_nginx(upstream.removeprefix("http://"))
        with httpx.Client(base_url=url, timeout=30) as client:
            check_files(client)
            check_service(client, upstream, image_bytes)


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


def test_nginx_without_the_service_says_not_ready(
    start_nginx: Callable[[str], str], free_port: Callable[[], int]
) -> None:
    url = start_nginx(f"127.0.0.1:{free_port()}")
    response = httpx.get(f"{url}/readyz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:splitseem:problem:not-ready"
    assert_isolated(response)


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


def test_nginx_refuses_a_body_that_it_cannot_keep(
    start_nginx: Callable[[str], str], free_port: Callable[[], int]
) -> None:
    with uploading(start_nginx(f"127.0.0.1:{free_port()}"), 70_000_000) as connection:
        status, problem = answer(connection)
    assert status == problem["status"] == 413
    assert problem["type"] == "urn:splitseem:problem:body-too-large"


def test_nginx_works_on_so_many_requests_of_one_address(
    start_nginx: Callable[[str], str], free_port: Callable[[], int]
) -> None:
    url = start_nginx(f"127.0.0.1:{free_port()}")
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
