"""A cache whose values are believed only when they are what their key says."""

from __future__ import annotations

import dataclasses

import structlog

from splitseem_proto import Embedding, unpack
from splitseem_proto.errors import ProtoError
from splitseem_server.cache.base import CacheState, EmbeddingCache

_log = structlog.get_logger(__name__)


class CheckedCache:
    """An `EmbeddingCache` over another one that others may write to: a value that is no embedding, or that of
    another key, is removed and counts as a fault and a miss."""

    def __init__(self, cache: EmbeddingCache) -> None:
        self._cache = cache
        self._faults = 0

    async def get(self, key: str) -> bytes | None:
        """The packed embedding of that key, or None."""
        data = await self._cache.get(key)
        if data is None:
            return None
        fault = _fault(key, data)
        if fault is None:
            return data
        self._faults += 1
        _log.warning("cache_fault", operation="check", reason=fault, faults=self._faults)
        await self._cache.remove(key)
        return None

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes if possible."""
        await self._cache.put(key, data)

    async def remove(self, key: str) -> None:
        """Forget the bytes if possible."""
        await self._cache.remove(key)

    async def state(self) -> CacheState:
        """How the cache below is doing, with the values that were removed among its faults."""
        state = await self._cache.state()
        return dataclasses.replace(state, faults=state.faults + self._faults)

    async def close(self) -> None:
        """Close the cache below."""
        await self._cache.close()


def _fault(key: str, data: bytes) -> str | None:
    """Why the bytes are not the embedding of that key."""
    try:
        message = unpack(data)
    except ProtoError as error:
        return f"{type(error).__name__}: {error}"
    if not isinstance(message, Embedding):
        return f"a {message.type} where an embedding was expected"
    return None if message.key == key else f"the embedding of {message.key!r} under {key!r}"
