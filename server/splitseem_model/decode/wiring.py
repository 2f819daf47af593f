"""Who sees whom in the decoder's self-attention, as data.

A wiring names groups of rows (learned queries, memories, text tokens: they see and are updated) and of keys
(point and visual tokens: they are only seen) and says which group sees which. The decoder knows nothing of
it: it is handed the additive bias that `attention_bias` makes.

Source: SEEM, section 3.2 and Fig. 3; upstream `configs/seem/*.yaml` ATTENTION_ARCH (branch v1.0, commit
7b2e76d).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from splitseem_model.layers.arrays import CLOSED, Floats


@dataclass(frozen=True)
class Wiring:
    """One arrangement of groups.

    Attributes:
        sees: row group -> the groups that its rows see.
        queries: row groups that are copies of the learned queries, in row order.
        per_object: rows and columns also must belong to the same object.
        queries_per_object: learned queries that one object gets in the "spatial" group; None: all of them.
        together: the wiring that takes this one's place when text and points are given at once, where in this
            one no group sees both; None: this one stays.
    """

    name: str
    sees: Mapping[str, frozenset[str]]
    queries: tuple[str, ...]
    per_object: bool = False
    queries_per_object: int | None = None
    together: str | None = None

    @property
    def interactive(self) -> str:
        """The query group that answers points."""
        return self.queries[-1]

    def answers_by_text(self, *, text: bool, points: bool) -> bool:
        """Whether the text chooses the answer: there are no points, or there are queries for texts and those
        that answer points do not see them."""
        beside = "text" in self.sees[self.interactive] or "grounding" not in self.queries
        return text and not (points and beside)

    def answering(self, *, by_text: bool) -> str:
        """The query group one of whose rows is the answer."""
        return "grounding" if by_text and "grounding" in self.queries else self.interactive

    def queries_needed(self, answering: str, *, text: bool) -> tuple[str, ...]:
        """The query groups that make a difference to one of them, itself among them, in row order."""
        needed, found = {answering}, {answering}
        while found:
            seen = frozenset[str]().union(*(self.sees[group] for group in found))
            found = {group for group in seen if group in self.queries or (text and group == "text")} - needed
            needed |= found
        return tuple(group for group in self.queries if group in needed)

    def learned_queries(self, group: str, num_queries: int) -> tuple[int, ...]:
        """Which learned queries a group copies."""
        return (
            self.interactive_queries(num_queries) if group == self.interactive else tuple(range(num_queries))
        )

    @property
    def has_memory(self) -> bool:
        """Whether the interactive queries see memories."""
        return "memory" in self.sees[self.interactive]

    def interactive_queries(self, num_queries: int) -> tuple[int, ...]:
        """Which learned queries the interactive group copies, for one object.

        Deviation: upstream v1 draws its three at random, with replacement; here they are the first three.
        """
        return tuple(range(self.queries_per_object or num_queries))


@dataclass(frozen=True)
class Slots:
    """A group as it stands in one call: how many slots, which are filled, whose they are.

    Attributes:
        valid: `[B, count]` bool, or None when all slots are filled.
        objects: `[count]` int64 object index of each slot, or None when there is one object.
    """

    group: str
    count: int
    valid: NDArray[np.bool_] | None = field(default=None, compare=False)
    objects: NDArray[np.int64] | None = field(default=None, compare=False)


def _sees(**groups: str) -> dict[str, frozenset[str]]:
    return {group: frozenset(names.split()) for group, names in groups.items()}


_V0 = _sees(
    object="object",
    grounding="grounding text",
    text="grounding text",
    spatial="spatial point memory",
    memory="memory",
)

_QUERIES = ("object", "grounding", "spatial")
# REF.INPUT.SPATIAL: grounding queries also see the points.
_GROUNDING_HOOK = {**_V0, "grounding": _V0["grounding"] | {"point"}}
# STROKE_SAMPLER.EVAL.GROUNDING: spatial queries also see the text.
_SPATIAL_HOOK = {**_V0, "spatial": _V0["spatial"] | {"text"}}


def _v1(name: str, sees: Mapping[str, frozenset[str]], together: str | None = None) -> Wiring:
    return Wiring(name, sees, _QUERIES, per_object=True, queries_per_object=3, together=together)


WIRINGS: dict[str, Wiring] = {
    wiring.name: wiring
    for wiring in (
        Wiring(
            "demo",
            _sees(object="object text point visual audio", text="object text", audio="object audio"),
            queries=("object",),
        ),
        Wiring("v0", _V0, _QUERIES, together="v0-spatial-sees-text"),
        Wiring("v0-grounding-sees-points", _GROUNDING_HOOK, _QUERIES),
        Wiring("v0-spatial-sees-text", _SPATIAL_HOOK, _QUERIES),
        _v1("v1", _V0, together="v1-spatial-sees-text"),
        _v1("v1-spatial-sees-text", _SPATIAL_HOOK),
        # Ours: points, text and memories at once, as in the paper's Fig. 3, and so it is trained. Measured, a
        # text beside points makes the masks a little worse: there it only helps to choose among them.
        Wiring(
            "nano",
            _sees(spatial="spatial point text memory", text="spatial text", memory="memory"),
            queries=("spatial",),
            together="nano-by-points",
        ),
        Wiring(
            "nano-by-points",
            _sees(spatial="spatial point memory", text="spatial text", memory="memory"),
            queries=("spatial",),
        ),
    )
}


def wiring_of_step(name: str, *, text: bool, points: bool) -> Wiring:
    """The wiring that a model of wiring `name` uses for what it was given."""
    wiring = WIRINGS[name]
    return wiring if wiring.together is None or not (text and points) else WIRINGS[wiring.together]


def attention_bias(wiring: Wiring, rows: Sequence[Slots], keys: Sequence[Slots], batch: int) -> Floats:
    """The additive self-attention bias of one call.

    Args:
        rows: row groups in row order; keys: key-only groups, in column order after the rows.
        batch: B.
    Returns:
        `[B, R, R + P]`: 0 where the row sees the column, `CLOSED` elsewhere. A row always sees itself, so
        that no row is closed everywhere.
    """
    columns = [*rows, *keys]
    num_rows = sum(slots.count for slots in rows)
    seen = np.concatenate(
        [
            np.concatenate(
                [np.full((r.count, c.count), c.group in wiring.sees[r.group]) for c in columns], axis=1
            )
            for r in rows
        ]
    )  # [R, R + P]
    if wiring.per_object:
        objects = np.concatenate(
            [np.zeros(s.count, np.int64) if s.objects is None else s.objects for s in columns]
        )
        same = objects[:num_rows, None] == objects[None, :]
        seen = seen & (same | ~_is_per_object(columns, num_rows))
    valid = np.concatenate(
        [np.ones((batch, s.count), np.bool_) if s.valid is None else s.valid for s in columns], axis=1
    )  # [B, R + P]
    open_ = seen[None] & valid[:, None, :]
    itself = np.eye(num_rows, len(seen[0]), dtype=np.bool_)
    return np.where(open_ | itself, np.float32(0), np.float32(CLOSED))


def _is_per_object(columns: Sequence[Slots], num_rows: int) -> NDArray[np.bool_]:
    """`[R, R + P]`: both row and column belong to an object, so that the objects must be equal."""
    owned = np.concatenate([np.full(s.count, s.objects is not None) for s in columns])
    return np.asarray(owned[:num_rows, None] & owned[None, :])
