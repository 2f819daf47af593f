"""Who makes an embedding, among servers that share one Redis."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import structlog
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

_PREFIX = "splitseem:claim:1:"
_POLL_S = 0.03
_RENEWALS = 3
"""In the time after which a claim expires."""
_MOST_LEASES = 12
"""A claim that is renewed for longer is not waited for: a second run is better than no answer."""

_log = structlog.get_logger(__name__)


class Ask(Protocol):
    """Asks Redis; None when it cannot be asked. See `RedisCache`."""

    def __call__(self, operation: str, key: str, ask: Callable[[], Awaitable[Any]], /) -> Awaitable[Any]: ...


class Claims:
    """Claims of keys. One is renewed as long as its holder lives, and expires after that.

    Args:
        client: of Redis, or of a cluster: a claim is one key, so that it is in one place.
        ask: how it is asked.
        lease_s: seconds after which the claim of a holder that died expires; 0: nothing is claimed.
    """

    def __init__(self, client: Any, ask: Ask, *, lease_s: float) -> None:
        self._client = client
        self._ask = ask
        self._lease_s = lease_s

    @contextlib.asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[bool]:
        """Hold the claim of a key, once no other server does. Gives False when there was none: Redis
        did not answer, or another server held it for too long."""
        if not self._lease_s:
            yield False
            return
        name = _PREFIX + key
        lock: Lock = self._client.lock(name, timeout=self._lease_s, thread_local=False)
        if not await self._take(lock, name):
            yield False
            return
        renewal = asyncio.create_task(self._renew(lock, name))
        try:
            yield True
        finally:
            renewal.cancel()
            await self._ask("release", name, lambda: _is_lost(lock.release()))

    async def _take(self, lock: Lock, name: str) -> bool:
        clock = asyncio.get_running_loop().time
        until = clock() + _MOST_LEASES * self._lease_s
        while (taken := await self._ask("claim", name, lambda: lock.acquire(blocking=False))) is False:
            if clock() > until:
                _log.warning("claim_held_too_long", claim=name)
                return False
            await asyncio.sleep(_POLL_S)
        return bool(taken)

    async def _renew(self, lock: Lock, name: str) -> None:
        lost = False
        while not lost:
            await asyncio.sleep(self._lease_s / _RENEWALS)
            lost = await self._ask("renew", name, lambda: _is_lost(lock.reacquire())) is True


async def _is_lost(change: Awaitable[Any]) -> bool:
    """Whether a claim could not be changed because it expired; it may be another server's by now."""
    try:
        await change
    except LockError:
        return True
    return False
