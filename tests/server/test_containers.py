"""What the containers do, done here without an engine: configuration, commands, secrets, health checks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi import FastAPI
from tests.server.nginx import ROOT, program

from splitseem_server.redis_url import read_redis_url
from splitseem_server.settings import Settings

DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
SERVICES = ["client", "grafana", "prometheus", "redis", "server", "server-gpu"]
OPTIONAL = {"server-gpu": "gpu", "prometheus": "observability", "grafana": "observability"}
COMPOSE_FILE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def compose(*arguments: str) -> str:
    command = [program("docker-compose"), "-f", str(ROOT / "docker-compose.yml"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


@pytest.fixture(scope="module")
def config() -> str:
    """What `docker-compose config` prints for all profiles."""
    return compose("--profile", "gpu", "--profile", "observability", "config")


def service_block(config: str, service: str) -> str:
    """The lines of one service of a configuration."""
    services = config.split("services:\n")[1]
    found = re.search(rf"^  {service}:\n((?:    .*\n)+)", services, re.M)
    assert found is not None, config
    return found.group(1)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--profile", "gpu"),
        ("--profile", "observability"),
        ("-f", "docker/keys.yml"),
        ("--profile", "gpu", "-f", "docker/keys.yml"),
    ],
    ids=" ".join,
)
def test_compose_file_is_valid_for_every_profile(options: tuple[str, ...]) -> None:
    assert sorted(compose(*options, "config", "--services").split()) == SERVICES


def test_what_not_everybody_needs_is_in_a_profile(config: str) -> None:
    for service in SERVICES:
        profile = re.search(r"^    profiles:\n    - (\S+)\n", service_block(config, service), re.M)
        assert (None if profile is None else profile[1]) == OPTIONAL.get(service), service


def test_only_the_gpu_profile_reserves_a_device(config: str) -> None:
    gpu = service_block(config, "server-gpu")
    for line in ("driver: nvidia", "count: 1", "- gpu", "SPLITSEEM_DEVICE: cuda"):
        assert line in gpu
    assert [service for service in SERVICES if "devices" in service_block(config, service)] == ["server-gpu"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_confined_and_has_limits_and_a_health_check(config: str, service: str) -> None:
    block = service_block(config, service)
    for line in (
        "healthcheck:",
        "cap_drop:\n    - ALL",
        "read_only: true",
        "no-new-privileges:true",
        "restart:",
        "mem_limit:",
        "pids_limit:",
        "stop_grace_period:",
        "max-size: 10m",
    ):
        assert line in block, line
    for folder in re.findall(r"^    - (/\S+:mode=\S+)$", block, re.M):
        assert "size=" in folder


def test_a_server_has_time_to_end_its_work(config: str) -> None:
    found = re.search(r"stop_grace_period: (\d+)s", service_block(config, "server"))
    assert found is not None
    assert int(found[1]) > Settings().drain_s + 5


@pytest.mark.parametrize(
    "image",
    re.findall(r"^    image: (?!splitseem)(\S+)$", COMPOSE_FILE, re.M)
    + [image for path in DOCKERFILES for image in re.findall(r"^FROM (\S+)", path.read_text(), re.M)],
)
def test_images_of_others_are_pinned(image: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z-]+)?", image)


def test_only_the_page_and_the_dashboards_are_published_and_only_on_this_machine(config: str) -> None:
    published = [service for service in SERVICES if "ports:" in service_block(config, service)]
    assert published == ["client", "grafana"]
    for service, ports in (("client", "127.0.0.1:8080:8080"), ("grafana", "127.0.0.1:3000:3000")):
        assert ports in service_block(config, service)


def test_what_has_to_last_is_in_a_named_volume(config: str) -> None:
    assert "redis-data:/data" in service_block(config, "redis")
    assert "prometheus-data:/prometheus" in service_block(config, "prometheus")
    assert "volumes:\n  prometheus-data: {}\n  redis-data: {}" in config


def test_no_secret_stands_in_the_configuration_nor_in_an_image(config: str) -> None:
    for service, secret in (
        ("redis", "redis_password"),
        ("server", "cache_url"),
        ("server-gpu", "cache_url"),
    ):
        assert f"secrets:\n    - source: {secret}\n" in service_block(config, service)
    assert not re.search(r"(?i)password[^\n]*: (?!/run/secrets)\S*[0-9A-Za-z]{12}", config)
    for ignored, line in ((".dockerignore", "secrets"), (".gitignore", "/secrets/")):
        assert line in (ROOT / ignored).read_text().splitlines()


def test_keys_are_asked_for_where_that_file_is_added() -> None:
    config = compose("--profile", "gpu", "-f", "docker/keys.yml", "config")
    for service in ("server", "server-gpu"):
        block = service_block(config, service)
        assert "SPLITSEEM_API_KEYS_FILE: /run/secrets/api_keys" in block
        assert "SPLITSEEM_CACHE_FILE: /run/secrets/cache_url" in block
        assert "- source: api_keys" in block
        assert "- source: cache_url" in block


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


def test_commands_of_the_compose_file_are_our_scripts() -> None:
    checks = re.findall(r"test: \[CMD, (.*)\]", COMPOSE_FILE)
    entries = re.findall(r"entrypoint: \[(.*)\]", COMPOSE_FILE)
    scripts = [re.findall(r"docker/\S+?\.(?:py|sh)", line) for line in (*checks, *entries)]
    assert all(len(named) == 1 for named in scripts), (checks, entries)
    assert {name for (name,) in scripts} == {
        "docker/healthcheck.py",
        "docker/healthcheck.sh",
        "docker/check_redis.sh",
        "docker/start_redis.sh",
    }
    for (name,) in scripts:
        assert (ROOT / name).is_file()
        assert name.endswith(".py") or os.access(ROOT / name, os.X_OK)


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


def new_secrets(folder: Path) -> dict[str, str]:
    """What the script makes, by the name of its file."""
    subprocess.run([str(ROOT / "docker" / "new_secrets.sh"), str(folder)], check=True)
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_secrets_are_made_once_and_read_by_containers_only(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = new_secrets(folder)
    named = set(re.findall(r"^    file: .*/(\w+)\"$", COMPOSE_FILE, re.M))
    assert set(made) == named
    assert all(len(secret) >= 40 for secret in made.values())
    assert len(set(made.values())) == len(named)
    assert new_secrets(folder) == made
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    assert read_redis_url(made["cache_url"]).kind is not None
    (folder / "redis_password").chmod(0o644)
    (folder / "redis_password").write_text("another")
    assert new_secrets(folder)["cache_url"] == "redis://:another@redis:6379/0"


@pytest.mark.redis
def test_redis_takes_its_options_and_asks_for_its_password(
    free_port: Callable[[], int], tmp_path: Path, wait_until: Any
) -> None:
    password = new_secrets(tmp_path / "secrets")["redis_password"]
    (listed,) = re.findall(r"entrypoint: \[/app/docker/start_redis.sh\]\n    command: \[(.*)\]", COMPOSE_FILE)
    options = [option.strip('"') for option in listed.replace("/data", str(tmp_path)).split(", ")]
    port = free_port()
    variables = {**os.environ, "REDIS_PASSWORD_FILE": str(tmp_path / "secrets" / "redis_password")}
    check = [str(ROOT / "docker" / "check_redis.sh"), "-p", str(port)]

    def passes(**changed: str) -> bool:
        return subprocess.run(check, capture_output=True, env=variables | changed).returncode == 0

    start = [str(ROOT / "docker" / "start_redis.sh"), *options, "--port", str(port)]
    process = subprocess.Popen(start, stdout=subprocess.DEVNULL, env=variables)
    try:
        wait_until(passes)
        assert password not in Path(f"/proc/{process.pid}/cmdline").read_text()
        (tmp_path / "wrong").write_text("wrong")
        assert not passes(REDIS_PASSWORD_FILE=str(tmp_path / "wrong"))
        with redis.Redis(port=port, password=password) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
    finally:
        process.terminate()
        assert process.wait() == 0


def test_redis_does_not_start_without_a_password(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "absent"):
        variables = {**os.environ, "REDIS_PASSWORD_FILE": str(tmp_path / name)}
        run = subprocess.run([str(ROOT / "docker" / "start_redis.sh")], capture_output=True, env=variables)
        assert run.returncode != 0
