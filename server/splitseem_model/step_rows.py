"""Which rows a step has, who sees whom among them, and which of them may answer."""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from splitseem_model.config import DecoderConfig
from splitseem_model.wiring import Slots, attention_bias, wiring_of_step


@dataclass(frozen=True)
class StepRows:
    """The rows of one step of one object.

    Attributes:
        query_index: the learned query of every query row.
        answering: the query rows one of which is the answer.
        by_text: whether the texts choose among them, not the points.
        attention_bias: `[1, R, R + P]`, rows = queries, memories, texts.
    """

    query_index: tuple[int, ...]
    answering: slice
    by_text: bool
    attention_bias: Tensor


def step_rows(config: DecoderConfig, point_labels: Tensor, num_texts: int, *, memory: bool) -> StepRows:
    """Lay out a step.

    Query groups that cannot make a difference to the answer are left out. Memory rows are always there where
    the wiring has them, as in the exported graphs; without memory nobody sees them.

    Args:
        point_labels: `[1, P]`; num_texts: T, rows of text; memory: whether there is a previous mask.
    """
    has_text, has_points = num_texts > 0, bool((point_labels >= 0).any())
    wiring = wiring_of_step(config.wiring, text=has_text, points=has_points)
    by_text = wiring.answers_by_text(text=has_text, points=has_points)
    answering = wiring.answering(by_text=by_text)
    groups = wiring.queries_needed(answering, text=has_text)
    copies = [wiring.learned_queries(group, config.num_queries) for group in groups]
    rows = [Slots(group, len(learned)) for group, learned in zip(groups, copies, strict=True)]
    starts = [0, *accumulate(slots.count for slots in rows)]
    first = groups.index(answering)
    if wiring.has_memory:
        given = torch.full((1, config.num_memories), memory)
        rows.append(Slots("memory", config.num_memories, valid=given))
    if has_text:
        rows.append(Slots("text", num_texts))
    keys = [Slots("point", point_labels.shape[1], valid=point_labels >= 0)]
    return StepRows(
        tuple(query for learned in copies for query in learned),
        slice(starts[first], starts[first + 1]),
        by_text,
        attention_bias(wiring, rows, keys, batch=1),
    )
