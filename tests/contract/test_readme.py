"""What the README and the other pages tell users to type exists, and what they link to is there."""

import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from splitseem_cli.main import COMMANDS, module_of

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "server").rglob("*.md")])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def typed_commands() -> list[tuple[str, str]]:
    """Every indented line that calls `splitseem`: page and line."""
    pattern = re.compile(r"^    (?:\.venv/bin/)?(splitseem .*)$", re.MULTILINE)
    return [(page.name, line) for page in PAGES for line in pattern.findall(text_of(page))]


@pytest.mark.parametrize(("page", "line"), typed_commands())
def test_typed_commands_and_their_options_exist(page: str, line: str) -> None:
    _, name, *words = line.split("#")[0].split()
    assert name in COMMANDS
    command: click.Command = import_module(module_of(name)).command
    known = {option for parameter in command.params for option in parameter.opts}
    used = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert used <= known


def test_the_pages_show_commands() -> None:
    assert len(typed_commands()) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    for target in re.findall(r"(?:^    |`)make ([a-z][a-z-]*)", text_of(page), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", text_of(page)):
        assert (page.parent / link).exists(), link


PYTHON = re.findall(r"^```python\n(.*?)^```", text_of(ROOT / "README.md"), re.MULTILINE | re.DOTALL)


def test_the_readme_shows_the_model_here_and_a_server() -> None:
    assert ["Predictor" in code for code in PYTHON] == [True, False]
    assert ["Client" in code for code in PYTHON] == [False, True]


@pytest.mark.parametrize("code", PYTHON, ids=["here", "server"])
def test_the_python_of_the_readme_gives_a_mask(
    code: str, nano_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "client" / "public" / "samples" / "astronaut.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names: dict[str, Any] = {}
    exec(compile(code.replace("http://127.0.0.1:8000", nano_server), "README.md", "exec"), names)
    assert names["mask"].dtype == bool
    assert names["mask"].shape == (512, 512)
    assert names["mask"][120, 220]
