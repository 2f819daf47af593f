"""Imports of the page point one way, folder by folder, and no folder of it is a hall."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client"
SOURCE = CLIENT / "src"
ORDER = {
    "": (
        *("shared", "serviceWorker", "codec", "api", "worker", "bridge", "session", "canvas", "pixels"),
        *("exports", "imports", "pieces", "app"),
    ),
    "shared": (
        *("failures", "errors", "stages", "generated", "types", "geometry"),
        *("rle", "packedRle", "sha256", "digest"),
        *("reading", "image", "prompt", "model", "messages", "pageVersions"),
    ),
    "worker": ("runtime", "layers", "prompt", "decode", "mask", "step", "engine", "serve", "main"),
    "app": (
        *("wording", "photos", "state", "steps", "controller", "saving", "app", "offline"),
        *("parts", "tools", "drawing", "export", "dialogs", "panels", "bars", "Page", "main"),
    ),
}
"""Of the folders and modules in each of these folders, each may import those before it."""
TYPES_OF_EACH_OTHER = {("shared/failures.ts", "shared/errors.ts")}
"""Importer and imported: a table whose keys are part of the type of what it is a table of."""

MOST_MODULES = 18
"""Modules in a folder, as in the packages of Python."""

_IMPORT = re.compile(r"""(?P<type>\bimport type .*?)?(?:\bfrom|\bimport)\s*\(?\s*'(?P<path>\.[^']*)'""")
_MODULE = {".ts", ".tsx"}


def _modules(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in _MODULE)


def _imports(module: Path) -> dict[Path, bool]:
    """What a module imports of the page's own, and whether that is more than types."""
    found: dict[Path, bool] = {}
    for match in _IMPORT.finditer(module.read_text(encoding="utf-8")):
        base = (module.parent / match["path"]).resolve()
        for path in (base.with_name(base.name + suffix) for suffix in _MODULE):
            if path.is_file():
                found[path] = found.get(path, False) or match["type"] is None
    return found


def _upward(module: Path, imported: Path) -> str | None:
    """How an import contradicts the order; None where it does not."""
    ours, theirs = (path.relative_to(SOURCE).with_suffix("").parts for path in (module, imported))
    shared = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b)
    order = ORDER.get("/".join(ours[:shared]))
    if order is None or order.index(ours[shared]) > order.index(theirs[shared]):
        return None
    return f"{module.relative_to(SOURCE)} imports {imported.relative_to(SOURCE)}"


@pytest.mark.unit
def test_the_page_is_read_from_top_to_bottom() -> None:
    pairs = [(module, imported) for module in _modules(SOURCE) for imported in _imports(module)]
    assert len(pairs) > 500
    upward = [
        _upward(*pair)
        for pair in pairs
        if tuple(path.relative_to(SOURCE).as_posix() for path in pair) not in TYPES_OF_EACH_OTHER
    ]
    assert [said for said in upward if said] == []


@pytest.mark.unit
def test_no_modules_of_the_page_import_each_other() -> None:
    values = {
        module: [path for path, is_value in _imports(module).items() if is_value]
        for module in _modules(SOURCE)
    }
    assert len(list(TopologicalSorter(values).static_order())) == len(values)


@pytest.mark.unit
@pytest.mark.parametrize("folder", ORDER)
def test_every_part_of_the_page_has_its_place(folder: str) -> None:
    entries = (SOURCE / folder).iterdir()
    assert {path.stem for path in entries if path.is_dir() or path.suffix in _MODULE} == set(ORDER[folder])


@pytest.mark.unit
@pytest.mark.parametrize("folder", ORDER)
def test_the_architecture_page_shows_the_folders_of_the_page_in_their_order(
    folder: str, architecture_shows: Callable[[Iterable[str]], bool]
) -> None:
    folders = [place for place in ORDER[folder] if (SOURCE / folder / place).is_dir()]
    assert architecture_shows(folders)
    assert not architecture_shows(folders[::-1])


@pytest.mark.unit
@pytest.mark.parametrize("root", ["src", "test", "e2e", "fuzz", "bench"])
def test_no_folder_of_the_page_is_a_hall(root: str) -> None:
    for folder in {CLIENT / root, *(path.parent for path in _modules(CLIENT / root))}:
        modules = [path.name for path in folder.iterdir() if path.suffix in _MODULE]
        assert len(modules) <= MOST_MODULES, f"{len(modules)} modules in {folder.relative_to(ROOT)}"


_EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)", re.M)


@pytest.mark.unit
def test_nothing_of_the_page_is_there_for_tests_alone() -> None:
    """Every export is used in the page, by another module or its own."""
    texts = {module: module.read_text(encoding="utf-8") for module in _modules(SOURCE)}
    names = [
        (module, name)
        for module, text in texts.items()
        if module.name != "generated.ts"
        for name in _EXPORT.findall(text)
    ]
    assert len(names) > 300
    everything = "\n".join(texts.values())
    words = Counter(re.findall(r"\w+", everything))
    unused = [f"{module.relative_to(SOURCE)}: {name}" for module, name in names if words[name] == 1]
    assert unused == []
