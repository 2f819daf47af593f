"""Names and shapes of every parameter of the ten official models."""

import hashlib
import json
from pathlib import Path

import pytest

from splitseem_model.checkpoints.checkpoint import to_our_name, to_upstream_name
from splitseem_model.checkpoints.official_keys import official_shapes

pytestmark = pytest.mark.unit

DIGESTS: dict[str, dict[str, str | int]] = json.loads(
    (Path(__file__).parents[1] / "data" / "upstream_key_digests.json").read_text()
)


@pytest.mark.parametrize("name", DIGESTS)
def test_names_and_shapes_are_the_official_ones(name: str) -> None:
    shapes = official_shapes(name)
    lines = "\n".join(f"{key} {list(shape)}" for key, shape in sorted(shapes.items()))
    assert len(shapes) == DIGESTS[name]["count"]
    assert hashlib.sha256(lines.encode()).hexdigest() == DIGESTS[name]["sha256"]


@pytest.mark.parametrize("name", ["focalt-v1", "davitd5-v1", "samvitl-v1"])
def test_renaming_goes_both_ways(name: str) -> None:
    for key in official_shapes(name):
        assert to_upstream_name(to_our_name(key)) == key
