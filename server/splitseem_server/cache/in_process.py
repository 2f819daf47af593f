"""Embeddings in the memory of this process; the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import AbstractAsyncContextManager, nullcontext

from splitseem_server.cache.base import CacheState


class InProcessCache:
    """An `EmbeddingCache` of at most `max_bytes`; larger entries are not kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    @property
    def held_bytes(self) -> int:
        """Of all entries."""
        return self._bytes

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes, at the cost of the least recently used."""
        if len(data) > self._max_bytes:
            return
        self._bytes -= len(self._entries.pop(key, b""))
        self._entries[key] = data
        self._bytes += len(data)
        while self._bytes > self._max_bytes:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= len(dropped)

    async def remove(self, key: str) -> None:
        """Forget the bytes."""
        self._bytes -= len(self._entries.pop(key, b""))

    def claimed(self, key: str) -> AbstractAsyncContextManager[bool]:
        """No other process has this memory."""
        return nullcontext(False)

    async def state(self) -> CacheState:
        """Always reachable."""
        return CacheState("memory", True, 0)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0
