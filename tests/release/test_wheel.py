"""What is published is the same each time it is built, and is enough to serve the page."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from release.wheel import build_wheel, digest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_a_second_build_has_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert digest(build_wheel(tmp_path)) == digest(wheel)


def test_the_installed_wheel_serves_page_graphs_and_embeddings(
    wheel: Path,
    tmp_path: Path,
    serve: Callable[..., AbstractContextManager[str]],
) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path), str(wheel)],
        check=True,
    )
    sample = next(tmp_path.glob("splitseem_cli/built/page/samples/*.jpg")).read_bytes()
    with serve(PYTHONPATH=str(tmp_path)) as url, httpx.Client(base_url=url, timeout=60) as client:
        assert "<title>splitseem</title>" in client.get("/").text
        assert client.get("/v1/model").json()["model"] == "nano"
        assert client.post("/embed", content=sample).status_code == 200


def test_the_wheel_names_its_licence_and_those_of_the_weights(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
    assert any(name.endswith("/NOTICE") for name in names)
    assert any(name.endswith("/LICENSE") for name in names)
