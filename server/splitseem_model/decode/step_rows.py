"""Which rows a step has, who sees whom among them, and which of them may answer."""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.wiring import WIRINGS, Slots, Wiring, attention_bias, wiring_of_step
from splitseem_model.errors import TaskError


@dataclass(frozen=True)
class Asked:
    """What one pass of the decoder is asked.

    Attributes:
        keys: groups of points, in column order; texts: groups of text rows, in row order.
        has_memory: `[B, n]` bool, which objects have a mask of the step before. More than one object a pass
            is for wirings whose rows belong to objects.
        queries: the learned queries of the rows that answer points, all objects together; None: those of the
            wiring.
    """

    keys: tuple[Slots, ...]
    has_memory: Tensor
    texts: tuple[Slots, ...] = ()
    queries: tuple[int, ...] | None = None

    @property
    def batch(self) -> int:
        """B."""
        return len(self.has_memory)

    @property
    def objects(self) -> int:
        """Objects in one pass."""
        return self.has_memory.shape[1]


@dataclass(frozen=True)
class StepRows:
    """The rows of one pass.

    Attributes:
        query_index: the learned query of every query row.
        answering: the query rows one of which is the answer; those of one object follow each other.
        by_text: whether the texts choose among them, not the points.
        attention_bias: `[B, R, R + P]`, rows = queries, memories, texts.
        memory_objects: `[M]` int64, whose mask each memory remembers.
    """

    query_index: tuple[int, ...]
    answering: slice
    by_text: bool
    attention_bias: Tensor
    memory_objects: Tensor


def step_rows(config: DecoderConfig, point_labels: Tensor, num_texts: int, *, memory: bool) -> StepRows:
    """Lay out a step of one object that has points and texts alone, see `lay_out`.

    Args:
        point_labels: `[1, P]`; num_texts: T, rows of text; memory: whether there is a previous mask.
    """
    points = Slots("point", point_labels.shape[1], valid=point_labels >= 0)
    texts = (Slots("text", num_texts),) if num_texts else ()
    return lay_out(config, Asked((points,), torch.tensor([[memory]]), texts))


def lay_out(config: DecoderConfig, asked: Asked) -> StepRows:
    """Lay out a step.

    Query groups that cannot make a difference to the answer are left out. Memory rows are always there where
    the wiring has them, as in the exported graphs; without memory nobody sees them. Several objects share the
    memories evenly; upstream deals them out at random, in every layer anew.
    """
    has_text, has_points = bool(asked.texts), any(_filled(slots) for slots in asked.keys)
    wiring = wiring_of_step(config.wiring, text=has_text, points=has_points)
    by_text = wiring.answers_by_text(text=has_text, points=has_points)
    answering = wiring.answering(by_text=by_text)
    groups = wiring.queries_needed(answering, text=has_text)
    copies = [_copies(wiring, group, config, asked) for group in groups]
    rows = [slots for slots, _ in copies]
    starts = [0, *accumulate(slots.count for slots in rows)]
    first = groups.index(answering)
    memory_objects = torch.arange(config.num_memories) * asked.objects // config.num_memories
    if wiring.has_memory:
        rows.append(_memories(memory_objects, asked))
    rows.extend(asked.texts)
    return StepRows(
        tuple(query for _, learned in copies for query in learned),
        slice(starts[first], starts[first + 1]),
        by_text,
        attention_bias(wiring, rows, asked.keys, asked.batch),
        memory_objects,
    )


def object_rows(config: DecoderConfig, num_points: int) -> StepRows:
    """Lay out a step without prompt for the queries that find objects by themselves.

    Args:
        num_points: P, columns that nobody sees.
    Raises:
        TaskError: the wiring has no such queries.
    """
    wiring = WIRINGS[config.wiring]
    if "object" not in wiring.queries:
        raise TaskError(
            f"wiring {wiring.name} answers prompts only: it has no object queries; official models have them"
        )
    rows = [Slots("object", config.num_queries)]
    nothing = torch.zeros(1, 1, dtype=torch.bool)
    memory_objects = torch.zeros(config.num_memories, dtype=torch.int64)
    if wiring.has_memory:
        rows.append(_memories(memory_objects, Asked((), nothing)))
    keys = [Slots("point", num_points, valid=nothing.expand(1, num_points))]
    every = range(config.num_queries)
    return StepRows(
        tuple(every), slice(0, len(every)), False, attention_bias(wiring, rows, keys, 1), memory_objects
    )


def _filled(slots: Slots) -> bool:
    return slots.valid is None or bool(slots.valid.any())


def _copies(wiring: Wiring, group: str, config: DecoderConfig, asked: Asked) -> tuple[Slots, tuple[int, ...]]:
    """The rows of a query group, and the learned queries that they start from."""
    learned = wiring.learned_queries(group, config.num_queries)
    if group != wiring.interactive:
        return Slots(group, len(learned)), learned
    queries = asked.queries or learned * asked.objects
    if asked.objects == 1:
        return Slots(group, len(queries)), queries
    owners = torch.arange(asked.objects).repeat_interleave(len(queries) // asked.objects)
    return Slots(group, len(queries), objects=owners), queries


def _memories(memory_objects: Tensor, asked: Asked) -> Slots:
    given = asked.has_memory[:, memory_objects]
    owners = memory_objects if asked.objects > 1 else None
    return Slots("memory", len(memory_objects), valid=given, objects=owners)
