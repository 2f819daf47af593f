"""What is published of a commit, in one folder: the wheel, lists of what is in it (CycloneDX), and hashes.

`python -m release FOLDER` builds the wheel twice and stops if the two differ. The wheel is installed into a
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
    wheel = build_wheel(folder)
    with tempfile.TemporaryDirectory() as again:
        if digest(build_wheel(Path(again))) != digest(wheel):
            raise Differs(f"{wheel.name} has other bytes when it is built again")
    _list_of_python(wheel, folder / "packages.python.cdx.json")
    _list_of_page(folder / "packages.page.cdx.json")
    write_hashes(folder)
    return sorted(folder.iterdir())


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
