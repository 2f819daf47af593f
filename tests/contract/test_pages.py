"""Pages name files and sections that exist, in lines that fit a screen."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
# A name between backticks counts as a path when it ends like one; `{`, `<` and `*` stand for names that vary.
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|tsx?|mjs|css|svg|md|toml|sh|ya?ml)))`")


def tracked() -> list[str]:
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


FILES = tracked()
MAX_COLUMNS = 120
PAGES = [name for name in FILES if name.endswith(".md")]
FOLDERS = {str(parent) for name in FILES for parent in PurePosixPath(name).parents}


def exists(path: str) -> bool:
    """Whether a file or folder has this path, or a path that ends with it."""
    known = FOLDERS if path.endswith("/") else FILES
    ending = path.rstrip("/")
    return any(name == ending or name.endswith(f"/{ending}") for name in known)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text(encoding="utf-8"))
    assert [path for path in named if not exists(path)] == []


def test_every_path_that_a_comment_names_exists() -> None:
    """Of code; upstream's own files, which `modeling/` begins, are elsewhere."""
    code = [name for name in FILES if name.endswith((".py", ".ts", ".tsx", ".js", ".sh"))]
    lines = [(name, line) for name in code for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    named = [(name, path) for name, line in lines if "`modeling/" not in line for path in PATH.findall(line)]
    assert len(named) > 40
    assert [(name, path) for name, path in named if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_section_that_a_page_links_to_exists(page: str) -> None:
    links = re.findall(r"\]\(([^)\s:]*)#([^)\s]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    for path, section in links:
        target = (ROOT / page).parent / path if path else ROOT / page
        headings = re.findall(r"^#+ (.*)", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert section in {anchor(heading) for heading in headings}, f"{path}#{section}"


def anchor(heading: str) -> str:
    """The name that a heading has in links."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("title", ["An upload", "A click"])
def test_a_walk_names_files_under_the_folder_of_each_step(title: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
    steps = re.findall(
        r"^\d+\. \*\*.+?\*\* \(`(.+?)`\)\.(.+?)(?=^\d|^\S|\Z)", section, re.MULTILINE | re.DOTALL
    )
    assert len(steps) == len(re.findall(r"^\d+\.", section, re.MULTILINE)) >= 8
    for folder, words in steps:
        named = PATH.findall(words)
        assert named, folder
        assert [name for name in named if not (ROOT / folder / name).exists()] == [], folder


def test_a_path_that_is_not_there_is_noticed() -> None:
    assert not exists("server/splitseem_model/nothing.py")
    assert not exists("splitseem_model/nothing/")
    assert exists("images/read.py")
    assert PATH.findall("`images/read.py` and `encode/backbones/`, not `step()` or `a.b`") == [
        "images/read.py",
        "encode/backbones/",
    ]


def prose(text: str) -> Iterator[str]:
    """Lines outside tables, code and bare links, which cannot be broken."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not re.match(r" {4}|\s*\||\s*(?:- )?\[?[^\s\]]*\]?\(?https?://\S*$", line):
            yield line


@pytest.mark.parametrize("page", PAGES)
def test_no_line_of_prose_is_longer_than_a_screen(page: str) -> None:
    long = [line for line in prose((ROOT / page).read_text(encoding="utf-8")) if len(line) > MAX_COLUMNS]
    assert long == []


def test_no_file_holds_the_marks_of_a_merge() -> None:
    mark = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert [name for name in FILES if mark.search((ROOT / name).read_bytes())] == []


def test_no_file_uses_words_that_a_reader_must_look_up() -> None:
    """Words of books, each with what is said instead."""
    instead = {
        "anew": "again",
        "by and by": "later",
        "gone on with": "continued",
        "had better": "should",
        "so many": "the number, or this many",
        "whoever": "who, or the one that",
    }
    words = re.compile(rf"\b(?:{'|'.join(instead)})\b".encode(), re.IGNORECASE)
    this = Path(__file__).relative_to(ROOT).as_posix()
    found = {name: words.findall((ROOT / name).read_bytes()) for name in FILES if name != this}
    assert {name: [word.decode() for word in hits] for name, hits in found.items() if hits} == {}


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs/adr").glob("[0-9]*.md"))]
    assert len(numbers) == len(set(numbers))
