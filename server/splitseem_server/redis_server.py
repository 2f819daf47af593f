"""The Redis of a URL: one server, the master that Sentinels name, or a cluster, by the means of redis-py."""

from __future__ import annotations

from typing import Any, Protocol

import redis.asyncio as redis
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisClusterException

from splitseem_server.redis_url import RedisUrl, read_redis_url


class RedisServer(Protocol):
    """A Redis, which may be several servers.

    Attributes:
        client: asks it, when it is ready; every operation has a connection of its own.
    """

    client: Any

    async def ready(self) -> None:
        """Know where to ask; at once, unless much has changed."""
        ...

    def part_of(self, key: str) -> str:
        """Which of the servers has a key, by a name; empty where there is only one."""
        ...

    async def ping(self, part: str | None = None) -> None:
        """Ask one of the servers, or all that have keys, for an answer.

        Raises:
            whatever is wrong with it.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def connect(text: str, timeout_s: float) -> RedisServer:
    """The Redis of a URL; nothing is sent yet.

    Args:
        timeout_s: seconds that an operation may take.
    Raises:
        ValueError: the URL cannot be read.
    """
    url = read_redis_url(text)
    return _Cluster(url, timeout_s) if url.kind == "cluster" else _Master(url, timeout_s)


class _Master:
    """One server, or the one of several that is master now."""

    def __init__(self, url: RedisUrl, timeout_s: float) -> None:
        self._sentinel = _sentinel(url, timeout_s) if url.kind == "sentinel" else None
        self.client: Any = self._connected(url, timeout_s)
        # Whether Redis answers at all is asked beside the other connections.
        self._probe = self._connected(url, timeout_s)

    async def ready(self) -> None:
        return

    def part_of(self, key: str) -> str:
        return ""

    async def ping(self, part: str | None = None) -> None:
        await self._probe.ping()

    async def aclose(self) -> None:
        await self.client.aclose()
        await self._probe.aclose()
        if self._sentinel is not None:
            for sentinel in self._sentinel.sentinels:
                await sentinel.aclose()

    def _connected(self, url: RedisUrl, timeout_s: float) -> redis.Redis:
        """A client whose commands are sent once more over a new connection when theirs was closed."""
        options: dict[str, Any] = {
            "socket_timeout": timeout_s,
            "socket_connect_timeout": timeout_s,
            "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
            "retry_on_error": [],
        }
        if self._sentinel is None:
            return redis.Redis.from_pool(redis.ConnectionPool.from_url(url.text, **options))
        options |= url.options
        pool = SentinelConnectionPool(url.service, self._sentinel, **options)  # type: ignore[no-untyped-call]
        return redis.Redis.from_pool(pool)


def _sentinel(url: RedisUrl, timeout_s: float) -> Sentinel:
    """Sentinels are asked one after the other: one that hangs leaves time for the others."""
    share_s = timeout_s / (len(url.nodes) + 1)
    options: dict[str, Any] = {
        "socket_timeout": share_s,
        "socket_connect_timeout": share_s,
        "retry": Retry(NoBackoff(), 0),
        **url.sentinel_options,
    }
    return Sentinel(url.nodes, sentinel_kwargs=options)  # type: ignore[no-untyped-call]


class _Cluster:
    """Several servers that have a part of the keys each."""

    def __init__(self, url: RedisUrl, timeout_s: float) -> None:
        self.client: Any = _cluster(url, timeout_s)
        self._probe: Any = _cluster(url, timeout_s)

    async def ready(self) -> None:
        # A command that comes before is sent to any of the servers, which costs it a round.
        await self.client.initialize()

    def part_of(self, key: str) -> str:
        try:
            return str(self.client.get_node_from_key(key).name)
        except RedisClusterException:  # nothing is known of the cluster yet
            return ""

    async def ping(self, part: str | None = None) -> None:
        await self._probe.initialize()
        node = self._probe.get_node(node_name=part) if part else None
        await self._probe.ping(target_nodes=self._probe.PRIMARIES if node is None else node)

    async def aclose(self) -> None:
        await self.client.aclose()
        await self._probe.aclose()


def _cluster(url: RedisUrl, timeout_s: float) -> redis.RedisCluster:
    """A server that hangs is given up in half of the time, so that the client learns who took its keys."""
    options: dict[str, Any] = {
        "socket_timeout": timeout_s / 2,
        "socket_connect_timeout": timeout_s / 2,
        # What the servers that answer have is of use.
        "require_full_coverage": False,
        # A key that has moved is no reason to close connections on which others wait.
        "reinitialize_steps": 0,
        **url.options,
    }
    return redis.RedisCluster(startup_nodes=[ClusterNode(*node) for node in url.nodes], **options)
