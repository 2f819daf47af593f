"""The service beside what it is made of, in one run: `make bench`.

Images a second of POST /embed for clients at once beside the bare encoder in a loop; milliseconds of answers
from the cache in memory and from Redis, and of /healthz, on kept connections; cached answers a second beside
a bare Starlette route that sends the same bytes; and what batches give on a device of a known latency curve.
Goals stand beside the figures.
"""

import argparse
import asyncio
import http.client
import io
import itertools
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from cache_hits import ask, cpu_seconds, photo, serving
from PIL import Image
from timing import write_result

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import pack
from splitseem_server.embedding.device import Batching, Device

CLIENTS = 8
BARE_ROUTE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
data = open(sys.argv[1], "rb").read()
async def answer(request):
    await request.body()
    return Response(data, media_type="application/msgpack")
app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False, ws="none")
"""
Row = dict[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [*of_the_encoder(options.seconds, options.rounds), *of_hits(options.seconds), *of_batches()]
    write_result("service", rows)


def row(what: str, value: float, goal: str) -> Row:
    """One figure, to three digits."""
    return {"what": what, "value": float(f"{value:.3g}"), "goal": goal}


def of_the_encoder(seconds: float, rounds: int) -> list[Row]:
    """Bare and served by turns, because a machine has quick and slow minutes; the median of the rounds."""
    photos = new_photos()
    encoder = ImageEncoder(load_model("nano"))
    bare, served, bare_cpu, served_cpu = [], [], [], []
    with serving("memory", OMP_NUM_THREADS="1", SPLITSEEM_QUEUE_SIZE="64") as (process, connection):
        netloc = f"{connection.host}:{connection.port}"
        of_clients(netloc, "/embed", photos, CLIENTS, 2)
        for _ in range(rounds):
            before = time.process_time()
            bare.append(a_second(partial(encode_alone, encoder, photos), 1, seconds))
            bare_cpu.append((time.process_time() - before) / (bare[-1] * seconds))
            before = cpu_seconds(process.pid)
            served.append(of_clients(netloc, "/embed", photos, CLIENTS, seconds))
            served_cpu.append((cpu_seconds(process.pid) - before) / (served[-1] * seconds))
    shares = [one / other for one, other in zip(served, bare, strict=True)]
    return [
        row("bare encoder on one thread, images a second", statistics.median(bare), ""),
        row(f"POST /embed, {CLIENTS} clients, images a second", statistics.median(served), ""),
        row("share", statistics.median(shares), ">= 0.90"),
        row("bare encoder, CPU ms an image", 1000 * statistics.median(bare_cpu), ""),
        row(
            "server without its decoding processes, CPU ms an image", 1000 * statistics.median(served_cpu), ""
        ),
    ]


def encode_alone(encoder: ImageEncoder, photos: Iterator[bytes]) -> None:
    """What the service does for a new image, without a service."""
    pixels = np.asarray(Image.open(io.BytesIO(next(photos))).convert("RGB"))
    pack(encoder.encode(pixels))


def new_photos() -> Iterator[bytes]:
    """JPEGs that no cache knows: bytes behind the image make another key."""
    image = photo()
    return (image + f"{number:09}".encode() for number in itertools.count())


def a_second(call: Callable[[], object], clients: int, seconds: float) -> float:
    """Calls a second, by some threads at once."""
    until = time.perf_counter() + seconds
    counts = [0] * clients

    def client(index: int) -> None:
        while time.perf_counter() < until:
            call()
            counts[index] += 1

    threads = [threading.Thread(target=client, args=(index,)) for index in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def of_clients(netloc: str, path: str, bodies: Iterator[bytes], clients: int, seconds: float) -> float:
    """Answers a second to clients that each keep a connection."""
    kept = threading.local()
    lock = threading.Lock()

    def call() -> None:
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPConnection(netloc)
        with lock:
            body = next(bodies)
        ask(kept.connection, "POST", path, body, {})

    return a_second(call, clients, seconds)


def of_hits(seconds: float) -> list[Row]:
    """Answers from the caches, and beside a bare route; by the CPU they take too, which other work on the
    machine changes little."""
    image, rows = photo(), []
    with serving("memory") as (process, connection), tempfile.NamedTemporaryFile() as file:
        connection.request("POST", "/embed", image, {})
        file.write(connection.getresponse().read())
        file.flush()
        rows += latency("memory hit", connection, "POST", "/embed", image, "< 3")
        rows += latency("/healthz", connection, "GET", "/healthz", None, "< 2")
        netloc = f"{connection.host}:{connection.port}"
        hits, hit_ms = with_cpu(process.pid, netloc, "/embed", image, seconds)
        with bare_route(file.name) as (pid, bare):
            alone, alone_ms = with_cpu(pid, bare, "/", image, seconds)
    rows += [
        row("memory hits a second", hits, ""),
        row("bare Starlette route, answers a second", alone, ""),
        row("bare route over hits", alone / hits, "<= 2"),
        row("memory hit, CPU ms", hit_ms, ""),
        row("bare Starlette route, CPU ms", alone_ms, ""),
        row("hit over bare route, by CPU", hit_ms / alone_ms, "<= 2"),
    ]
    with redis_server() as url, serving(url, SPLITSEEM_LOCAL_CACHE_BYTES="0") as (_, connection):
        ask(connection, "POST", "/embed", image, {})
        rows += latency("Redis hit", connection, "POST", "/embed", image, "< 10")
        rows += of_large_values(connection, image)
    return rows


def of_large_values(connection: http.client.HTTPConnection, image: bytes) -> list[Row]:
    """Embeddings of 3.8 MB in Redis, and what others wait for them."""
    large, ended = "/embed?canvas=1024", threading.Event()
    ask(connection, "POST", large, image, {})
    rows = latency("Redis hit of 3.8 MB", connection, "POST", large, image, "")[:1]

    def ask_for_large() -> None:
        other = http.client.HTTPConnection(connection.host, connection.port)
        while not ended.is_set():
            ask(other, "POST", large, image, {})

    thread = threading.Thread(target=ask_for_large)
    thread.start()
    rows += latency("Redis hit while one of 3.8 MB is read", connection, "POST", "/embed", image, "")[:1]
    ended.set()
    thread.join()
    return rows


def with_cpu(pid: int, netloc: str, path: str, body: bytes, seconds: float) -> tuple[float, float]:
    """Answers a second, and milliseconds of CPU that the process takes for one."""
    before = cpu_seconds(pid)
    rate = of_clients(netloc, path, itertools.repeat(body), CLIENTS, seconds)
    return rate, 1000 * (cpu_seconds(pid) - before) / (rate * seconds)


def latency(
    what: str, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, goal: str
) -> list[Row]:
    """Milliseconds of 300 answers on a kept connection: the median, and the quickest tenth."""
    samples = []
    for _ in range(300):
        began = time.perf_counter()
        ask(connection, method, path, body, {})
        samples.append(1000 * (time.perf_counter() - began))
    tenth = statistics.quantiles(samples, n=10)[0]
    return [
        row(f"{what}, ms, p50", statistics.median(samples), goal),
        row(f"{what}, ms, p10", tenth, ""),
    ]


def of_batches() -> list[Row]:
    """On a device whose runs take 40 ms and 2 ms an image, as those of a GPU that is far from full."""
    rows = []
    for most in (1, 8):
        rate = asyncio.run(device_rate(most, images=16 * most))
        rows.append(
            row(f"fake device (40 ms a run + 2 ms an image), max_batch {most}, images a second", rate, "")
        )
    gain = float(str(rows[1]["value"])) / float(str(rows[0]["value"]))
    return [*rows, row("gain of batches of 8 (5.9 on paper)", gain, ">= 4")]


async def device_rate(most: int, images: int) -> float:
    """Images a second when all wait at once."""

    def run(batch: object, group: str) -> list[int]:
        count = len(batch)  # type: ignore[arg-type]  # a list
        time.sleep(0.04 + 0.002 * count)
        return [0] * count

    device: Device[str] = Device(run, Batching(most=most))
    began = time.perf_counter()
    await asyncio.gather(*(device.run(number, "a", lambda: None) for number in range(images)))
    return images / (time.perf_counter() - began)


@contextmanager
def bare_route(file: str) -> Iterator[tuple[int, str]]:
    """A Starlette app of one route that sends a file: its process, and its host and port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE_ROUTE, file, str(port)])
    try:
        wait_for(port)
        yield process.pid, f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of its own."""
    program = shutil.which("redis-server") or sys.exit("redis-server is needed: make tools")
    port = free_port()
    arguments = [str(program), "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing answers on port {port}")


if __name__ == "__main__":
    main()
