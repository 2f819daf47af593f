"""A cache whose values are believed only when they are what their key says."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog

from splitseem_proto.errors import ProtoError
from splitseem_server.cache.base import CacheState, EmbeddingCache
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.cache.packed import PackedEmbedding

_log = structlog.get_logger(__name__)


class CheckedCache:
    """Embeddings in an `EmbeddingCache` that others may write to: a value that is no embedding, or that of
    another key, is removed and counts as a fault and a miss.

    Args:
        local: of this process alone, in front of the other one: what was checked is found there without
            asking again, also while the other one does not answer.
        tier: what the other one is called, for `read`.
        read: is told the tier that was looked into, and the result: hit, miss or damaged.
    """

    def __init__(
        self,
        cache: EmbeddingCache,
        local: InProcessCache,
        *,
        tier: str = "memory",
        read: Callable[[str, str], None] = lambda tier, result: None,
    ) -> None:
        self._cache = cache
        self._local = local
        self._tier = tier
        self._own = [("local", local)]
        self._is_own = isinstance(cache, InProcessCache)
        if isinstance(cache, InProcessCache):
            # Nobody else writes to it.
            self._own.append((tier, cache))
        self._read = read
        self._faults = 0

    async def get(self, key: str, tenant: str) -> PackedEmbedding | None:
        """The embedding of that key, or None."""
        near = await self.near(key, tenant)
        if near is not None:
            return near
        place = place_of(key, tenant)
        data = None if self._is_own else await self._cache.get(place)
        if data is None:
            self._read(self._tier, "miss")
            return None
        packed = PackedEmbedding(data)
        fault = _fault(key, packed)
        self._read(self._tier, "hit" if fault is None else "damaged")
        if fault is None:
            await self._local.put(place, data)
            return packed
        self._faults += 1
        _log.warning("cache_fault", operation="check", reason=fault, faults=self._faults)
        await self._cache.remove(place)
        return None

    async def near(self, key: str, tenant: str) -> PackedEmbedding | None:
        """The embedding of that key, if this process has it and knows that it is right."""
        place = place_of(key, tenant)
        for tier, cache in self._own:
            data = await cache.get(place)
            if data is not None:
                self._read(tier, "hit")
                return PackedEmbedding(data)
        return None

    async def put(self, key: str, tenant: str, packed: PackedEmbedding) -> None:
        """Keep the embedding if possible."""
        place = place_of(key, tenant)
        await self._local.put(place, packed.data)
        await self._cache.put(place, packed.data)

    def claimed(self, key: str, tenant: str) -> AbstractAsyncContextManager[bool]:
        """The right to make the embedding of a key, see `EmbeddingCache`."""
        return self._cache.claimed(place_of(key, tenant))

    async def state(self) -> CacheState:
        """How the cache below is doing, with the values that were removed among its faults."""
        state = await self._cache.state()
        return dataclasses.replace(state, faults=state.faults + self._faults)

    async def close(self) -> None:
        """Close both."""
        await self._local.close()
        await self._cache.close()


def place_of(key: str, tenant: str) -> str:
    """Where the embedding of a key is kept for a tenant; empty for a service without tenants."""
    return hashlib.sha256(f"{tenant}\n{key}".encode()).hexdigest() if tenant else key


def _fault(key: str, packed: PackedEmbedding) -> str | None:
    """Why it is not the embedding of that key."""
    try:
        found = packed.embedding.key
    except (ProtoError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return None if found == key else f"the embedding of {found!r} under {key!r}"
