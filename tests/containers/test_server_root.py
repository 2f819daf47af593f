"""`make root`: the server's image without a container engine.

Its steps run in a Debian of the same release, in the Dockerfile's order, and its entry point runs there as
docker-compose.yml says.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from tests.containers.debian_root import Bind, DebianRoot, NoRoot, pip_settings
from tests.containers.dockerfile import Copy, Run, Stage, files_of, read_dockerfile

from splitseem_proto import Embedding, unpack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
# Where no folder is named, these tests are left out (conftest.py).
ROOTS = Path(os.environ.get("DEBIAN_ROOTS", "build/roots")).resolve()
STARTS_WITHIN_S = 120
PROGRAMS = ("python3",)
BUILDING = ("python3", "python3-venv", "make", "ca-certificates")
"""What of python:…-slim-… and python:… is used; the rest of those images is not there."""


def base(image: str) -> Path:
    """A root in place of an image, made once."""
    slim = "slim" in image
    path = ROOTS / f"base-{'slim' if slim else 'whole'}"
    if not path.is_dir():
        release = image.rpartition("-")[2]
        try:
            DebianRoot.make(path, release, PROGRAMS if slim else BUILDING, ROOTS / "packages")
        except NoRoot as error:
            pytest.skip(str(error))
    return path


def copy(step: Copy, stage: Stage, root: Path, stages: dict[str | None, Path]) -> None:
    """As Docker does: what is in a folder goes into the target."""
    target = root / os.path.join(stage.folder, step.target).lstrip("/")
    for source in step.sources:
        if step.stage is None and source == ".":
            for name in files_of(ROOT):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
            continue
        start = ROOT / source if step.stage is None else stages[step.stage] / source.lstrip("/")
        if start.is_dir():
            shutil.copytree(start, target, symlinks=True, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(start, target)


def build(stage: Stage, path: Path, stages: dict[str | None, Path]) -> None:
    """All steps of a stage, in a root of its own."""
    shutil.rmtree(path, ignore_errors=True)
    # A root has devices, which only cp takes for what they are.
    subprocess.run(["cp", "-a", str(base(stage.image)), str(path)], check=True)
    (path / stage.folder.lstrip("/")).mkdir(parents=True)
    shutil.copy2("/etc/resolv.conf", path / "etc" / "resolv.conf")
    root = DebianRoot(path)
    variables, binds = pip_settings()
    for step in stage.steps:
        if isinstance(step, Copy):
            copy(step, stage, path, stages)
        elif isinstance(step, Run):
            kept = [Bind(ROOTS / "kept" / folder.lstrip("/"), folder, writable=True) for folder in step.kept]
            for bind in kept:
                bind.here.mkdir(parents=True, exist_ok=True)
            command = root.command(
                ["/bin/sh", "-c", step.command],
                folder=stage.folder,
                variables={"HOME": "/root", **variables, **stage.variables},
                binds=[*binds, *kept],
            )
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert done.returncode == 0, f"{step.command}\n{done.stdout[-4000:]}"


@pytest.fixture(scope="module")
def image() -> Iterator[tuple[Stage, DebianRoot]]:
    """The last stage of the server's Dockerfile, and its root."""
    stages = read_dockerfile((ROOT / "docker" / "server.Dockerfile").read_text(), os.environ)
    paths = {stage.name: ROOTS / f"server-{stage.name or 'image'}" for stage in stages}
    for stage in stages:
        build(stage, paths[stage.name], paths)
    yield stages[-1], DebianRoot(paths[stages[-1].name])
    for path in paths.values():
        shutil.rmtree(path)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """What docker-compose.yml says of the server."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["server"]
    return found


def photo() -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (120, 181, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_the_server_image_serves_is_healthy_and_stops(
    image: tuple[Stage, DebianRoot],
    service: dict[str, Any],
    free_port: int,
) -> None:
    stage, root = image
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]

    def confined(command: list[str], **variables: str) -> list[str]:
        given = {**stage.variables, **variables}
        return root.command(command, folder=stage.folder, variables=given, user=stage.user)

    kind, *check = service["healthcheck"]["test"]
    assert kind == "CMD"
    check = [word.replace(":8000", f":{free_port}") for word in check]

    def is_healthy() -> bool:
        return subprocess.run(confined(check), capture_output=True).returncode == 0

    assert not is_healthy()
    process = subprocess.Popen(confined(stage.entry, SPLITSEEM_PORT=str(free_port), SPLITSEEM_CACHE="memory"))
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not is_healthy():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(1)
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert f"Uid:\t{stage.user.split(':')[0]}\t" in status
        assert "CapBnd:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        request = urllib.request.Request(f"http://127.0.0.1:{free_port}/embed", photo())
        with urllib.request.urlopen(request, timeout=60) as answer:
            embedding = unpack(answer.read())
        assert isinstance(embedding, Embedding)
        assert embedding.geometry.original_hw == (120, 181)
        process.send_signal(signal.SIGTERM)
        assert process.wait(float(service["stop_grace_period"].removesuffix("s"))) == 0
    finally:
        process.kill()


@pytest.mark.parametrize("folder", ["/app", "/app/server", "/etc", "/root"])
def test_the_service_can_write_nothing_but_its_temporary_files(
    image: tuple[Stage, DebianRoot], folder: str
) -> None:
    stage, root = image

    def touches(path: str) -> bool:
        command = root.command(["touch", path], folder=stage.folder, variables={}, user=stage.user)
        return subprocess.run(command, capture_output=True).returncode == 0

    assert touches("/tmp/one")
    assert not touches(f"{folder}/one")
