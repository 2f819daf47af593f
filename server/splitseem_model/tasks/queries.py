"""What tasks start from: the answers of the object queries, and what the classes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from splitseem_model.text.coco_names import BACKGROUND, COCO_PANOPTIC, NUM_THINGS
from splitseem_model.text.names import spoken_name

if TYPE_CHECKING:  # typing only: importing this module does not need torch
    from torch import Tensor

_STUFF = frozenset(name for full in COCO_PANOPTIC[NUM_THINGS:] for name in (full, spoken_name(full)))
"""With the suffixes that tell merged classes apart, and without."""


@dataclass(frozen=True, eq=False)
class ObjectQueries:
    """The answers of all object queries to an image without a prompt.

    Attributes:
        class_logits: float32 `[Q, K]`; mask_logits: float32 `[Q, H/4, W/4]` over the padded input.
    """

    class_logits: Tensor
    mask_logits: Tensor

    @property
    def probabilities(self) -> Tensor:
        """`[Q, K]`, the softmax over the classes."""
        return self.class_logits.softmax(-1)


@dataclass(frozen=True)
class TaskClasses:
    """The classes of a vocabulary, by row.

    Attributes:
        things: rows that can be counted; of the others, the stuff, there is one segment a class.
        background: the row that stands for none of them; None when there is no such row.
    """

    names: tuple[str, ...]
    things: frozenset[int]
    background: int | None

    @classmethod
    def of(cls, names: Sequence[str]) -> TaskClasses:
        """COCO's stuff is stuff, every other name a thing; "background" is the background."""
        background = names.index(BACKGROUND) if BACKGROUND in names else None
        things = frozenset(row for row, name in enumerate(names) if name not in _STUFF and row != background)
        return cls(tuple(names), things, background)

    @property
    def rows(self) -> list[int]:
        """All rows but the background."""
        return [row for row in range(len(self.names)) if row != self.background]
