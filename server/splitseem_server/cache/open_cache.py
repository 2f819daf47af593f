"""The cache that the settings name."""

from __future__ import annotations

from splitseem_server.cache.base import EmbeddingCache
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.settings import Settings


def open_cache(settings: Settings) -> EmbeddingCache:
    """`memory`, or the Redis of that URL; redis is imported only then.

    Raises:
        ValueError: the URL cannot be read.
    """
    if settings.cache == "memory":
        return InProcessCache(settings.cache_bytes)
    from splitseem_server.cache.redis_cache import RedisCache

    return RedisCache(
        settings.cache,
        timeout_s=settings.redis_timeout_s,
        pause_s=settings.redis_pause_s,
        ttl_s=settings.cache_ttl_s,
        claim_s=settings.redis_claim_s,
    )
