"""Which rows a step has, who sees whom among them, and which of them may answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.wiring import WIRINGS, Slots, Wiring, attention_bias, wiring_of_step
from splitseem_model.errors import TaskError
from splitseem_model.layers.arrays import Floats


@dataclass(frozen=True)
class StepRows:
    """The rows of one pass.

    Attributes:
        query_index: the learned query of every query row.
        answering: the query rows one of which is the answer.
        by_text: whether the texts choose among them, not the points.
        attention_bias: `[1, R, R + P]`, rows = queries, memories, texts.
    """

    query_index: tuple[int, ...]
    answering: slice
    by_text: bool
    attention_bias: Floats


def lay_out(
    config: DecoderConfig, keys: Sequence[Slots], texts: Sequence[Slots] = (), *, memory: bool
) -> StepRows:
    """Lay out a step of one object.

    Query groups that cannot make a difference to the answer are left out. Memory rows are always there where
    the wiring has them, as in the exported graphs; without memory they are hidden.

    Args:
        keys: groups of points, in column order; texts: groups of text rows, in row order.
        memory: whether there is a mask of the step before.
    """
    has_text, has_points = bool(texts), any(_filled(slots) for slots in keys)
    wiring = wiring_of_step(config.wiring, text=has_text, points=has_points)
    by_text = wiring.answers_by_text(text=has_text, points=has_points)
    answering = wiring.answering(by_text=by_text)
    groups = wiring.queries_needed(answering, text=has_text)
    learned = [wiring.learned_queries(group, config.num_queries) for group in groups]
    starts = [0, *accumulate(len(queries) for queries in learned)]
    first = groups.index(answering)
    rows = [Slots(group, len(queries)) for group, queries in zip(groups, learned, strict=True)]
    rows += [*_memories(config, wiring, given=memory), *texts]
    return StepRows(
        tuple(query for queries in learned for query in queries),
        slice(starts[first], starts[first + 1]),
        by_text,
        attention_bias(wiring, rows, keys, 1),
    )


def object_rows(config: DecoderConfig, num_points: int) -> StepRows:
    """Lay out a step without prompt for the queries that find objects by themselves.

    Args:
        num_points: P, columns that are hidden.
    Raises:
        TaskError: the wiring has no such queries.
    """
    wiring = WIRINGS[config.wiring]
    if "object" not in wiring.queries:
        raise TaskError(
            f"wiring {wiring.name} answers prompts only: it has no object queries; official models have them"
        )
    rows = [Slots("object", config.num_queries), *_memories(config, wiring, given=False)]
    keys = [Slots("point", num_points, valid=np.zeros((1, num_points), np.bool_))]
    every = range(config.num_queries)
    return StepRows(tuple(every), slice(0, len(every)), False, attention_bias(wiring, rows, keys, 1))


def _filled(slots: Slots) -> bool:
    return slots.valid is None or bool(slots.valid.any())


def _memories(config: DecoderConfig, wiring: Wiring, *, given: bool) -> list[Slots]:
    """The memory rows of a wiring that has them; those of no mask are hidden."""
    count = config.num_memories
    return [Slots("memory", count, valid=np.full((1, count), given))] if wiring.has_memory else []
