"""`splitseem export`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from splitseem_cli.export import command


def test_graphs_and_manifest_are_written_once(tmp_path: Path) -> None:
    arguments = ["--model", "tiny", "-o", str(tmp_path / "graphs")]
    first = CliRunner().invoke(command, arguments)
    assert first.exit_code == 0, first.output
    manifest = json.loads((tmp_path / "graphs" / "manifest.json").read_text())
    for graph in manifest["graphs"].values():
        assert (tmp_path / "graphs" / graph["file"]).stat().st_size == graph["bytes"]
    assert "is current" in CliRunner().invoke(command, arguments).stdout


@pytest.mark.unit
def test_unknown_model_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--model", "absent", "-o", str(tmp_path / "graphs")])
    assert result.exit_code != 0
    assert "absent" in result.stderr
    assert not (tmp_path / "graphs").exists()


def test_the_precision_is_that_of_all_files(tmp_path: Path) -> None:
    arguments = ["--model", "tiny", "-o", str(tmp_path / "graphs"), "--precision", "float16"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    manifest = json.loads((tmp_path / "graphs" / "manifest.json").read_text())
    assert set(manifest["precisions"].values()) == {"float16"}
    assert {graph["precision"] for graph in manifest["graphs"].values()} == {"float16"}
