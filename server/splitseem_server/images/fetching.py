"""An address of an image -> its bytes, from public hosts only.

Somebody who names an address here lets this server ask in its own name, so that what only it can reach must
not be reached: a name is resolved once, all of its addresses must be public, and the connection goes to one
of them. A redirect is looked at in the same way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from splitseem_server.errors import BodyTooLarge, UnreadableImage, UrlNotEnabled

REDIRECTS = 3
AT_ONCE = 8
"""Images that are fetched at the same time; each is held in memory."""
PORTS = frozenset({80, 443})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All IPv6 addresses that were ever given to hosts of the internet; others may mean hosts of this network."""
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port -> addresses."""
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Whether an IP address is one that everybody can reach, also by what it may stand for."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(_is_global(one) for one in (ip, *_meant_by(ip)))


def _is_global(ip: _Ip) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None and ip not in _NAT64:
        return ip in _UNICAST and ip not in _DOCUMENTATION and ip.is_global
    return ip.is_global and not ip.is_multicast


def _meant_by(ip: _Ip) -> list[_Ip]:
    """IPv4 addresses inside an IPv6 address."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    inside: list[_Ip | None] = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        inside.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in inside if one is not None]


async def resolve(name: str, port: int) -> Sequence[str]:
    """By the system."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class ImageFetcher:
    """Fetches images.

    Args:
        max_bytes: of an image.
        seconds: for all of it, redirects too.
        ports: that are asked; None: all.
        resolve, may_reach: as for strangers, unless a setting or a test says otherwise.
        redirects: that are followed.
        headers: to send along, or instead of ours, to wherever redirects lead.
    """

    max_bytes: int
    seconds: float
    ports: frozenset[int] | None = PORTS
    resolve: Resolve = resolve
    may_reach: Callable[[str], bool] = is_public
    redirects: int = REDIRECTS
    headers: Mapping[str, str] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def __call__(self, url: str) -> bytes:
        """The bytes at an address.

        Raises:
            UrlNotEnabled: not an address that is fetched. BodyTooLarge: too many bytes.
            UnreadableImage: nothing came, or something else than the bytes of a file.
        """
        try:
            async with asyncio.timeout(self.seconds), self._slots, _client() as client:
                return await self._follow(client, httpx.URL(url))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise UnreadableImage(
                f"the image at `url` cannot be fetched within {self.seconds:g} s ({type(error).__name__});"
                " send the image itself"
            ) from error

    async def _follow(self, client: httpx.AsyncClient, url: httpx.URL) -> bytes:
        for _ in range(self.redirects + 1):
            name = {"sni_hostname": url.host}
            pinned = await self._pinned(url)
            headers = {**_headers(url), **self.headers}
            async with client.stream("GET", pinned, headers=headers, extensions=name) as response:
                if not response.has_redirect_location:
                    return await self._body(response)
                url = url.join(response.headers["location"])
        raise UnreadableImage(f"`url` leads to more than {self.redirects} redirects; send the image itself")

    async def _pinned(self, url: httpx.URL) -> httpx.URL:
        """The address with the host's IP in the place of its name."""
        port = url.port or {"http": 80, "https": 443}.get(url.scheme)
        ports = self.ports or {port}
        plain = bool(url.host) and not url.userinfo and url.scheme in ("http", "https")
        if port is None or port not in ports or not plain:
            raise UrlNotEnabled(
                "`url`: expected http:// or https:// with a host, its usual port and no password"
            )
        addresses = await self.resolve(url.host, port)
        if not addresses or not all(map(self.may_reach, addresses)):
            raise UrlNotEnabled("`url`: images are fetched from public hosts only; send the image itself")
        return url.copy_with(host=addresses[0])

    async def _body(self, response: httpx.Response) -> bytes:
        if response.status_code != 200 or response.headers.get("content-encoding", "identity") != "identity":
            raise UnreadableImage(f"`url` was answered with {response.status_code}, not with an image file")
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self.max_bytes:
                raise BodyTooLarge(f"the image at `url` has more than {self.max_bytes} bytes")
        return bytes(body)


def _client() -> httpx.AsyncClient:
    """Without proxies or passwords from the environment; redirects are looked at here."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False)


def _headers(url: httpx.URL) -> dict[str, str]:
    """The host is told by which of its names it is asked; TLS says it too."""
    return {"Host": url.netloc.decode("ascii"), "Accept": "image/*", "Accept-Encoding": "identity"}
