"""The wheel, with the built page and the graphs of the bundled model: the same bytes from the same commit.

`python -m release.wheel FOLDER` writes it. Entries have the time of the commit, so a second build differs in
nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = ("client/dist/index.html", "build/decoder/nano/manifest.json", "sdk/splitseem/canvas.js")


class NotBuilt(Exception):
    """Something is missing that the wheel should hold."""


def build_wheel(folder: Path) -> Path:
    """Write the wheel into a folder.

    Raises:
        NotBuilt: page or graphs are missing. CalledProcessError: the build fails.
    """
    missing = [file for file in BUILT if not (ROOT / file).is_file()]
    if missing:
        raise NotBuilt(f"{' and '.join(missing)} not found: run `make setup` first")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)],
        env={**os.environ, "SOURCE_DATE_EPOCH": commit_time()},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = folder.glob("splitseem-*.whl")
    return wheel


def commit_time() -> str:
    """Of the commit that is checked out, in seconds since 1970."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def digest(file: Path) -> str:
    """SHA-256, hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_hashes(folder: Path) -> None:
    """`SHA256SUMS` of all files of a folder, as `sha256sum --check` reads it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = "".join(f"{digest(file)}  {file.relative_to(folder)}\n" for file in files)
    (folder / "SHA256SUMS").write_text(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        print(build_wheel(parser.parse_args().folder))
    except NotBuilt as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
