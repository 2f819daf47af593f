"""`splitseem models`."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from splitseem_cli.models import OFFICIAL, command
from splitseem_model import registry
from splitseem_model.config import PRESETS


def listed() -> dict[str, str]:
    """Name of each model -> its row."""
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0, result.output
    rows = [line for line in result.stdout.splitlines() if line.count("│") == 8]
    return {row.split("│")[1].strip(): row for row in rows}


def test_every_official_checkpoint_is_listed_with_its_source() -> None:
    rows = listed()
    for known in OFFICIAL:
        assert known.backbone in rows[known.name]
        assert "huggingface.co" in rows[known.name]
        assert "unknown" in rows[known.name]


def test_loadable_checkpoints_name_presets_that_exist() -> None:
    for known in OFFICIAL:
        if known.preset is not None:
            assert {f"{known.preset}-{wiring}" for wiring in known.wirings} <= PRESETS.keys()
    assert "not yet loadable" in listed()["seem_samvitl_v1"]


def test_bundled_weights_are_digested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    weights = tmp_path / "nano.safetensors"
    weights.write_bytes(b"weights")
    monkeypatch.setattr(registry, "bundled_weights", lambda name: weights)
    assert hashlib.sha256(b"weights").hexdigest() in listed()["nano"]
    assert "present" in listed()["nano"]


def test_missing_weights_say_how_to_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "bundled_weights", lambda name: None)
    assert "make train" in listed()["nano"]
