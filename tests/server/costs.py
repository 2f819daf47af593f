"""What one body costs a service of nano: `python -m tests.server.costs`.

Bodies of which the work is in no proportion to their length. For each: its megabytes, the status, seconds of
processor time of the service and its processes, megabytes that they took beyond what they had, and the
longest answer of `/healthz` meanwhile, in milliseconds. Goals: 2 s and 300 MB for a body of at most a
megabyte, 10 s and 1 GB for any other.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tests.server.hostile import Memory, Sent, children_of, chunk, png_of, post, serving

SMALL_BYTES = 2**20
CLICK = {"kind": "click", "x": 3.0, "y": 4.0, "label": 1}


@dataclass(frozen=True)
class Cost:
    """Of one body; `alive_s` is the longest answer of `/healthz` meanwhile."""

    megabytes: float
    status: int
    cpu_s: float
    memory_mb: float
    alive_s: float

    @property
    def most_cpu_s(self) -> float:
        """What it may cost."""
        return 2.0 if self.megabytes * 1e6 <= SMALL_BYTES else 10.0

    @property
    def most_memory_mb(self) -> float:
        """What it may take."""
        return 300.0 if self.megabytes * 1e6 <= SMALL_BYTES else 1000.0


def image(body: bytes) -> Sent:
    return Sent("/embed?canvas=64", "image/*", body)


def saved(mode: str, side: int, file_format: str, **options: object) -> bytes:
    """An image of one colour."""
    stream = io.BytesIO()
    Image.new(mode, (side, side)).save(stream, file_format, **options)
    return stream.getvalue()


def noise(width: int, height: int, file_format: str, **options: object) -> bytes:
    """An image that no coder makes small."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, file_format, **options)
    return stream.getvalue()


def scans(side: int, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    whole = saved("L", side, "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * times + b"\xff\xd9"


def run_lengths(side: int) -> bytes:
    """A BMP of one pixel a run, which Pillow reads in Python."""
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    start = 14 + len(head) + 1024
    runs = (b"\1\7" * side + b"\0\0") * side
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + head + bytes(1024) + runs


def decode(*prompts: object, objects: int = 0) -> Sent:
    """A request for masks of a small photo."""
    asked: dict[str, object] = {"image_base64": base64.b64encode(noise(60, 40, "PNG")).decode()}
    asked |= {"objects": [{"prompts": prompts}] * objects} if objects else {"prompts": prompts}
    return Sent("/v1/decode", "application/json", json.dumps(asked).encode())


def outline(corners: int) -> Mapping[str, object]:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 8 + 8 * (np.arange(corners) % 2)
    points = np.stack([30 + radius * np.cos(angles), 20 + radius * np.sin(angles)], axis=1)
    return {"kind": "polygon", "points_xy": points.tolist(), "label": 1}


def line(*ends: Sequence[float], times: int = 1) -> Mapping[str, object]:
    return {"kind": "scribble", "points_xy": [*ends] * times, "label": 1}


def text(body: bytes) -> Sent:
    return Sent("/v1/text", "application/json", body)


FILLED = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**7), 9))
BODIES: Mapping[str, Callable[[], Sent]] = {
    "flat PNG of 64 megapixels": lambda: image(saved("RGB", 8000, "PNG")),
    "flat PNG of 64 megapixels of 16 bits": lambda: image(saved("I;16", 8000, "PNG")),
    "flat WebP of 16 megapixels": lambda: image(saved("RGB", 4000, "WEBP", lossless=True)),
    "flat AVIF of 25 megapixels": lambda: image(saved("RGB", 5000, "AVIF", speed=10)),
    "progressive JPEG with 90 scans more": lambda: image(scans(5000, 90)),
    "progressive JPEG with 1,000 scans more": lambda: image(scans(2000, 1000)),
    "JPEG of 24 megapixels of noise": lambda: image(noise(6000, 4000, "JPEG", quality=60)),
    "PNG of 33 MB of empty chunks": lambda: image(
        png_of(8, 8, 2, bytes(8 * 25), *[chunk(b"teSt", b"")] * 2_750_000)
    ),
    "PNG of 50 texts of 10 MB": lambda: image(png_of(8, 8, 2, bytes(8 * 25), *[FILLED] * 50)),
    "JPEG of 8 million empty markers": lambda: image(b"\xff\xd8" + b"\xff\xe1\0\2" * 8_000_000),
    "GIF of 400,000 frames": lambda: image(b"GIF89a\1\0\1\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0\2\0" * 400_000),
    "BMP of 16 million runs": lambda: image(run_lengths(4000)),
    "BMP of 490,000 runs": lambda: image(run_lengths(700)),
    "stroke to 1e30": lambda: decode(line([1, 1], [1e30, 1])),
    "stroke to 1e200": lambda: decode(line([1, 1], [1e200, 1])),
    "stroke of a million points": lambda: decode(line([1, 1], times=10**6)),
    "stroke of 16,384 points": lambda: decode(line([1, 1], [50, 30], times=8192)),
    "outline of 2,000 corners": lambda: decode(outline(2000)),
    "outline of 16,384 corners": lambda: decode(outline(16_384)),
    "64 objects of 4 clicks": lambda: decode(CLICK, CLICK, CLICK, CLICK, objects=64),
    "64 objects of a click": lambda: decode(CLICK, objects=64),
    "12 objects of 4 clicks": lambda: decode(CLICK, CLICK, CLICK, CLICK, objects=12),
    "32 objects of a click": lambda: decode(CLICK, objects=32),
    "44 MB of empty lists": lambda: text(b'{"texts": [' + b"[]," * 14_600_000 + b"[]]}"),
    "3.5 million unknown keys": lambda: text(
        b"{" + b",".join(b'"%d":0' % number for number in range(3_500_000)) + b"}"
    ),
    "JSON nested 100,000 times": lambda: text(b"[" * 100_000 + b"]" * 100_000),
    "100,000 parts": lambda: Sent(
        "/embed",
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n' * 100_000 + b"--b--\r\n",
    ),
}


