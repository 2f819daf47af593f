"""The script that installs without network refuses what would not work, before it changes anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from release.offline import close


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A folder as `release.offline` makes it, with nothing to install."""
    folder = tmp_path / "packed"
    (folder / "packages").mkdir(parents=True)
    for name in ("requirements.txt", "alone.txt"):
        (folder / name).write_text("")
    close(folder)
    return folder


def install(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "install.sh"), str(target)],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )


def test_files_that_are_whole_are_installed(packed: Path, tmp_path: Path) -> None:
    done = install(packed, tmp_path / "there")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there" / "bin" / "python").exists()


def test_changed_files_are_refused(packed: Path, tmp_path: Path) -> None:
    (packed / "requirements.txt").write_text("other\n")
    refused = install(packed, tmp_path / "there")
    assert refused.returncode == 1
    assert "copy them again" in refused.stderr
    assert not (tmp_path / "there").exists()


def test_another_python_is_refused(packed: Path, tmp_path: Path) -> None:
    (packed / "PYTHON_VERSION").write_text("3.9\n")
    sums = (packed / "SHA256SUMS").read_text().splitlines(keepends=True)
    (packed / "SHA256SUMS").write_text("".join(line for line in sums if "PYTHON_VERSION" not in line))
    refused = install(packed, tmp_path / "there")
    assert refused.returncode == 1
    assert "packed for Python 3.9" in refused.stderr


def test_a_folder_that_is_there_is_left_as_it_is(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refused = install(packed, tmp_path / "there")
    assert refused.returncode == 1
    assert "there already" in refused.stderr
    assert list((tmp_path / "there").iterdir()) == []
