"""A Dockerfile of this repository -> its stages, as data. Knows the instructions that are used here only."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class NotUnderstood(Exception):
    """An instruction, or an option of one, that this reader does not know."""


@dataclass(frozen=True)
class Copy:
    """`COPY`: files of the repository, or of the stage of that name."""

    sources: tuple[str, ...]
    target: str
    stage: str | None = None


@dataclass(frozen=True)
class Run:
    """`RUN`: a command for the shell, its variables filled in, and folders that are kept between builds."""

    command: str
    kept: tuple[str, ...] = ()


@dataclass
class Stage:
    """What an image starts from, what is done in it, in order, and how it is run."""

    image: str
    name: str | None
    steps: list[Copy | Run] = field(default_factory=list)
    folder: str = "/"
    user: str = "0:0"
    variables: dict[str, str] = field(default_factory=dict)
    entry: list[str] = field(default_factory=list)


def read_dockerfile(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """The stages of a Dockerfile, in order.

    Args:
        arguments: values for `ARG`, in place of their defaults.
    Raises:
        NotUnderstood: as it says.
    """
    stages: list[Stage] = []
    values: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word == "FROM":
            found = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest)
            if found is None:
                raise NotUnderstood(f"FROM {rest}")
            stages.append(Stage(found[1], found[2]))
            values = {}
        elif word == "ARG":
            name, _, default = rest.partition("=")
            values[name] = arguments.get(name, default)
        else:
            _add(stages[-1], word, _filled(rest, values))
    return stages


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether a `.dockerignore` of these lines leaves a file out, by its name or that of a folder above."""
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return any(re.fullmatch(_expression(pattern), name) for pattern in patterns for name in above)


def files_of(root: Path) -> Iterator[Path]:
    """What `COPY . .` takes of a repository, relative to it: files, and links as links."""
    patterns = (root / ".dockerignore").read_text().split()

    def below(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            name = path.relative_to(root)
            if is_ignored(name.as_posix(), patterns):
                continue
            if path.is_dir() and not path.is_symlink():
                yield from below(path)
            else:
                yield name

    return below(root)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def _add(stage: Stage, word: str, rest: str) -> None:
    if word == "WORKDIR":
        stage.folder = rest
    elif word == "USER":
        stage.user = rest
    elif word == "ENV":
        stage.variables.update(pair.partition("=")[::2] for pair in shlex.split(rest))
    elif word == "ENTRYPOINT":
        stage.entry = json.loads(rest)
    elif word == "COPY":
        named = re.match(r"--from=(\S+) ", rest)
        *sources, target = rest.split()[0 if named is None else 1 :]
        stage.steps.append(Copy(tuple(sources), target, None if named is None else named[1]))
    elif word == "RUN":
        kept = re.findall(r"--mount=type=cache,target=(\S+) ", rest)
        command = re.sub(r"--mount=type=cache,target=\S+ ", "", rest)
        if command.startswith("--"):
            raise NotUnderstood(f"RUN {rest}")
        stage.steps.append(Run(command.strip(), tuple(kept)))
    elif word != "EXPOSE":
        raise NotUnderstood(f"{word} {rest}")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)


def _expression(pattern: str) -> str:
    """A line of `.dockerignore` as a regular expression."""
    whole = re.escape(pattern.rstrip("/"))
    return whole.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
