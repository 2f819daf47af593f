"""`splitseem models`."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from splitseem_cli.models import COLUMNS, command
from splitseem_model.checkpoints import hub, registry
from splitseem_model.checkpoints.known import AMBIGUOUS_NAMES, KNOWN
from splitseem_model.config import PRESETS


def run() -> str:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0, result.output
    return result.stdout


def listed() -> dict[str, dict[str, str]]:
    """Name of each model -> its row, by column."""
    lines = [line for line in run().splitlines() if line.count("│") == len(COLUMNS) + 1]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines]
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def test_every_known_checkpoint_is_listed_with_its_source() -> None:
    rows = listed()
    for known in KNOWN.values():
        row = rows[known.name]
        assert row["backbone"] == known.backbone
        assert row["wiring"] == ", ".join(known.wirings)
        assert row["where"] == (known.url or "never published")
        assert (row["sha256"], row["state"]) == ("unknown", "absent")


def test_presets_of_the_list_exist() -> None:
    for known in KNOWN.values():
        assert set(known.presets) <= PRESETS.keys()


def test_names_of_two_files_are_explained() -> None:
    output = run()
    assert all(explanation in output for explanation in AMBIGUOUS_NAMES.values())


def test_fetched_checkpoint_is_present_with_its_digest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    (tmp_path / digest).write_bytes(b"weights")
    monkeypatch.setattr(
        hub, "cached", lambda known: tmp_path / digest if known.name == "seem_focalt_v1" else None
    )
    row = listed()["seem_focalt_v1"]
    assert (row["sha256"], row["state"]) == (digest, "present")


def test_bundled_weights_are_digested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    weights = tmp_path / "nano.safetensors"
    weights.write_bytes(b"weights")
    monkeypatch.setattr(registry, "bundled_weights", lambda name: weights)
    row = listed()["nano"]
    assert row["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert row["state"] == "present"


def test_missing_weights_say_how_to_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "bundled_weights", lambda name: None)
    assert listed()["nano"]["where"] == "make train"
