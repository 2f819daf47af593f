"""`splitseem export`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from splitseem_cli.export import command
from splitseem_cli.failures import Refused
from splitseem_cli.model_options import ModelOptions


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


@pytest.mark.unit
def test_a_precision_without_exported_graphs_is_refused() -> None:
    with pytest.raises(Refused, match="add --runtime onnx"):
        ModelOptions("tiny", None, "torch", None, None).load("int8")


@pytest.mark.unit
def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="known: float32, float16, int8"):
        ModelOptions("tiny", None, "onnx", None, None).load("int3")
