"""What `benchmarks/scaling.py` calculates with: bytes of an image by canvas and codec, as `splitseem embed`
writes them, what a real Redis takes for it, and milliseconds of a processor from pixels to those bytes.

python -m benchmarks.scaling_measure
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from benchmarks.marked_places import ROOT
from benchmarks.timing import write_result
from numpy.typing import NDArray
from PIL import Image

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import pack
from splitseem_server.cache.redis_cache import RedisCache

PHOTO = ROOT / "client/public/samples/astronaut.jpg"
CANVASES = (256, 384, 512, 1024)
CODECS = ("uint8", "float16", "float32")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    encoder = ImageEncoder(load_model("nano"))
    pixels = np.asarray(Image.open(PHOTO).convert("RGB"))
    rows = []
    with redis_server() as url:
        for canvas in CANVASES:
            for codec in CODECS:
                encode = partial(encoded, encoder, pixels, canvas, codec)
                data = encode()
                row = {"canvas": canvas, "codec": codec, "bytes": len(data)}
                kept = asyncio.run(redis_bytes(url, f"{canvas} {codec}", data))
                rows.append({**row, "redis_bytes": kept, "cpu_ms": cpu_ms(encode, options.repeats)})
    write_result("scaling", rows)


def encoded(encoder: ImageEncoder, pixels: NDArray[np.uint8], canvas: int, codec: str) -> bytes:
    """As it travels."""
    return pack(encoder.encode(pixels, canvas=canvas, codec=codec))


def cpu_ms(call: Callable[[], object], repeats: int) -> float:
    """Of this process, median; what else the machine does hardly counts."""
    samples = []
    for _ in range(repeats):
        began = time.process_time()
        call()
        samples.append(1e3 * (time.process_time() - began))
    return round(statistics.median(samples), 1)


async def redis_bytes(url: str, key: str, data: bytes) -> int:
    """What Redis says that it takes for an embedding."""
    cache = RedisCache(url, timeout_s=5, pause_s=1, ttl_s=0)
    await cache.put(key, data)
    client = cache._client
    (name,) = [name async for name in client.scan_iter(match=f"*{key}")]
    taken = int(await client.memory_usage(name, samples=0) or 0)
    await cache.close()
    return taken


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed: run `make tools`")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.05)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
