"""What is published of a commit, in one folder: wheel, npm package, lists of what is in them, hashes.

`python -m release FOLDER` builds both twice and stops if one differs. The wheel is installed into a
fresh environment with all that the service needs; that environment is what the list of Python packages names.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from release.wheel import ROOT, NotBuilt, build_wheel, digest, write_hashes

EXTRAS = "server,decode,export"


class Differs(Exception):
    """Two builds of one commit are not the same."""


def release(folder: Path) -> list[Path]:
    """Write everything into an empty folder.

    Raises:
        NotBuilt, Differs: see there. CalledProcessError: a program fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wheel = _built_twice(build_wheel, folder)
    _built_twice(pack_client, folder)
    _list_of_python(wheel, folder / "packages.python.cdx.json")
    _list_of_page(folder / "packages.page.cdx.json")
    write_hashes(folder)
    return sorted(folder.iterdir())


def _built_twice(build: Callable[[Path], Path], folder: Path) -> Path:
    made = build(folder)
    with tempfile.TemporaryDirectory() as again:
        if digest(build(Path(again))) != digest(made):
            raise Differs(f"{made.name} has other bytes when it is built again")
    return made


def pack_client(folder: Path) -> Path:
    """Write `@splitseem/client` as npm publishes it into a folder.

    Raises:
        CalledProcessError: it cannot be built.
    """
    package = ROOT / "client" / "package"
    subprocess.run(["npm", "run", "--silent", "package"], cwd=package.parent, check=True, capture_output=True)
    pack = ["npm", "pack", "--silent", "--pack-destination", str(folder.resolve())]
    subprocess.run(pack, cwd=package, check=True, capture_output=True)
    (packed,) = folder.glob("splitseem-client-*.tgz")
    return packed


def _list_of_python(wheel: Path, file: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        environment = Path(place) / "environment"
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        options = ["--quiet", "--constraint", str(ROOT / "constraints.txt"), f"{wheel}[{EXTRAS}]"]
        subprocess.run([python, "-m", "pip", "install", *options], check=True)
        subprocess.run(
            [python, "-m", "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"], check=True
        )
        lists = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", str(python)]
        found = subprocess.run(lists, check=True, capture_output=True, text=True).stdout
    _write(file, json.loads(found))


def _list_of_page(file: Path) -> None:
    command = ["npm", "sbom", "--sbom-format", "cyclonedx", "--omit", "dev"]
    found = subprocess.run(command, cwd=ROOT / "client", check=True, capture_output=True, text=True).stdout
    _write(file, json.loads(found))


def _write(file: Path, found: dict[str, Any]) -> None:
    """Without what is another each time, and without folders of this machine."""
    found.pop("serialNumber", None)
    found["metadata"].pop("timestamp", None)
    for component in found["components"]:
        there = component.get("externalReferences", [])
        component["externalReferences"] = [one for one in there if not one["url"].startswith("file:")]
    file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        files = release(parser.parse_args().folder)
    except (NotBuilt, Differs) as error:
        sys.exit(str(error))
    for file in files:
        print(f"{file.stat().st_size / 1e6:8.2f} MB  {file}")


if __name__ == "__main__":
    main()
