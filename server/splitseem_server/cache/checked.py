"""A cache whose values are believed only when they are what their key says."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import structlog

from splitseem_proto import Embedding, ImageGeometry
from splitseem_proto.errors import ProtoError
from splitseem_server.cache.base import CacheState, EmbeddingCache
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.cache.packed import PackedEmbedding

_log = structlog.get_logger(__name__)

_SURE_KEPT = 4096


class Expected(NamedTuple):
    """What is known of an embedding beside its key, where somebody asks with the image."""

    fingerprint: str
    codec: str
    geometry: ImageGeometry

    @classmethod
    def of(cls, embedding: Embedding) -> Expected:
        """What an embedding says of itself."""
        return cls(embedding.fingerprint, embedding.codec, embedding.geometry)


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
        # Places of `local` whose values were held to all that can be expected, or were made here.
        self._sure: dict[str, None] = {}

    async def get(self, key: str, tenant: str, expected: Expected | None = None) -> PackedEmbedding | None:
        """The embedding of that key, or None.

        Args:
            expected: what it must be; None where only the key is known.
        """
        near = await self.near(key, tenant, expected)
        if near is not None:
            return near
        place = place_of(key, tenant)
        data = None if self._is_own else await self._cache.get(place)
        if data is None:
            self._read(self._tier, "miss")
            return None
        packed = PackedEmbedding(data)
        fault = _fault(key, packed, expected)
        self._read(self._tier, "hit" if fault is None else "damaged")
        if fault is None:
            await self._keep_near(place, data, is_sure=expected is not None)
            return packed
        self._faults += 1
        _log.warning("cache_fault", operation="check", reason=fault, faults=self._faults)
        await self._cache.remove(place)
        return None

    async def near(self, key: str, tenant: str, expected: Expected | None = None) -> PackedEmbedding | None:
        """The embedding of that key, if this process has it and knows that it is right."""
        place = place_of(key, tenant)
        for tier, cache in self._own:
            data = await cache.get(place)
            if data is None:
                continue
            packed = PackedEmbedding(data)
            if cache is self._local and expected is not None and place not in self._sure:
                if _fault(key, packed, expected) is not None:
                    # Redis has the same, where it is found out.
                    await self._local.remove(place)
                    continue
                await self._keep_near(place, data, is_sure=True)
            self._read(tier, "hit")
            return packed
        return None

    async def _keep_near(self, place: str, data: bytes, *, is_sure: bool) -> None:
        await self._local.put(place, data)
        self._sure.pop(place, None)
        if is_sure:
            self._sure[place] = None
        if len(self._sure) > _SURE_KEPT:
            del self._sure[next(iter(self._sure))]

    async def put(self, key: str, tenant: str, packed: PackedEmbedding) -> None:
        """Keep the embedding if possible."""
        place = place_of(key, tenant)
        await self._keep_near(place, packed.data, is_sure=True)
        await self._cache.put(place, packed.data)

    @property
    def held_bytes(self) -> Mapping[str, int]:
        """Bytes of embeddings that this process keeps, by tier."""
        return {tier: cache.held_bytes for tier, cache in self._own}

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


def _fault(key: str, packed: PackedEmbedding, expected: Expected | None) -> str | None:
    """Why it is not the embedding of that key."""
    try:
        embedding = packed.embedding
    except (ProtoError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    if embedding.key != key:
        return f"the embedding of {embedding.key!r} under {key!r}"
    found = Expected.of(embedding)
    return None if expected in (None, found) else f"{found} under the key of {expected}"
