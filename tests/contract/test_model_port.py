"""The table of names in docs/model-port.md, against the official key list and the modules here."""

import json
import re
from pathlib import Path

import pytest
import torch

from splitseem_model.checkpoints.checkpoint import to_our_name
from splitseem_model.config import preset
from splitseem_model.network import SegmentationModel

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| [^|]+ \| `([\w.{}]+)` \| `([\w.{}]+)` \| ([\d, ]*)\|")
ROWS = ROW.findall((ROOT / "docs" / "model-port.md").read_text(encoding="utf-8"))
OFFICIAL: dict[str, list[int]] = json.loads(
    (ROOT / "tests" / "data" / "upstream_focalt_keys.json").read_text(encoding="utf-8")
)


def first_of(pattern: str) -> str:
    """The name with every placeholder set to 0."""
    return re.sub(r"\{\w\}", "0", pattern)


def test_table_was_found() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("upstream", "ours", "shape"), ROWS, ids=[row[1] for row in ROWS])
def test_row_gives_official_name_our_name_and_shape(upstream: str, ours: str, shape: str) -> None:
    name = first_of(upstream)
    assert OFFICIAL[name] == [int(side) for side in shape.split(",") if side.strip()]
    assert to_our_name(name) == first_of(ours)


def test_names_here_are_parameters_of_the_model() -> None:
    with torch.device("meta"):
        names = set(SegmentationModel(preset("focalt-v1")).state_dict())
    assert {first_of(ours) for _, ours, _ in ROWS} <= names
    official = {to_our_name(name) for name in OFFICIAL if name.startswith(("backbone.", "sem_seg_head."))}
    assert official == names - {"class_matrix"}
