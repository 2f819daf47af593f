"""Bodies that mean no good, over the HTTP port: `python -m tests.server.hostile --bodies 10000`.

A service of nano gets damaged images, bombs, nested and mutated JSON, msgpack, multipart bodies of many
parts, lies about length and slow bodies. Printed are statuses, and the memory of the service and its
processes.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import contextlib
import io
import itertools
import json
import os
import re
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgpack
from PIL import Image

from splitseem_server.settings import ADAPTERS

SERVE = [sys.executable, "-c", "from splitseem_cli.main import main; main()", "serve", "--port", "0"]
CLIENTS = 4
FIRST = 2000
"""Bodies after which all is loaded that will be, and what is kept of the last images and sizes is full."""
REST_S = 5.0
"""After which the service has given back what is free: it looks every two seconds."""
ANSWER_S = 120.0
SLOW_S = 1.0
IMAGE_ROUTES = ("/embed?canvas=64", "/v1/upright", "/v1/decode?canvas=64", "/v1/panoptic?canvas=64")
JSON_ROUTES = ("/v1/decode?canvas=64", "/v1/text", "/embed", "/v1/panoptic")
LABEL_CONFIG = '<View><Image name="i" value="$image"/><BrushLabels name="b" toName="i"/></View>'
BOMB = "<!DOCTYPE a [<!ENTITY b 'cc'><!ENTITY c '&b;&b;'>]><View>&c;</View>"
CLICK = {"kind": "click", "x": 3.0, "y": 4.0, "label": 1}


@dataclass(frozen=True)
class Sent:
    """A request; `declared` is what its head says of the length, where that is another."""

    path: str
    content_type: str
    body: bytes
    declared: int | None = None
    slowly: bool = False

    @property
    def head(self) -> bytes:
        length = len(self.body) if self.declared is None else self.declared
        lines = (
            f"POST {self.path} HTTP/1.1",
            "Host: x",
            "Connection: close",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {length}",
        )
        return "\r\n".join([*lines, "", ""]).encode()


def photo(random: Random, format: str, **options: object) -> bytes:
    """A small photo; `format` is one of Pillow's."""
    size = (random.randint(1, 90), random.randint(1, 90))
    image = Image.frombytes("RGB", size, random.randbytes(3 * size[0] * size[1]))
    stream = io.BytesIO()
    image.convert("P" if format == "GIF" else "RGB").save(stream, format, **options)
    return stream.getvalue()


def mutated(random: Random, data: bytes) -> bytes:
    """Some bytes are others, or lost, or doubled."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        at = random.randrange(max(1, len(changed)))
        kind = random.randrange(4)
        if kind == 0 and changed:
            changed[at % len(changed)] = random.randrange(256)
        elif kind == 1:
            del changed[at : at + random.randint(1, 40)]
        elif kind == 2:
            changed[at:at] = changed[at : at + random.randint(1, 400)]
        else:
            changed[at : at + 4] = struct.pack(">I", random.choice((0, 1, 2**16, 2**31 - 1, 2**32 - 1)))
    return bytes(changed)


def png_of(width: int, height: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG whose head may say what its rows do not hold."""
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def damaged_image(random: Random) -> Sent:
    format = random.choice(("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"))
    body = mutated(random, photo(random, format))
    return Sent(random.choice(IMAGE_ROUTES[:2]), "image/*", body)


