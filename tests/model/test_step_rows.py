"""Which rows a step has: no more than what makes a difference to its answer."""

import numpy as np
import pytest

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.step_rows import StepRows, lay_out
from splitseem_model.decode.wiring import Slots

pytestmark = pytest.mark.unit

# wiring, labels, texts -> query rows, rows that may answer, chosen by text
CASES = [
    ("demo", [1], 0, 101, (0, 101), False),
    ("demo", [1], 3, 101, (0, 101), False),
    ("demo", [-1], 3, 101, (0, 101), True),
    ("v0", [1, 0], 0, 101, (0, 101), False),
    ("v0", [-1], 3, 101, (0, 101), True),
    ("v0", [1], 3, 202, (101, 202), False),
    ("v0-grounding-sees-points", [1], 3, 101, (0, 101), True),
    ("v1", [1], 0, 3, (0, 3), False),
    ("v1", [-1], 3, 101, (0, 101), True),
    ("v1", [1], 3, 104, (101, 104), False),
    ("nano", [2, 3], 1, 101, (0, 101), False),
    ("nano", [-1], 1, 101, (0, 101), True),
]


def rows_of(config: DecoderConfig, labels: list[int], texts: int, *, memory: bool = False) -> StepRows:
    points = Slots("point", len(labels), valid=np.array([labels]) >= 0)
    return lay_out(config, (points,), (Slots("text", texts),) if texts else (), memory=memory)


@pytest.mark.parametrize(("wiring", "labels", "texts", "queries", "answering", "by_text"), CASES)
def test_rows(
    wiring: str, labels: list[int], texts: int, queries: int, answering: tuple[int, int], by_text: bool
) -> None:
    config = DecoderConfig(wiring)
    rows = rows_of(config, labels, texts)
    assert len(rows.query_index) == queries
    assert (rows.answering.start, rows.answering.stop) == answering
    assert rows.by_text is by_text
    memories = 0 if wiring == "demo" else config.num_memories
    num_rows = queries + memories + texts
    assert rows.attention_bias.shape == (1, num_rows, num_rows + len(labels))


def test_memories_are_seen_only_when_there_is_a_mask() -> None:
    config = DecoderConfig("nano")
    of_memories = slice(config.num_queries, config.num_queries + config.num_memories)
    without, given = (rows_of(config, [1], 0, memory=m).attention_bias[0, 0] for m in (False, True))
    assert (without[of_memories] < 0).all()
    assert (given[of_memories] == 0).all()
