"""Imports point one way: proto <- model <- server; export and train on top of model; the command line over
all."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "splitseem_proto": ROOT / "proto",
    "splitseem_model": ROOT / "server",
    "splitseem_server": ROOT / "server",
    "splitseem_cli": ROOT / "server",
    "splitseem_export": ROOT / "decoder_export",
    "splitseem_train": ROOT / "training",
}
MAY_IMPORT = {
    "splitseem_proto": set(),
    "splitseem_model": {"splitseem_proto"},
    "splitseem_server": {"splitseem_proto", "splitseem_model"},
    "splitseem_export": {"splitseem_proto", "splitseem_model"},
    "splitseem_train": {"splitseem_proto", "splitseem_model"},
    "splitseem_cli": set(FOLDERS),
}


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


@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("splitseem_proto", "torch"),
        ("splitseem_proto", "pydantic"),
        ("splitseem_model.predictor", "fastapi"),
        ("splitseem_model.predictor", "redis"),
        ("splitseem_model.predictor", "onnxruntime"),
        ("splitseem_cli.main", "torch"),
    ],
)
def test_importing_does_not_load(package: str, absent: str) -> None:
    code = f"import sys, {package}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
