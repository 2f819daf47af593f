"""Embeddings in Redis, shared by several servers."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError, ResponseError

from splitseem_server.cache.base import CacheState
from splitseem_server.cache.claims import Claims

T = TypeVar("T")

_PREFIX = "splitseem:embedding:1:"
_CHECKSUM_BYTES = 4
_CONNECTIONS = 32
_log = structlog.get_logger(__name__)


class RedisCache:
    """An `EmbeddingCache` in Redis. A value is a CRC-32 (little-endian) and the bytes that it covers.

    Args:
        url: redis://, rediss:// or unix://.
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
        self._client = _connect(url, timeout_s, connections=_CONNECTIONS)
        # Whether Redis answers at all is asked beside the queue for connections.
        self._probe = _connect(url, timeout_s, connections=1)
        self._probing = asyncio.Lock()
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._ttl_s = ttl_s or None
        self._claims = Claims(self._client, self._ask, lease_s=claim_s)
        self._paused_until = 0.0
        self._faults = 0
        self._refused: str | None = None

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None when they are not there, damaged, or Redis does not answer."""
        value = await self._ask("get", lambda: self._client.get(_PREFIX + key))
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
        stored = await self._ask("put", lambda: self._client.set(_PREFIX + key, value, ex=self._ttl_s))
        if stored:
            self._refused = None

    async def remove(self, key: str) -> None:
        """Forget the bytes if Redis answers."""
        await self._ask("remove", lambda: self._client.delete(_PREFIX + key))

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
        await self._client.aclose()
        await self._probe.aclose()

    async def _ask(self, operation: str, ask: Callable[[], Awaitable[T]]) -> T | None:
        if time.monotonic() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_s), _cancelled_in_earnest():
                return await ask()
        except ResponseError as error:
            # Redis answered: it is full, read-only, or holds another type here. It may be asked again.
            self._count_fault(operation, f"{type(error).__name__}: {error}")
            if operation == "put":
                self._refused = str(error)
            return None
        except (RedisError, OSError, TimeoutError) as error:
            self._count_fault(operation, f"{type(error).__name__}: {error}")
            await self._pause_unless_it_answers()
            return None

    async def _pause_unless_it_answers(self) -> None:
        """A connection that was closed, or a value that took too long, says nothing about the others."""
        if not self._pause_s:
            return
        async with self._probing:
            if time.monotonic() >= self._paused_until and await self._ping_fault() is not None:
                self._paused_until = time.monotonic() + self._pause_s

    async def _ping_fault(self) -> str | None:
        """Why Redis does not answer; None when it does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._probe.ping()
        except (RedisError, OSError, TimeoutError) as error:
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


def _connect(url: str, timeout_s: float, *, connections: int) -> redis.Redis:
    """A client whose commands wait for one of its connections, and are sent once more over a new one when
    theirs was closed."""
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        retry_on_error=[],
    )
    return redis.Redis.from_pool(pool)


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")
