"""Allow-matrices written out by hand for small groups."""

import numpy as np
import pytest

from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.layers.arrays import CLOSED

pytestmark = pytest.mark.unit


def seen(wiring: str, rows: list[Slots], keys: list[Slots]) -> list[str]:
    """One string a row: 1 where it sees the column."""
    bias = attention_bias(WIRINGS[wiring], rows, keys, batch=1)[0]
    return ["".join("1" if value == 0 else "0" for value in row) for row in bias.tolist()]


CASES = [
    pytest.param(
        "demo",
        [Slots("object", 2), Slots("text", 1)],
        [Slots("point", 1)],
        ["1111", "1111", "1110"],
        id="demo",
    ),
    pytest.param(
        "v0",
        [Slots("object", 1), Slots("spatial", 1), Slots("memory", 1)],
        [Slots("point", 1)],
        ["1000", "0111", "0010"],
        id="v0: groups never meet, spatial sees memories and points",
    ),
    pytest.param(
        "v0",
        [Slots("grounding", 1), Slots("text", 1)],
        [Slots("point", 1)],
        ["110", "110"],
        id="v0: grounding sees no points",
    ),
    pytest.param(
        "v0-grounding-sees-points",
        [Slots("grounding", 1), Slots("text", 1)],
        [Slots("point", 1)],
        ["111", "110"],
        id="hook: grounding sees points",
    ),
    pytest.param(
        "nano",
        [Slots("spatial", 1), Slots("memory", 1), Slots("text", 1)],
        [Slots("point", 1)],
        ["1111", "0100", "1010"],
        id="nano: points, text and memories at once",
    ),
    pytest.param(
        "v1",
        [
            Slots("spatial", 2, objects=np.array([0, 1])),
            Slots("memory", 2, objects=np.array([0, 1])),
        ],
        [Slots("point", 2, objects=np.array([1, 0]))],
        ["101001", "010110", "001000", "000100"],
        id="v1: only within the same object",
    ),
]


@pytest.mark.parametrize(("wiring", "rows", "keys", "expected"), CASES)
def test_allow_matrix(wiring: str, rows: list[Slots], keys: list[Slots], expected: list[str]) -> None:
    assert seen(wiring, rows, keys) == expected


def test_empty_slots_are_seen_only_by_themselves() -> None:
    valid = np.array([[True, False]])
    rows = [Slots("spatial", 1), Slots("memory", 2, valid=valid)]
    assert seen("nano", rows, [Slots("point", 2, valid=valid)]) == ["11010", "01000", "01100"]


def test_no_row_is_closed_everywhere() -> None:
    nothing = np.zeros((3, 2), np.bool_)
    bias = attention_bias(
        WIRINGS["v0"], [Slots("memory", 2, valid=nothing)], [Slots("point", 2, valid=nothing)], batch=3
    )
    assert bias.shape == (3, 2, 4)
    assert (bias.max(-1) == 0).all()
    assert bias.min() == CLOSED


@pytest.mark.parametrize(("wiring", "count"), [("demo", 101), ("v0", 101), ("v1", 3), ("nano", 101)])
def test_interactive_group_copies_this_many_queries(wiring: str, count: int) -> None:
    assert len(WIRINGS[wiring].interactive_queries(101)) == count