def cpu_seconds(pid: int) -> float:
    """Of a process, its children, and those that have ended."""
    return _ticks(pid, 4) + sum(_ticks(child, 2) for child in children_of(pid))


def _ticks(pid: int, fields: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it has ended, and is counted with its parent
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11 : 11 + fields])) / os.sysconf("SC_CLK_TCK")


class Alive:
    """The longest answer of `/healthz`, on one connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.longest = 0.0

    async def watch(self) -> None:
        """Ask again and again, until cancelled."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            while True:
                begin = time.perf_counter()
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                await reader.readuntil(b"}")
                self.longest = max(self.longest, time.perf_counter() - begin)
                await asyncio.sleep(0.01)
        finally:
            writer.close()


async def cost_of(pid: int, url: str, sent: Sent) -> Cost:
    """Send a body and see what becomes of the service meanwhile."""
    host, _, port = url.removeprefix("http://").partition(":")
    alive, memory = Alive(host, int(port)), Memory(pid)
    watching = [asyncio.ensure_future(alive.watch()), asyncio.ensure_future(memory.watch())]
    await asyncio.sleep(0.05)
    before, cpu_s = memory.now(), cpu_seconds(pid)
    status = await post(host, int(port), sent)
    cpu_s = cpu_seconds(pid) - cpu_s
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return Cost(len(sent.body) / 1e6, status, cpu_s, (memory.peak - before) / 1e6, alive.longest)


async def warm(url: str) -> None:
    """Have the service load what it loads once, and start its processes."""
    host, _, port = url.removeprefix("http://").partition(":")
    photos = [image(noise(60 + number, 40, "JPEG")) for number in range(2)]
    first = [*photos, decode(CLICK), text(b'{"texts": ["cat"]}')]
    await asyncio.gather(*(post(host, int(port), sent) for sent in first))


def main() -> None:
    print(f"{'':38}   MB  status  CPU s     MB  /healthz ms")
    with serving() as (pid, url):
        asyncio.run(warm(url))
        for name, make in BODIES.items():
            cost = asyncio.run(cost_of(pid, url, make()))
            late = " !" if cost.cpu_s > cost.most_cpu_s or cost.memory_mb > cost.most_memory_mb else ""
            print(
                f"{name:38} {cost.megabytes:5.2f} {cost.status:5} {cost.cpu_s:7.2f} {cost.memory_mb:7.0f}"
                f" {1000 * cost.alive_s:9.0f}{late}",
                flush=True,
            )


if __name__ == "__main__":
    main()
