"""An image that is named by its address: fetched from public hosts only, within limits."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi import FastAPI

from splitseem_server.errors import BodyTooLarge, UnreadableImage, UrlNotEnabled
from splitseem_server.images.fetching import ImageFetcher, is_public

pytestmark = pytest.mark.anyio

PLENTY_S = 60.0
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::a9fe:a9fe",
    "fec0::1",
    "5f00::1",
    "3fff::1",
    "2002:a9fe:a9fe::",
    "2001:0:7f00:1::",
]


@dataclass
class Host:
    """A host that answers by path, and the requests that came: path, name of the host, other headers."""

    port: int = 0
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)

    async def resolve(self, name: str, port: int) -> Sequence[str]:
        """Every name is this machine; the second answer for a name would be another one."""
        self.resolved.append(name)
        return ["127.0.0.1"] if self.resolved.count(name) == 1 else ["192.0.2.1"]

    def fetcher(self, **given: Any) -> ImageFetcher:
        """A fetcher that may reach this machine."""
        usual = ImageFetcher(
            10_000, PLENTY_S, ports=frozenset({self.port}), resolve=self.resolve, may_reach=lambda _: True
        )
        return dataclasses.replace(usual, **given)

    def url(self, path: str, name: str = "photos.example") -> str:
        return f"http://{name}:{self.port}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append((self.path, self.headers["Host"], dict(self.headers)))
            if self.path == "/stalls":
                host.stalled.wait(PLENTY_S)
            status, headers, content = host.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    host.port = httpd.server_port
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    host.stalled.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.mark.parametrize("address", PRIVATE)
def test_what_only_some_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_is_resolved_once_and_asked_by_its_name(host: Host) -> None:
    host.answers["/a.png"] = (200, {}, b"image")
    assert await host.fetcher()(host.url("/a.png")) == b"image"
    ((path, name, headers),) = host.asked
    assert (path, name) == ("/a.png", f"photos.example:{host.port}")
    assert host.resolved == ["photos.example"]
    assert not {"Authorization", "Cookie"} & headers.keys()


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_of_a_private_address_is_never_asked(host: Host, address: str) -> None:
    async def resolve(name: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", address]

    with pytest.raises(UrlNotEnabled, match="public hosts only"):
        await host.fetcher(resolve=resolve, may_reach=is_public)(host.url("/a.png"))
    assert host.asked == []


@pytest.mark.parametrize(
    "literal", ["127.0.0.1", "127.1", "2130706433", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
async def test_this_machine_is_not_reached_by_any_spelling(host: Host, literal: str) -> None:
    fetcher = ImageFetcher(10_000, PLENTY_S, ports=frozenset({host.port}))
    with pytest.raises((UrlNotEnabled, UnreadableImage)):
        await fetcher(host.url("/a.png", literal))
    assert host.asked == []


async def test_a_redirect_is_looked_at_again(host: Host) -> None:
    host.answers["/a.png"] = (302, {"Location": host.url("/b.png", "inside.example")}, b"")
    host.answers["/b.png"] = (200, {}, b"image")
    assert await host.fetcher()(host.url("/a.png")) == b"image"
    assert host.resolved == ["photos.example", "inside.example"]
    host.asked.clear()
    host.resolved.clear()

    async def resolve(name: str, port: int) -> Sequence[str]:
        return ["10.0.0.1"] if name == "inside.example" else ["127.0.0.1"]

    with pytest.raises(UrlNotEnabled):
        await host.fetcher(resolve=resolve, may_reach=lambda address: address == "127.0.0.1")(
            host.url("/a.png")
        )
    assert [path for path, _, _ in host.asked] == ["/a.png"]


async def test_what_redirects_for_ever_is_given_up(host: Host) -> None:
    host.answers["/a.png"] = (302, {"Location": "/a.png"}, b"")

    async def resolve(name: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    with pytest.raises(UnreadableImage, match="redirects"):
        await host.fetcher(resolve=resolve)(host.url("/a.png"))
    assert len(host.asked) == 4


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.example/x",
        "gopher://a.example",
        "http://u:p@a.example/",
        "http:///x",
        "x",
    ],
)
async def test_other_addresses_are_refused_before_a_name_is_resolved(host: Host, url: str) -> None:
    with pytest.raises((UrlNotEnabled, UnreadableImage)):
        await host.fetcher(ports=frozenset({21, 80, 443}))(url)
    assert host.resolved == []


async def test_other_ports_are_refused(host: Host) -> None:
    with pytest.raises(UrlNotEnabled, match="usual port"):
        await host.fetcher(ports=frozenset({80, 443}))(host.url("/a.png"))


async def test_too_many_bytes_are_refused_as_they_come(host: Host) -> None:
    host.answers["/a.png"] = (200, {}, bytes(10_001))
    with pytest.raises(BodyTooLarge):
        await host.fetcher()(host.url("/a.png"))


async def test_what_does_not_come_or_is_no_file_is_said(host: Host) -> None:
    host.answers["/z"] = (200, {"Content-Encoding": "gzip"}, b"bomb")
    with pytest.raises(UnreadableImage, match=r"within 0\.3 s"):
        await host.fetcher(seconds=0.3)(host.url("/stalls"))
    for path, name in (("/missing", "a.example"), ("/z", "b.example")):
        with pytest.raises(UnreadableImage, match="not with an image file"):
            await host.fetcher()(host.url(path, name))


async def test_the_service_fetches_only_where_it_may(
    make_app: Callable[..., FastAPI], run_in_process: Any, image_bytes: Callable[..., bytes], host: Host
) -> None:
    host.answers["/a.png"] = (200, {}, image_bytes())
    asked = {"url": host.url("/a.png"), "canvas": 96}
    async with run_in_process(make_app()) as client:
        off = await client.post("/embed", json=asked)
    app = make_app(fetch_urls=True)
    async with run_in_process(app) as client:
        private = await client.post("/embed", json={"url": "http://127.0.0.1/a.png"})
        both = await client.post("/embed", json={**asked, "image_base64": "AAAA"})
        app.state.services.fetch = host.fetcher()
        fetched = await client.post("/embed", json=asked)
        sent = await client.post("/embed?canvas=96", content=image_bytes())
    assert (off.status_code, private.status_code, both.status_code) == (403, 403, 400)
    assert fetched.status_code == 200
    assert fetched.content == sent.content
    assert sent.headers["x-splitseem-cache"] == "hit"
