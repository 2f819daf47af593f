"""Imports point one way: proto <- model <- server and sdk; export, evaluation and training on top
of model; the command line over all. Inside the model they follow the figure, inside the server the way of a
request."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "splitseem": ROOT / "sdk",
    "splitseem_cvat": ROOT / "sdk",
    "splitseem_proto": ROOT / "proto",
    "splitseem_model": ROOT / "server",
    "splitseem_server": ROOT / "server",
    "splitseem_cli": ROOT / "cli",
    "splitseem_parity": ROOT / "cli",
    "splitseem_export": ROOT / "decoder_export",
    "splitseem_eval": ROOT / "evaluation",
    "splitseem_train": ROOT / "training",
    "splitseem_ray": ROOT / "fleet",
}
MAY_IMPORT = {
    "splitseem": {"splitseem_proto", "splitseem_model"},
    "splitseem_cvat": {"splitseem", "splitseem_model"},
    "splitseem_proto": set(),
    "splitseem_model": {"splitseem_proto"},
    "splitseem_server": {"splitseem_proto", "splitseem_model"},
    "splitseem_export": {"splitseem_proto", "splitseem_model"},
    "splitseem_eval": {"splitseem_proto", "splitseem_model"},
    "splitseem_train": {"splitseem_proto", "splitseem_model", "splitseem_eval"},
    "splitseem_parity": {"splitseem_proto", "splitseem_model", "splitseem_export"},
    "splitseem_ray": {"splitseem_proto", "splitseem_model", "splitseem_server", "splitseem_cli"},
    "splitseem_cli": set(FOLDERS),
}


ORDER = {
    "splitseem_model": (
        "errors",
        "official",
        "config",
        "layers",
        "prompt",
        "encode",
        "decode",
        "mask",
        "text",
        "network",
        "step",
        "tasks",
        "checkpoints",
        "image_decoder",
        "torch_decoder",
        "segmenter",
        "predictor",
    ),
    "splitseem_server": (
        "errors",
        "redis_url",
        "settings",
        "redis_server",
        "log",
        "metrics",
        "allocator",
        "tracing",
        "http",
        "files",
        "images",
        "cache",
        "worker_threads",
        "embedding",
        "decoding",
        "services",
        "routes",
        "adapters",
        "app",
        "serving",
    ),
}
"""Folders and single modules of a package, each of which may import those before it."""
PLACES = [(package, place) for package, places in ORDER.items() for place in places]
MOST_MODULES = 18
"""Modules in a folder."""


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.unit
@pytest.mark.parametrize("package", FOLDERS)
def test_package_imports_only_what_is_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in (FOLDERS[package] / package).rglob("*.py"):
        ours = {name for name in _imports(path) if name in FOLDERS}
        assert ours <= allowed, f"{path.relative_to(ROOT)} imports {ours - allowed}"


def _places_imported(path: Path, package: str) -> set[str]:
    """The places of a package that a module imports, also inside functions."""
    text = path.read_text(encoding="utf-8")
    names = {
        f"{node.module}.{alias.name}" if node.module == package else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return {name.split(".")[1] for name in names if name.startswith(f"{package}.")}


@pytest.mark.unit
@pytest.mark.parametrize(("package", "place"), PLACES)
def test_a_package_is_read_from_top_to_bottom(package: str, place: str) -> None:
    root = FOLDERS[package] / package
    order = ORDER[package]
    modules = list((root / place).rglob("*.py")) or [root / f"{place}.py"]
    allowed = set(order[: order.index(place) + 1])
    for path in modules:
        above = _places_imported(path, package) - allowed
        assert not above, f"{path.relative_to(ROOT)} imports {above}, which come later in the order"


@pytest.mark.unit
@pytest.mark.parametrize("package", ORDER)
def test_every_part_of_a_package_has_its_place_in_the_order(package: str) -> None:
    root = FOLDERS[package] / package
    parts = {p.stem for p in root.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert parts - {"__init__"} == set(ORDER[package])


@pytest.mark.unit
@pytest.mark.parametrize("package", ORDER)
def test_the_architecture_page_shows_the_folders_of_a_package_in_their_order(
    package: str, architecture_shows: Callable[[Iterable[str]], bool]
) -> None:
    root = FOLDERS[package] / package
    folders = [place for place in ORDER[package] if (root / place).is_dir()]
    assert architecture_shows(folders)
    assert not architecture_shows(folders[::-1])


@pytest.mark.unit
@pytest.mark.parametrize("package", FOLDERS)
def test_no_folder_is_a_hall(package: str) -> None:
    root = FOLDERS[package] / package
    for folder in {root, *(p.parent for p in root.rglob("*.py"))}:
        modules = [p.name for p in folder.glob("*.py") if p.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES, f"{len(modules)} modules in {folder.relative_to(ROOT)}"


@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("splitseem_proto", "torch"),
        ("splitseem_proto", "pydantic"),
        ("splitseem", "torch"),
        ("splitseem", "PIL"),
        ("splitseem", "onnxruntime"),
        ("splitseem", "splitseem_server"),
        ("splitseem_model.image_decoder", "torch"),
        ("splitseem_model.step.graph_runtime", "torch"),
        ("splitseem_model.step.graph_runtime", "onnx"),
        ("splitseem_model.predictor", "fastapi"),
        ("splitseem_model.predictor", "redis"),
        ("splitseem_model.predictor", "onnxruntime"),
        ("splitseem_cli.main", "torch"),
    ],
)
def test_importing_does_not_load(package: str, absent: str) -> None:
    code = f"import sys, {package}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
