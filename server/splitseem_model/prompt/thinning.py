"""The one rule by which too many points become fewer; client/src/shared/prompt/prompts.ts has the same."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def thin(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, in order: of n > `most`, those at indices floor((k + 0.5) * n / most)."""
    count = len(items)
    if count <= most:
        return list(items)
    return [items[int((k + 0.5) * count / most)] for k in range(most)]
