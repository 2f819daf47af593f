"""What a URL says of a Redis: one server, a master that Sentinels know, or a cluster.

    redis://user:password@host:6379/0            one server; rediss:// by TLS, unix:// by a socket
    redis+sentinel://user:password@host:26379,host:26379/service/0
    redis+cluster://user:password@host:6379,host:6379

User, password and database are those of Redis; `sentinel_username` and `sentinel_password` in the query are
those of the Sentinels. With rediss+sentinel:// both are reached by TLS, unless `sentinel_ssl` is false. Other
parts of the query are options of redis-py, such as `ssl_ca_certs`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode

Kind = Literal["server", "sentinel", "cluster"]
Node = tuple[str, int]

_SEVERAL = re.compile(
    r"(?P<base>rediss?)\+(?P<kind>sentinel|cluster)://(?:(?P<credentials>[^/?#]*)@)?(?P<nodes>[^@/?#]+)"
    r"(?:/(?P<path>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
_ONE = re.compile(r"(redis|rediss|unix)://.*")
_NODE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<name>[^:\[\]\s]+))(?::(?P<port>[0-9]{1,5}))?")
_PORTS = {"sentinel": 26379, "cluster": 6379}
_OF_SENTINELS = "sentinel_"
_SECRET = re.compile(r"([?&](?:sentinel_)?password=)[^&#]*")
_CREDENTIALS = re.compile(r"^([a-z+]+://[^:@/?]*):[^?]*@")

FORMS = (
    "`memory` or a URL that begins with redis://, rediss:// or unix://, or one of several servers:"
    " redis+sentinel://host:port,host:port/service, redis+cluster://host:port,host:port, or the same with"
    " rediss+"
)


@dataclass(frozen=True)
class RedisUrl:
    """A URL that was read.

    Args:
        nodes: of a cluster, or Sentinels, as many as are named.
        service: name of the master, by which Sentinels know it.
        options: of connections to Redis, as redis-py names them.
        sentinel_options: of connections to Sentinels.
    """

    kind: Kind
    text: str
    nodes: tuple[Node, ...] = ()
    service: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    sentinel_options: Mapping[str, Any] = field(default_factory=dict)


def read_redis_url(text: str) -> RedisUrl:
    """What a URL says. Messages of errors hold nothing of it, since it may hold a password.

    Raises:
        ValueError: it has none of the forms, or an option that redis-py does not know.
    """
    several = _SEVERAL.fullmatch(text)
    if several is None and not _ONE.fullmatch(text):
        raise ValueError(f"expected {FORMS}")
    try:
        url = RedisUrl("server", text) if several is None else _read_several(text, several)
        _check_options(url)
    except (ValueError, TypeError) as error:
        if isinstance(error, _UrlError):
            raise
        raise ValueError(
            "this URL of Redis has a port, a database or an option in its query that redis-py does not take"
        ) from None
    return url


def mask_url(url: str) -> str:
    """The URL with its passwords, if any, replaced by ***."""
    return _CREDENTIALS.sub(r"\1:***@", _SECRET.sub(r"\1***", url))


class _UrlError(ValueError):
    """Says what is wrong without the URL."""


def _read_several(text: str, found: re.Match[str]) -> RedisUrl:
    kind: Kind = "sentinel" if found["kind"] == "sentinel" else "cluster"
    service, _, database = (found["path"] or "").partition("/")
    if kind == "sentinel" and not service:
        raise _UrlError(
            "redis+sentinel:// ends with the name of the service that Sentinels watch: …/mymaster"
        )
    if kind == "cluster":
        database = "/".join(filter(None, (service, database)))
    query = parse_qsl(found["query"] or "", keep_blank_values=True)
    options = _options(found, database, [item for item in query if not item[0].startswith(_OF_SENTINELS)])
    if kind == "cluster" and options.pop("db", 0):
        raise _UrlError("a cluster of Redis has database 0 only; leave the database out")
    given = {name: value for name, value in query if name.startswith(_OF_SENTINELS)}
    return RedisUrl(
        kind,
        text,
        tuple(_node(node, kind) for node in found["nodes"].split(",")),
        unquote(service) if kind == "sentinel" else "",
        options,
        _sentinel_options(given, options) if kind == "sentinel" else {},
    )


def _options(found: re.Match[str], database: str, query: list[tuple[str, str]]) -> dict[str, Any]:
    """By redis-py, as if it were one server."""
    from redis.asyncio.connection import parse_url

    credentials = "" if found["credentials"] is None else found["credentials"] + "@"
    plain = f"{found['base']}://{credentials}localhost/{database}?{urlencode(query)}"
    if database and not database.isdecimal():
        raise _UrlError("the database of a Redis is a number: …/service/0")
    options: dict[str, Any] = dict(parse_url(plain))
    if options.pop("connection_class", None) is not None:
        options["ssl"] = True
    del options["host"]
    return options


def _sentinel_options(given: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    named = {name.removeprefix(_OF_SENTINELS): value for name, value in given.items()}
    by_tls = options.get("ssl", False) and named.pop("ssl", "true").lower() not in ("false", "0", "no")
    if unknown := named.keys() - {"username", "password", "ssl"}:
        known = "sentinel_username, sentinel_password, sentinel_ssl"
        raise _UrlError(f"unknown option sentinel_{min(unknown)}; known are {known}")
    shared = {name: value for name, value in options.items() if by_tls and name.startswith("ssl")}
    return {**shared, **{name: named[name] for name in ("username", "password") if name in named}}


def _node(text: str, kind: Kind) -> Node:
    found = _NODE.fullmatch(text.strip())
    if found is None:
        raise _UrlError("expected servers as host:port, with commas between, IPv6 addresses in brackets")
    port = int(found["port"] or _PORTS[kind])
    if not 0 < port < 65536:
        raise _UrlError("a port is a number from 1 to 65535")
    return found["v6"] or found["name"], port


def _check_options(url: RedisUrl) -> None:
    """Raises: ValueError, TypeError: redis-py does not take them."""
    from redis.asyncio import ConnectionPool, RedisCluster
    from redis.asyncio.connection import Connection, SSLConnection

    if url.kind == "server":
        pool = ConnectionPool.from_url(url.text)
        pool.connection_class(**pool.connection_kwargs)
        return
    options = {name: value for name, value in url.options.items() if name != "ssl"}
    (SSLConnection if url.options.get("ssl") else Connection)(**options)
    if url.kind == "cluster" and not options.keys() <= inspect.signature(RedisCluster).parameters.keys():
        raise TypeError("an option that clusters do not have")
