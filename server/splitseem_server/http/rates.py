"""How many requests a key and an address may make: rates such as `60/minute` and quotas such as `5000/day`.

Counted in a window that slides. Servers that share a Redis count together; while it does not answer, and
without one, each server counts for itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from splitseem_server.errors import RateLimited
from splitseem_server.settings import Settings

if TYPE_CHECKING:
    from splitseem_server.redis_server import RedisServer

_PREFIX = "splitseem:rate:1"
_NETWORK_BITS = 64
"""Of an IPv6 address: all behind it belong to one customer of a provider."""

_Limiter = SlidingWindowCounterRateLimiter
_Full = tuple[RateLimitItem, float]
"""A limit that is reached, and seconds until there is room again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counted:
    """Whose requests are counted together.

    Args:
        kind: `key` or `address`, for messages and metrics.
        who: the name of the key, or the address.
    """

    kind: str
    who: str


class Rates:
    """Counts requests, and refuses those that are too many.

    Args:
        settings: `rate_per_key`, `rate_per_address`, and the Redis that servers share.
    """

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            "key": parse_rates(settings.rate_per_key),
            "address": parse_rates(settings.rate_per_address),
        }
        self._memory = _Limiter(MemoryStorage())
        self._redis = _redis(settings) if any(self._limits.values()) else None
        self._shared = None if self._redis is None else _shared(self._redis)
        self._pause_s = settings.redis_pause_s
        self._timeout_s = settings.redis_timeout_s
        self._alone_until = 0.0

    async def count(self, counted: Counted) -> None:
        """Count a request.

        Raises:
            RateLimited: there were too many.
        """
        limits = self._limits[counted.kind]
        if not limits:
            return
        full = await self._full(limits, counted)
        if full is not None:
            limit, wait_s = full
            seconds = max(1, math.ceil(wait_s))
            raise RateLimited(
                f"more than {limit.amount} requests of this {counted.kind} in {limit.get_expiry()} s;"
                f" try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    async def close(self) -> None:
        """Close what is open to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _full(self, limits: Sequence[RateLimitItem], counted: Counted) -> _Full | None:
        if self._redis is not None and self._shared is not None and time.monotonic() >= self._alone_until:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.ready()
                    return await _full(self._shared, limits, counted)
            except Exception as error:  # whatever is wrong with Redis, requests go on
                self._alone_until = time.monotonic() + self._pause_s
                _log.warning("rates_counted_alone", reason=f"{type(error).__name__}: {error}")
        return await _full(self._memory, limits, counted)


def parse_rates(text: str) -> Sequence[RateLimitItem]:
    """The limits that a setting names; none for an empty one.

    Raises:
        ValueError: it has another form.
    """
    return parse_many(text) if text.strip() else ()


def address_of(scope: Scope, proxies: int) -> str:
    """Where a request comes from; of an IPv6 address the network.

    Args:
        proxies: how many in front of the service add to `X-Forwarded-For`; what callers wrote there
            themselves stands before that, and is not believed.
    """
    client = scope.get("client")
    address = "" if client is None else str(client[0])
    if proxies:
        values = Headers(scope=scope).getlist("x-forwarded-for")
        named = [part.strip() for value in values for part in value.split(",") if part.strip()]
        if named:
            address = named[-proxies] if proxies <= len(named) else named[0]
    return _network(address)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))


async def _full(limiter: _Limiter, limits: Sequence[RateLimitItem], counted: Counted) -> _Full | None:
    """Count, where there is room; else the limit that is reached for longest."""
    who = (counted.kind, counted.who)
    # What one limit refuses does not use up the others.
    reached = [limit for limit in limits if not await limiter.test(limit, *who)]
    if not reached:
        reached = [limit for limit in limits if not await limiter.hit(limit, *who)]
    if not reached:
        return None
    until = {limit: (await limiter.get_window_stats(limit, *who)).reset_time for limit in reached}
    longest = max(reached, key=lambda limit: until[limit])
    return longest, until[longest] - time.time()


def _redis(settings: Settings) -> RedisServer | None:
    if settings.cache == "memory":
        return None
    from splitseem_server.redis_server import connect

    return connect(settings.cache, settings.redis_timeout_s)


def _shared(server: RedisServer) -> _Limiter:
    from limits.aio.storage import RedisStorage

    class Storage(RedisStorage):
        """Counts by a client that is connected already. The keys of one script have a common hash tag, so
        that a cluster has them in one place."""

        def configure_bridge(self) -> None:
            bridge: Any = self.bridge
            bridge.storage = server.client
            bridge.connection_getter = lambda readonly: server.client

    return _Limiter(Storage("async+redis://", implementation="redispy", key_prefix=_PREFIX))
