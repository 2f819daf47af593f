"""What `make root` does is what the Dockerfiles say."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.containers.dockerfile import Copy, NotUnderstood, Run, files_of, is_ignored, read_dockerfile

ROOT = Path(__file__).parents[2]

FILE = """\
# a comment
FROM base:1.2.3-release AS build
ARG INDEX=https://one
WORKDIR /app
COPY . .
# between
RUN --mount=type=cache,target=/root/kept \\
    make it INDEX=${INDEX}

FROM base:1.2.3-slim-release
COPY --from=build /app/a b c /there
USER 10:20
ENV A=1 \\
    B="two words"
EXPOSE 8000
ENTRYPOINT ["run", "it"]
"""


def test_stages_have_their_steps_in_order() -> None:
    build, last = read_dockerfile(FILE, {})
    assert (build.image, build.name, build.folder) == ("base:1.2.3-release", "build", "/app")
    assert build.steps == [Copy((".",), "."), Run("make it INDEX=https://one", ("/root/kept",))]
    assert last.steps == [Copy(("/app/a", "b", "c"), "/there", "build")]
    assert (last.user, last.variables, last.entry) == ("10:20", {"A": "1", "B": "two words"}, ["run", "it"])


def test_arguments_take_the_place_of_defaults() -> None:
    (build, _) = read_dockerfile(FILE, {"INDEX": "file:///two"})
    assert build.steps[-1] == Run("make it INDEX=file:///two", ("/root/kept",))


@pytest.mark.parametrize("line", ["VOLUME /data", "RUN --network=none make it", "FROM --platform=x y AS z"])
def test_what_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(NotUnderstood, match=line.split()[0]):
        read_dockerfile(f"FROM a:1\n{line}\n", {})


@pytest.mark.parametrize("name", ["server", "client"])
def test_the_dockerfiles_are_understood(name: str) -> None:
    build, last = read_dockerfile((ROOT / "docker" / f"{name}.Dockerfile").read_text(), {})
    assert any(isinstance(step, Run) for step in build.steps)
    assert all(isinstance(step, Copy) for step in last.steps)
    assert last.entry


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        (".git/HEAD", True),
        (".gitignore", False),
        (".venv-ray/bin/python", True),
        ("client/.venv", False),
        ("node_modules/a", True),
        ("client/node_modules/a/b", True),
        ("client/dist", True),
        ("client/distance.ts", False),
        ("server/__pycache__/a.pyc", True),
        ("tests/data/README.md", False),
        ("data/a.png", True),
        ("client/.mypy_cache/a", True),
    ],
)
def test_ignored_files_are_those_of_docker(path: str, ignored: bool) -> None:
    assert is_ignored(path, (ROOT / ".dockerignore").read_text().split()) is ignored


def test_the_context_has_links_as_links_and_nothing_ignored(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("build\n**/kept\n")
    for name in ("a/kept/x", "a/b/y", "build/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "around").symlink_to(tmp_path)
    names = [path.as_posix() for path in files_of(tmp_path)]
    assert names == [".dockerignore", "a/around", "a/b/y"]
