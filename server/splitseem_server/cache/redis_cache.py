"""Embeddings in Redis, shared by several servers."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import structlog
from redis.exceptions import ResponseError

from splitseem_server.cache.base import CacheState
from splitseem_server.cache.claims import Claims
from splitseem_server.redis_server import connect

T = TypeVar("T")

_PREFIX = "splitseem:embedding:1:"
_CHECKSUM_BYTES = 4
_CONNECTIONS = 32
_log = structlog.get_logger(__name__)


class RedisCache:
    """An `EmbeddingCache` in Redis. A value is a CRC-32 (little-endian) and the bytes that it covers.

    Args:
        url: see `redis_url`.
        timeout_s: seconds an operation may take before it counts as a fault.
        pause_s: seconds during which Redis is not asked again after an operation failed and a ping did too.
        ttl_s: seconds after which an entry is forgotten; 0 for never.
        claim_s: seconds after which the claim of a server that died expires; 0 for no claims.
    Raises:
        ValueError: the URL cannot be read.
    """

    def __init__(
        self, url: str, *, timeout_s: float, pause_s: float, ttl_s: int, claim_s: float = 0.0
    ) -> None:
        self._redis = connect(url, timeout_s)
        self._client = self._redis.client
        # Each operation has a connection of its own.
        self._slots = asyncio.Semaphore(_CONNECTIONS)
        self._probing = asyncio.Lock()
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._ttl_s = ttl_s or None
        self._claims = Claims(self._client, self._ask, lease_s=claim_s)
        self._paused_until: dict[str, float] = {}
        self._faults = 0
        self._refused: str | None = None

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None when they are not there, damaged, or Redis does not answer."""
        value = await self._ask("get", _PREFIX + key, lambda: self._client.get(_PREFIX + key))
        if not isinstance(value, bytes):
            return None
        data = value[_CHECKSUM_BYTES:]
        if _checksum(data) != value[:_CHECKSUM_BYTES]:
            self._count_fault("get", "checksum does not match")
            return None
        return data

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes if Redis answers."""
        value = _checksum(data) + data
        stored = await self._ask(
            "put", _PREFIX + key, lambda: self._client.set(_PREFIX + key, value, ex=self._ttl_s)
        )
        if stored:
            self._refused = None

    async def remove(self, key: str) -> None:
        """Forget the bytes if Redis answers."""
        await self._ask("remove", _PREFIX + key, lambda: self._client.delete(_PREFIX + key))

    def claimed(self, key: str) -> AbstractAsyncContextManager[bool]:
        """The right to make what belongs under a key, among the servers of this Redis."""
        return self._claims.held(key)

    async def state(self) -> CacheState:
        """Whether Redis answers, and stores what it is given; asked even during a pause, which stays."""
        fault = await self._ping_fault()
        if fault is not None:
            self._count_fault("ping", fault)
        return CacheState("redis", fault is None, self._faults, self._refused)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, operation: str, key: str, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Ask what is to be asked of a key."""
        part = self._redis.part_of(key)
        if time.monotonic() < self._paused_until.get(part, 0.0):
            return None
        try:
            async with asyncio.timeout(self._timeout_s), self._slots, _cancelled_in_earnest():
                await self._redis.ready()
                return await ask()
        except ResponseError as error:
            # Redis answered: it is full, read-only, or holds another type here. It may be asked again.
            self._count_fault(operation, f"{type(error).__name__}: {error}")
            if operation == "put":
                self._refused = str(error)
            return None
        except Exception as error:  # whatever is wrong with Redis or its client, requests go on
            self._count_fault(operation, f"{type(error).__name__}: {error}")
            await self._pause_unless_it_answers(part)
            return None

    async def _pause_unless_it_answers(self, part: str) -> None:
        """A connection that was closed, or a value that took too long, says nothing about the others."""
        if not self._pause_s:
            return
        async with self._probing:
            is_paused = time.monotonic() < self._paused_until.get(part, 0.0)
            if not is_paused and await self._ping_fault(part) is not None:
                self._paused_until[part] = time.monotonic() + self._pause_s

    async def _ping_fault(self, part: str | None = None) -> str | None:
        """Why Redis, or a part of it, does not answer; None when it does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._redis.ping(part)
        except Exception as error:  # as above
            return f"{type(error).__name__}: {error}"
        return None

    def _count_fault(self, operation: str, reason: str) -> None:
        self._faults += 1
        _log.warning("cache_fault", operation=operation, reason=reason, faults=self._faults)


@contextlib.asynccontextmanager
async def _cancelled_in_earnest() -> AsyncIterator[None]:
    """The client sometimes passes over that its task is cancelled while an answer arrives."""
    task = asyncio.current_task()
    assert task is not None, "Redis is asked from a task"
    before = task.cancelling()
    yield
    if task.cancelling() > before:
        raise asyncio.CancelledError


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")
