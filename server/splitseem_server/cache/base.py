"""What the service needs of a cache."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class CacheState:
    """How a cache is doing.

    Args:
        kind: `memory` or `redis`.
        reachable: whether it answers now.
        faults: operations that failed since the start; each was treated as a miss.
        refused: why the last embedding was not stored although the cache answered; None when it was.
    """

    kind: str
    reachable: bool
    faults: int
    refused: str | None = None

    @property
    def works(self) -> bool:
        """Whether it answers and stores."""
        return self.reachable and self.refused is None


class EmbeddingCache(Protocol):
    """Packed embeddings by key. Content never changes under a key; no operation raises, a fault is a miss."""

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None when they are not there or cannot be had."""
        ...

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes if possible."""
        ...

    async def remove(self, key: str) -> None:
        """Forget the bytes if possible."""
        ...

    def claimed(self, key: str) -> AbstractAsyncContextManager[bool]:
        """The right to make what belongs under a key, once no other server has it. Gives True when another
        one may have made it meanwhile, False when that cannot be told."""
        ...

    async def state(self) -> CacheState:
        """How the cache is doing; asks it."""
        ...

    async def close(self) -> None:
        """Release what it holds; it is not used afterwards."""
        ...