def bomb(random: Random) -> Sent:
    size = random.choice((3000, 7900, 20_000, 2**31 - 1))
    held = min(size, 3000)
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(2 * 10**6), 9))
    body = random.choice(
        (
            lambda: png_of(size, size, 2, bytes(held * (1 + 3 * held) // 8)),
            lambda: png_of(30, 30, 2, bytes(30 * 91), *[text] * random.randint(1, 20)),
            lambda: png_of(30, 30, 2, bytes(30 * 91), *[chunk(b"teSt", b"")] * 70_000),
            lambda: photo(random, "JPEG", progressive=True) + b"\xff\xda\x00\x02" * 2000,
            lambda: photo(random, "GIF") * 200,
        )
    )()
    return Sent(random.choice(IMAGE_ROUTES[:2]), "image/png", body)


def nested(random: Random) -> Sent:
    depth = random.choice((10, 1000, 100_000))
    opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    inner = opening * depth + b"1" + closing * depth
    body = random.choice((inner, b'{"texts": ' + inner + b"}", b'{"prompts": ' + inner + b"}"))
    return Sent(random.choice(JSON_ROUTES), "application/json", body)


def asked(random: Random) -> dict[str, object]:
    """What `/v1/decode` might be asked, with some numbers that nobody means."""
    wild: Any = random.choice((1e30, -1e308, 1e400, float("nan"), 2**80, "x", None, [], True, -1))
    points = [[random.uniform(-9, 90), random.uniform(-9, 90)] for _ in range(random.choice((0, 1, 3, 900)))]
    prompts = random.choice(
        (
            [CLICK] * random.choice((1, 9, 400)),
            [{**CLICK, "x": wild}],
            [{"kind": "scribble", "points_xy": [*points, [wild, 1]], "label": 1}],
            [{"kind": "polygon", "points_xy": points, "label": 1}],
            [{"kind": "box", "box_xyxy": [wild, 1, 2, 3]}],
            [{"kind": "text", "text": random.choice(("cat", "", "\u0000", "x" * 5000))}],
            [{"kind": "mask", "rle": {"size": [wild, 9], "counts": [1, 2]}}],
            wild,
        )
    )
    image = base64.b64encode(photo(random, "PNG")).decode()
    return {"image_base64": random.choice((image, image, image[:-9], wild)), "prompts": prompts}


def odd_json(random: Random) -> Sent:
    body = json.dumps(asked(random)).encode()
    return Sent("/v1/decode?canvas=64", "application/json", random.choice((body, mutated(random, body))))


@dataclass(frozen=True)
class Oddities:
    """Values for what other programs ask, some of which none of them means."""

    wild: Any
    picture: Any
    x: Any
    label: Any


def of_roboflow(odd: Oddities) -> tuple[str, dict[str, Any]]:
    point = {"x": odd.x, "y": 4.0, "positive": odd.label}
    image = {"type": "base64", "value": odd.picture}
    return "/sam2/segment_image", {"image": image, "prompts": [{"points": [point]}], "format": "rle"}


def of_sam(odd: Oddities) -> tuple[str, dict[str, Any]]:
    image = {"type": "base64", "value": odd.picture}
    body = {"image": image, "point_coords": [[odd.x, 4]], "point_labels": [odd.label]}
    return "/sam/segment_image", body


def of_qupath(odd: Oddities) -> tuple[str, dict[str, Any]]:
    points = {"point_coords": [[3, odd.x]], "point_labels": [odd.label]}
    return "/sam/", {"b64img": odd.picture, "bbox": [1, odd.x, 9, 9], **points}


def of_label_studio(odd: Oddities) -> tuple[str, dict[str, Any]]:
    value = {"x": odd.x, "y": 4, "width": 9, "height": 9}
    kind = "keypointlabels" if odd.label else odd.wild
    region = {"type": kind, "value": value, "original_width": 90, "original_height": odd.x}
    return "/label-studio/predict", {
        "tasks": [{"data": {"image": f"data:,{odd.picture}"}}],
        "label_config": LABEL_CONFIG if odd.label else BOMB,
        "params": {"context": {"result": [region]}},
    }


def of_cvat(odd: Oddities) -> tuple[str, dict[str, Any]]:
    points = {"pos_points": [[odd.x, 4]], "neg_points": [], "obj_bbox": odd.wild}
    return "/api/function_invocations", {"image": odd.picture, **points}


def of_kserve(odd: Oddities) -> tuple[str, dict[str, Any]]:
    inputs = [
        {"name": "image", "shape": [4, 4, 3], "datatype": "UINT8", "data": [7] * 48},
        {"name": "points", "shape": [1, odd.label, 2], "datatype": "FP32", "data": [odd.x, 2]},
    ]
    return "/v2/models/nano/infer", {"inputs": inputs, "outputs": [] if odd.label else odd.wild}


OTHERS = (of_roboflow, of_sam, of_qupath, of_label_studio, of_cvat, of_kserve)


def foreign(random: Random) -> Sent:
    """What other programs ask, in their words."""
    wild: Any = random.choice((1e30, -1e308, 1e400, 10**400, float("nan"), "x", None, [], {}, True, -1))
    text = base64.b64encode(photo(random, "PNG")).decode()
    picture, label = random.choice((text, text, text[:-9], wild)), random.choice((1, 0, wild))
    path, body = random.choice(OTHERS)(Oddities(wild, picture, random.choice((3, wild)), label))
    content = json.dumps(body).encode()
    return Sent(path, "application/json", random.choice((content, content, mutated(random, content))))


def odd_words(random: Random) -> Sent:
    words = ["x" * random.choice((0, 1, 5000)), "\ud800", "cat", 3, None, ["cat"]]
    body = {
        "texts": random.choices(words, k=random.choice((0, 1, 3, 9000))),
        "vocabulary": random.choice(words),
    }
    text = json.dumps(body).encode()
    return Sent("/v1/text", "application/json", random.choice((text, mutated(random, text))))


def packed(random: Random) -> Sent:
    body = msgpack.packb(asked(random) if random.random() < 0.5 else [0] * 10_000, default=str)
    kind = random.choice(("application/msgpack", "application/json", "application/octet-stream"))
    return Sent(random.choice(JSON_ROUTES), kind, mutated(random, body))


def many_parts(random: Random) -> Sent:
    part = b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n'
    count = random.choice((1, 20, 5000, 100_000))
    image = b'--b\r\nContent-Disposition: form-data; name="image"; filename="i"\r\n\r\n'
    body = (
        b"".join(part % number for number in range(count)) + image + photo(random, "PNG") + b"\r\n--b--\r\n"
    )
    body = random.choice((body, mutated(random, body)))
    return Sent(random.choice(IMAGE_ROUTES), "multipart/form-data; boundary=b", body)


def lie(random: Random) -> Sent:
    body = photo(random, "PNG")
    declared = random.choice((0, 1, len(body) // 2, len(body) + 1, 2**40, -1))
    return Sent(random.choice(IMAGE_ROUTES), "image/png", body, declared=declared)


def slow(random: Random) -> Sent:
    body = photo(random, "PNG")
    return Sent("/embed?canvas=64", "image/png", body, declared=len(body) + random.randrange(2), slowly=True)


KINDS: dict[Callable[[Random], Sent], int] = {
    damaged_image: 40,
    bomb: 6,
    nested: 6,
    odd_json: 14,
    odd_words: 10,
    foreign: 14,
    packed: 10,
    many_parts: 6,
    lie: 6,
    slow: 5,
}
"""With their shares."""


@dataclass
class Seen:
    """What came of the bodies, by kind: statuses (0: the connection ended without an answer)."""

    statuses: dict[str, collections.Counter[int]] = field(
        default_factory=lambda: collections.defaultdict(collections.Counter)
    )
    slowest: tuple[float, str] = (0.0, "")
    failed: list[Sent] = field(default_factory=list)

    def note(self, kind: str, sent: Sent, status: int, seconds: float) -> None:
        """Keep what came of a body."""
        self.statuses[kind][status] += 1
        self.slowest = max(self.slowest, (seconds, kind))
        if status >= 500:
            self.failed.append(sent)


async def post(host: str, port: int, sent: Sent) -> int:
    """The status of the answer."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(sent.head)
        for start in range(0, len(sent.body), 2**16):
            writer.write(sent.body[start : start + 2**16])
            await writer.drain()
            await asyncio.sleep(SLOW_S * sent.slowly)
        if sent.declared is not None and sent.declared > len(sent.body) and not sent.slowly:
            writer.write_eof()
        async with asyncio.timeout(ANSWER_S):
            answer = await reader.read()
    except ConnectionError:
        return 0
    finally:
        writer.close()
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


async def attack(url: str, bodies: int, seed: int, memory: Memory) -> Seen:
    """Send bodies by some clients at once."""
    host, _, port = url.removeprefix("http://").partition(":")
    numbers, seen = iter(range(bodies)), Seen()

    async def client() -> None:
        for number in numbers:
            random = Random(seed * 10**6 + number)
            (kind,) = random.choices(list(KINDS), weights=list(KINDS.values()))
            sent, begin = kind(random), time.monotonic()
            seen.note(kind.__name__, sent, await post(host, int(port), sent), time.monotonic() - begin)

    watching = asyncio.ensure_future(memory.watch())
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    watching.cancel()
    return seen


class Memory:
    """Resident bytes of a process and its children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peak = 0

    def now(self) -> int:
        """Of all of them."""
        return sum(_resident(pid) for pid in (self._pid, *children_of(self._pid)))

    def anonymous(self) -> int:
        """Of them what no file holds: the rest is of libraries and weights, and the system may drop it."""
        return sum(_anonymous(pid) for pid in (self._pid, *children_of(self._pid)))

    async def watch(self) -> None:
        """Keep the peak, until cancelled."""
        while True:
            self.peak = max(self.peak, self.now())
            await asyncio.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """Processes that any thread of a process has started."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # of a thread that has ended
            found += map(int, file.read_text().split())
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _anonymous(pid: int) -> int:
    try:
        found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


@contextlib.contextmanager
def serving() -> Iterator[tuple[int, str]]:
    """A service of nano that gives up soon on slow bodies: its process and its address."""
    process = subprocess.Popen(
        SERVE,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "SPLITSEEM_SERVE_CLIENT": "false",
            "SPLITSEEM_ADAPTERS": ",".join(ADAPTERS),
            "SPLITSEEM_LOG_LEVEL": "warning",
            "SPLITSEEM_BODY_STALL_S": "0.5",
            "SPLITSEEM_CACHE_BYTES": str(2**23),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield process.pid, address
    finally:
        process.terminate()
        process.communicate(timeout=60)


@dataclass(frozen=True)
class Rest:
    """Bytes with nothing to do: resident ones, and those of them that no file holds."""

    resident: int
    anonymous: int


async def run(pid: int, url: str, bodies: int, seed: int) -> tuple[Seen, Rest, int, Rest]:
    """What came of the bodies; and the memory before, resident bytes at most, and the memory after.

    The peak counts the first bodies too, before which nothing is loaded yet.
    """
    memory = Memory(pid)
    await attack(url, min(bodies, FIRST), seed + 1, memory)
    before = await at_rest(url, seed, memory)
    seen = await attack(url, bodies, seed, memory)
    return seen, before, memory.peak, await at_rest(url, seed + 1, memory)


async def at_rest(url: str, seed: int, memory: Memory) -> Rest:
    """The memory once nothing is to be done."""
    await start_processes(url, seed)
    await asyncio.sleep(REST_S)
    return Rest(memory.now(), memory.anonymous())


async def start_processes(url: str, seed: int) -> None:
    """Have two images decoded at once, because a process that was killed is missing until it is needed."""
    host, _, port = url.removeprefix("http://").partition(":")
    random = Random(seed)
    photos = [Sent("/embed?canvas=64", "image/*", photo(random, "JPEG")) for _ in range(2)]
    await asyncio.gather(*(post(host, int(port), sent) for sent in photos))


def _mb(size: int) -> str:
    return f"{size / 10**6:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    names = {kind.__name__: kind for kind in KINDS}
    parser.add_argument(
        "--without", nargs="*", choices=names, default=[], help="kinds of bodies to leave out"
    )
    options = parser.parse_args()
    for name in options.without:
        del KINDS[names[name]]
    begin = time.monotonic()
    with serving() as (pid, url):
        seen, before, peak, after = asyncio.run(run(pid, url, options.bodies, options.seed))
    for kind, statuses in seen.statuses.items():
        print(f"{kind:14}", dict(sorted(statuses.items())))
    print(
        f"resident: {_mb(before.resident)} before, {_mb(peak)} at most, {_mb(after.resident)} after;"
        f" {time.monotonic() - begin:.0f} s"
    )
    print(f"of that not of files: {_mb(before.anonymous)} before, {_mb(after.anonymous)} after")
    print(f"slowest: {seen.slowest[0]:.1f} s, {seen.slowest[1]}; server errors: {len(seen.failed)}")
    for sent in itertools.islice(seen.failed, 5):
        print(sent.path, sent.content_type, sent.body[:200])


if __name__ == "__main__":
    main()
