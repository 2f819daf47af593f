"""Images a second that a server answers at four times its capacity, beside those at its peak; how soon it
refuses the others, and how soon it says meanwhile that it lives.

Every body is another image, so that nothing comes from the cache. Clients send a whole body, whatever the
answer, and hear the answer as soon as it comes. Goals: a share of 0.9, refusals within 50 ms, /healthz within
100 ms at the 99th percentile.
"""

import argparse
import asyncio
import itertools
import statistics
import time
from urllib.parse import urlsplit

from cache_hits import photo, serving
from timing import write_result

TIMES = 4
CLIENTS = 8


class Load:
    """Requests to one server, and what came of them: status, seconds, and `Retry-After` by request."""

    def __init__(self, netloc: str, body_bytes: int) -> None:
        self.host, _, self.port = netloc.partition(":")
        self.photo = photo()
        self.body_bytes = body_bytes
        self.numbers = itertools.count()
        self.done: list[tuple[int, float, int]] = []
        self.alive: list[float] = []

    async def probe(self) -> None:
        """Ask ten times a second whether the server lives, on one connection, until cancelled."""
        reader, writer = await asyncio.open_connection(self.host, int(self.port))
        while True:
            began = time.perf_counter()
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"}")
            self.alive.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)

    async def post(self) -> None:
        """One request on a connection of its own."""
        image = self.photo + f"{next(self.numbers):09}".encode()
        body = image.ljust(self.body_bytes, b"\0")
        head = f"POST /embed HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection(self.host, int(self.port))
        try:
            writer.write(head.encode() + body)
            answer = await reader.read(2**16)
            seconds = time.perf_counter() - began
            await writer.drain()
            while await reader.read(2**16):
                pass
        except ConnectionError:
            answer, seconds = b"HTTP/1.1 000", time.perf_counter() - began
        finally:
            writer.close()
        retry = next((line for line in answer.split(b"\r\n") if line.startswith(b"retry-after")), b": 0")
        self.done.append((int(answer.split()[1]), seconds, int(retry.split(b":")[1])))

    async def closed(self, seconds: float) -> float:
        """Answers a second to clients that wait for each."""
        until = time.perf_counter() + seconds
        self.done.clear()

        async def client() -> None:
            while time.perf_counter() < until:
                await self.post()

        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        return self.answered / (time.perf_counter() - began)

    async def open(self, rate: float, seconds: float) -> float:
        """Answers a second to clients that come at a rate, whatever becomes of the others."""
        self.done.clear()
        probing = asyncio.ensure_future(self.probe())
        began = time.perf_counter()
        posts = []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            posts.append(asyncio.ensure_future(self.post()))
        await asyncio.gather(*posts)
        probing.cancel()
        return self.answered / (time.perf_counter() - began)

    @property
    def answered(self) -> int:
        """Requests that got an embedding."""
        return sum(status == 200 for status, _, _ in self.done)


async def measure(netloc: str, body_bytes: int, seconds: float) -> dict[str, object]:
    """One row."""
    load = Load(netloc, body_bytes)
    await load.closed(2)
    peak = await load.closed(seconds)
    goodput = await load.open(TIMES * peak, seconds)
    refused = [(took, retry) for status, took, retry in load.done if status == 429]
    return {
        "body_bytes": body_bytes,
        "peak_a_s": round(peak, 2),
        "goodput_a_s": round(goodput, 2),
        "share": round(goodput / peak, 2),
        "refused": len(refused),
        "failed": len(load.done) - len(refused) - load.answered,
        "refusal_ms": round(1000 * statistics.median([took for took, _ in refused] or [0]), 1),
        "refusal_p99_ms": round(1000 * _percentile_99([took for took, _ in refused]), 1),
        "healthz_p99_ms": round(1000 * _percentile_99(load.alive), 1),
        "retry_after_s": statistics.median([retry for _, retry in refused] or [0]),
    }


def _percentile_99(samples: list[float]) -> float:
    """Of at least two samples; else 0."""
    return statistics.quantiles(samples, n=100)[98] if len(samples) > 1 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bytes", type=int, nargs="+", default=[60_000, 3_000_000])
    options = parser.parse_args()
    with serving("memory") as (_, connection):
        netloc = urlsplit(f"http://{connection.host}:{connection.port}").netloc
        rows = [asyncio.run(measure(netloc, size, options.seconds)) for size in options.bytes]
    write_result("overload", rows)


if __name__ == "__main__":
    main()
