"""A folder with a Debian in it, made by debootstrap, in which commands run as in a container.

They see the files of that folder and variables of their own. The service has no capabilities there, and files
that it cannot change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIRROR = os.environ.get("DEBIAN_MIRROR")
"""None stands for debootstrap's own."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOUNTED = """\
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
"""
CONFINED = ("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups")


class NoRoot(Exception):
    """This machine cannot make one; the message says what is missing."""


@dataclass(frozen=True)
class Bind:
    """A file or folder of this machine that is seen in the root."""

    here: Path
    there: str
    writable: bool = False

    def script(self) -> str:
        """Lines for the shell that mount it."""
        target = f'"$root{self.there}"'
        make = f"mkdir -p {target}" if self.here.is_dir() else f"mkdir -p $(dirname {target}); touch {target}"
        options = "bind" if self.writable else "bind,ro"
        return f"{make}; mount -o {options} '{self.here}' {target}\n"


@dataclass(frozen=True)
class DebianRoot:
    """A root that is there."""

    path: Path

    @classmethod
    def make(cls, path: Path, release: str, packages: Sequence[str], kept: Path) -> DebianRoot:
        """Install Debian's smallest set and these packages.

        Args:
            kept: a folder for packages that were fetched.
        Raises:
            NoRoot: debootstrap or rights are missing, or no mirror answers.
        """
        if shutil.which("debootstrap") is None:
            raise NoRoot("debootstrap is needed: apt-get install debootstrap")
        if os.geteuid() != 0:
            raise NoRoot("only root makes a root: debootstrap and mount ask for it")
        kept.mkdir(parents=True, exist_ok=True)
        command = [
            *("debootstrap", "--variant=minbase", f"--include={','.join(packages)}"),
            *(f"--cache-dir={kept}", release, str(path)),
            *([MIRROR] if MIRROR else []),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(path, ignore_errors=True)
            said = (done.stdout + done.stderr).strip().splitlines()
            raise NoRoot(f"debootstrap made no {release}: {said[-1] if said else done.returncode}")
        return cls(path)

    def command(
        self,
        command: Sequence[str],
        *,
        folder: str,
        variables: Mapping[str, str],
        binds: Sequence[Bind] = (),
        user: str | None = None,
    ) -> list[str]:
        """The same command for this machine. It becomes that process, so that signals reach it.

        Args:
            folder: in which it runs.
            variables: all that it has, but for PATH.
            user: `number:group`, confined as `docker-compose.yml` says; None is root, who may write.
        """
        script = f"set -eu; root=$1; shift\n{MOUNTED}{''.join(bind.script() for bind in binds)}"
        if user is not None:
            script += 'mount -o remount,bind,ro "$root"\n'
        entered = ["env", "-i", f"--chdir={folder}", f"PATH={PATH}"]
        entered += [f"{name}={value}" for name, value in variables.items()]
        if user is not None:
            number, group = user.split(":")
            entered += ["setpriv", f"--reuid={number}", f"--regid={group}", *CONFINED]
        script += 'exec chroot "$root" "$@"\n'
        mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(self.path)]
        return [*mounts, *entered, *command]


def package_settings() -> tuple[dict[str, str], list[Bind]]:
    """Whence this machine takes packages: variables for pip and npm in a root, and files that they name."""
    variables = {**_pip_settings(), **_npm_settings()}
    variables |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    # Of an index, the folder above: pages may name files beside theirs.
    words = [word.removeprefix("file://") for value in variables.values() for word in value.split()]
    paths = {
        Path(word).parent if word.endswith("/simple") else Path(word) for word in words if word[0] == "/"
    }
    return variables, [Bind(path, str(path)) for path in sorted(paths) if path.exists()]


def _pip_settings() -> dict[str, str]:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    pairs = re.findall(r"^(?:global|install|user|:env:)\.(\S+)='(.*)'$", listed, re.M)
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in pairs}


def _npm_settings() -> dict[str, str]:
    if shutil.which("npm") is None:
        return {}
    names = ("registry", "cafile", "proxy", "https-proxy")
    command = ["npm", "config", "get", *names]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pairs = re.findall(r"^(\S+)=(?!null$|undefined$)(.+)$", listed, re.M)
    return {f"NPM_CONFIG_{name.upper().replace('-', '_')}": value for name, value in pairs}


def unpack_from_npm(package: str, folder: Path) -> None:
    """Put a package below a folder as npm does with `-g`: what it has in `bin` is a program there.

    Args:
        package: `name@version`.
    Raises:
        NoRoot: npm is missing, or has no such package.
    """
    if shutil.which("npm") is None:
        raise NoRoot("npm is needed to take Node from its registry")
    command = ["npm", "install", "--global", "--ignore-scripts", "--no-audit", f"--prefix={folder}", package]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NoRoot(f"npm installed no {package}: {(done.stdout + done.stderr).strip()[-300:]}")
