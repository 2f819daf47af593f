"""Images a second that a server answers at four times its capacity, beside those at its peak; how soon it
refuses the others, and how soon it says meanwhile that it lives.

Every body is another image, so that nothing comes from the cache. Clients send a whole body, whatever the
answer, and hear the answer as soon as it comes. Goals: a share of 0.9, refusals within 50 ms, /healthz within
100 ms at the 99th percentile.

The clients run on the same cores: `clients_cpu` is what they take of a core meanwhile, `refusal_cpu_ms` what
the service takes for a request that it refuses, beyond what it took for each image at the peak. An encoder of
one thread (`--threads 1`) leaves them a core of two.
"""

import argparse
import asyncio
import contextlib
import itertools
import socket
import statistics
import time

from cache_hits import cpu_seconds, photo, serving
from timing import write_result

TIMES = 4
CLIENTS = 8
PEAK_SHARE = 0.4
"""Of the time under overload: for the peak before it, and again behind it; a machine has quick and slow
minutes."""


class Load:
    """Requests to one server, and what came of them: status, seconds, and `Retry-After` by request."""

    def __init__(self, netloc: str, body_bytes: int) -> None:
        host, _, port = netloc.partition(":")
        self.address = (host, int(port))
        self.photo = photo()
        self.rest = memoryview(bytes(body_bytes))
        self.numbers = itertools.count()
        self.done: list[tuple[int, float, int]] = []
        self.alive: list[float] = []

    async def probe(self) -> None:
        """Ask ten times a second whether the server lives, on one connection, until cancelled."""
        reader, writer = await asyncio.open_connection(*self.address)
        while True:
            began = time.perf_counter()
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"}")
            self.alive.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)

    async def post(self) -> None:
        """One request on a connection of its own."""
        image = self.photo + f"{next(self.numbers):09}".encode()
        lines = ("POST /embed HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(self.rest)}")
        head = "\r\n".join((*lines, "", ""))
        began = time.perf_counter()
        with socket.socket() as connection:
            connection.setblocking(False)
            status, seconds, retry_after = await self._exchange(connection, head.encode() + image, len(image))
        self.done.append((status, seconds - began, retry_after))

    async def _exchange(self, connection: socket.socket, first: bytes, sent: int) -> tuple[int, float, int]:
        """Status, when the answer came, and `Retry-After`."""
        loop = asyncio.get_running_loop()
        answer = b""
        with contextlib.suppress(ConnectionError):
            await loop.sock_connect(connection, self.address)

            async def send() -> None:
                with contextlib.suppress(ConnectionError):
                    await loop.sock_sendall(connection, first)
                    await loop.sock_sendall(connection, self.rest[sent:])

            sending = asyncio.ensure_future(send())
            answer = await loop.sock_recv(connection, 2**16)
            came = time.perf_counter()
            await sending
            while await loop.sock_recv(connection, 2**18):
                pass
        if not answer:
            return 0, time.perf_counter(), 0
        retry = next((line for line in answer.split(b"\r\n") if line.startswith(b"retry-after")), b": 0")
        return int(answer.split()[1]), came, int(retry.split(b":")[1])

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


async def measure(pid: int, netloc: str, body_bytes: int, seconds: float) -> dict[str, object]:
    """One row."""
    load = Load(netloc, body_bytes)
    await load.closed(2)
    before_s = cpu_seconds(pid)
    before = await load.closed(PEAK_SHARE * seconds)
    image_cpu_s = (cpu_seconds(pid) - before_s) / load.answered
    service_s, clients_s = cpu_seconds(pid), time.process_time()
    goodput = await load.open(TIMES * before, seconds)
    service_s, clients_s = cpu_seconds(pid) - service_s, time.process_time() - clients_s
    done, answered = list(load.done), load.answered
    peak = (before + await load.closed(PEAK_SHARE * seconds)) / 2
    refused = [(took, retry) for status, took, retry in done if status == 429]
    refusal_s = (service_s - answered * image_cpu_s) / max(1, len(refused))
    return {
        "body_bytes": body_bytes,
        "peak_a_s": round(peak, 2),
        "goodput_a_s": round(goodput, 2),
        "share": round(goodput / peak, 2),
        "refused": len(refused),
        "failed": len(done) - len(refused) - answered,
        "refusal_ms": round(1000 * statistics.median([took for took, _ in refused] or [0]), 1),
        "refusal_p99_ms": round(1000 * _percentile_99([took for took, _ in refused]), 1),
        "healthz_p99_ms": round(1000 * _percentile_99(load.alive), 1),
        "retry_after_s": statistics.median([retry for _, retry in refused] or [0]),
        "image_cpu_ms": round(1000 * image_cpu_s, 1),
        "refusal_cpu_ms": round(1000 * refusal_s, 1),
        "clients_cpu": round(clients_s / seconds, 2),
    }


def _percentile_99(samples: list[float]) -> float:
    """Of at least two samples; else 0."""
    return statistics.quantiles(samples, n=100)[98] if len(samples) > 1 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bytes", type=int, nargs="+", default=[60_000, 3_000_000])
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1], help="of the encoder")
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for threads in options.threads:
        with serving("memory", OMP_NUM_THREADS=str(threads)) as (process, connection):
            netloc = f"{connection.host}:{connection.port}"
            for size in options.bytes:
                row = asyncio.run(measure(process.pid, netloc, size, options.seconds))
                rows.append({"threads": threads, **row})
    write_result("overload", rows)


if __name__ == "__main__":
    main()
