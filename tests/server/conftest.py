"""A fake encoder, images, and an app over them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis
import structlog
import uvicorn
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image
from tests.server.gates import Gate

from splitseem_model.encode.device_memory import DeviceMemory
from splitseem_proto import EMBEDDING_STRIDES, PROTOCOL_VERSION, Embedding, ImageGeometry, encode_tensor
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

FINGERPRINT = "fa4e" * 8
STARTS_WITHIN_S = 60


class FakeEncoder:
    """An encoder whose level0 is the mean colour of the image; it can be held and made to fail."""

    name = "fake"
    fingerprint = FINGERPRINT
    numerics = ""
    canvas = 64
    largest_canvas = 2048
    codecs = ("float32", "float16", "int8")
    maps = ("features", "lateral")

    def __init__(self) -> None:
        self.images: list[NDArray[np.uint8]] = []
        self.batches: list[int] = []
        self.threads: set[str] = set()
        self.entered = threading.Semaphore(0)
        self.gate = Gate()
        self.error: Exception | None = None
        self.memory: DeviceMemory | None = None

    def device_memory(self) -> DeviceMemory | None:
        return self.memory

    def codec_for(self, maps: str | None) -> str:
        return "float16" if maps == "lateral" else "int8"

    def geometry_for(
        self, original_hw: tuple[int, int], roi_xywh: tuple[int, int, int, int] | None, canvas: int | None
    ) -> ImageGeometry:
        roi = roi_xywh or (0, 0, original_hw[1], original_hw[0])
        _, _, width, height = roi
        scale = (self.canvas if canvas is None else canvas) / max(width, height)
        input_hw = (max(1, round(height * scale)), max(1, round(width * scale)))
        padded_hw = (-(-input_hw[0] // 32) * 32, -(-input_hw[1] // 32) * 32)
        return ImageGeometry(original_hw, roi, input_hw, padded_hw)

    def prepare(self, resized_rgb: NDArray[np.uint8], geometry: ImageGeometry) -> Any:
        assert resized_rgb.shape[:2] == geometry.input_hw
        return resized_rgb, geometry

    def run(self, images: Sequence[Any], maps: str) -> list[Any]:
        self.batches.append(len(images))
        self.images += [pixels for pixels, _ in images]
        self.threads.add(threading.current_thread().name)
        self.entered.release(len(images))
        self.gate.wait()
        if self.error is not None:
            raise self.error
        return [
            (pixels.reshape(-1, 3).mean(axis=0, dtype=np.float64).astype(np.float32), maps)
            for pixels, _ in images
        ]

    def finish(self, image: Any, maps: Any, codec: str) -> Embedding:
        (_, geometry), (mean, kind) = image, maps
        tensors = []
        for name, stride in EMBEDDING_STRIDES.items():
            hw = (geometry.padded_hw[0] // stride, geometry.padded_hw[1] // stride)
            values = np.broadcast_to(mean[None, :, None, None], (1, 3, *hw))
            lateral = kind == "lateral" and name == "mask_features"
            tensors.append(encode_tensor("lateral" if lateral else name, values, codec))
        return Embedding(PROTOCOL_VERSION, self.fingerprint, "", geometry, codec, tuple(tensors))


def image_bytes(
    width: int = 61, height: int = 47, *, colour: Any = (200, 100, 50), mode: str = "RGB", **save: Any
) -> bytes:
    """An image file of one colour; PNG unless `format` says otherwise."""
    stream = io.BytesIO()
    Image.new(mode, (width, height), colour).save(stream, **{"format": "PNG", **save})
    return stream.getvalue()


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Log lines as in the service: tracebacks without local variables, which take seconds to print."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(name="image_bytes", scope="session")
def image_bytes_fixture() -> Callable[..., bytes]:
    return image_bytes


@pytest.fixture
def encoder() -> Iterator[FakeEncoder]:
    fake = FakeEncoder()
    yield fake
    fake.gate.set()


@pytest.fixture(scope="session")
def decoder_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported decoder of the fake encoder, with files that are no graphs."""
    folder = tmp_path_factory.mktemp("decoder")
    entries: dict[str, dict[str, object]] = {}
    for name, suffix in (("prepare", "onnx"), ("step", "onnx"), ("vocabulary", "msgpack")):
        content = f"content of {name}".encode() * (1 if name == "vocabulary" else 4000)
        digest = hashlib.sha256(content).hexdigest()
        file = f"{name}.{digest[:12]}.{suffix}"
        (folder / file).write_bytes(content)
        entries[name] = {"file": file, "sha256": digest, "bytes": len(content)}
    manifest = {
        "format": 1,
        "model": "fake",
        "fingerprint": FINGERPRINT,
        "graphs": {name: entries[name] for name in ("prepare", "step")},
        "vocabulary": entries["vocabulary"],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "notes.txt").write_text("not named by the manifest")
    return folder


@pytest.fixture(scope="session")
def client_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built client that is one page with one script and one WebAssembly file."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "assets").mkdir()
    (folder / "help").mkdir()
    (folder / "help" / "index.html").write_text("<!doctype html><title>help</title>")
    (folder / "index.html").write_text("<!doctype html><title>splitseem</title>")
    (folder / "assets" / "index-0123abcd.js").write_text("export const answer = 42;\n")
    (folder / "assets" / "runtime-0123abcd.mjs").write_text("export default 1;\n")
    (folder / "assets" / "runtime-0123abcd.wasm").write_bytes(b"\x00asm\x01\x00\x00\x00" * 4000)
    return folder


@pytest.fixture
def make_app(encoder: FakeEncoder, decoder_dir: Path, client_dir: Path) -> Callable[..., FastAPI]:
    def make(cache: Any = None, cache_url: str = "memory", **settings: Any) -> FastAPI:
        return create_app(
            Parts(
                settings=Settings(cache=cache_url, **settings),
                encoder=encoder,
                cache=cache or InProcessCache(2**24),
                decoder_dir=decoder_dir,
                client_dir=client_dir,
            )
        )

    return make


@contextlib.asynccontextmanager
async def run_in_process(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that has started, warmed up or failed to."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client,
    ):
        while app.state.services.readiness.state == "warming":
            await asyncio.sleep(0.002)
        yield client


@pytest.fixture(name="run_in_process", scope="session")
def run_in_process_fixture() -> Callable[
    [FastAPI], contextlib.AbstractAsyncContextManager[httpx.AsyncClient]
]:
    return run_in_process


@pytest.fixture
async def client(make_app: Callable[..., FastAPI]) -> AsyncIterator[httpx.AsyncClient]:
    async with run_in_process(make_app()) as running:
        yield running


@contextlib.contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """The address of a real server of the app, on a free port, in a thread."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTS_WITHIN_S)


@pytest.fixture(name="serve", scope="session")
def serve_fixture() -> Callable[[FastAPI], contextlib.AbstractContextManager[str]]:
    return serve


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A real Redis on a free port: its process and its URL."""
    with start_redis(tmp_path) as (process, port):
        yield process, f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def start_redis(
    folder: Path, *first: str, password: str | None = None, **options: object
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A real Redis on a free port, with such options: its process and its port.

    Args:
        first: arguments before the options.
    """
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is needed: apt-get install redis-server")
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "dir": folder} | (
        {} if first else {"save": "", "appendonly": "no"} | options
    )
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    process = subprocess.Popen([program, *first, *arguments], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port, password=password) as client:
            wait_until(lambda: answers(client))
        yield process, port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(name="start_redis", scope="session")
def start_redis_fixture() -> Callable[
    ..., contextlib.AbstractContextManager[tuple[subprocess.Popen[bytes], int]]
]:
    return start_redis


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(name="free_port", scope="session")
def free_port_fixture() -> Callable[[], int]:
    return free_port


def wait_until(happened: Callable[[], bool]) -> None:
    """Return as soon as it happened; fail when it takes too long."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"did not happen within {STARTS_WITHIN_S} s")
        time.sleep(0.01)


@pytest.fixture(name="wait_until", scope="session")
def wait_until_fixture() -> Callable[[Callable[[], bool]], None]:
    return wait_until


@dataclass(frozen=True)
class FakeService:
    """A service with a fake encoder in a process of its own; `output` is where its log goes."""

    process: subprocess.Popen[str]
    url: str
    output: Path
    runs_file: Path

    def runs(self) -> list[int]:
        """The process id, once for every run of the encoder."""
        return [int(line) for line in self.runs_file.read_text().split()] if self.runs_file.exists() else []


def limit_open_files(most: int) -> None:
    """Of this process, which cannot ask for more."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@pytest.fixture(scope="session")
def fake_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., contextlib.AbstractContextManager[FakeService]]:
    """Starts such services, whose runs take some seconds, with variables for the environment; several seconds
    are those of the first runs and of all others."""

    @contextlib.contextmanager
    def start(*seconds: float, open_files: int | None = None, **variables: str) -> Iterator[FakeService]:
        folder = tmp_path_factory.mktemp("service")
        output, runs = folder / "log", folder / "runs"
        environment = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ
        } | {"SPLITSEEM_PORT": "0", "OMP_NUM_THREADS": "1", **variables}
        with output.open("w") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.server.fake_service",
                    str(runs),
                    ",".join(map(str, seconds or (0,))),
                ],
                cwd=Path(__file__).parents[2],
                preexec_fn=None if open_files is None else partial(limit_open_files, open_files),
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        try:
            wait_until(lambda: "serves on " in output.read_text() or process.poll() is not None)
            found = re.search(r"serves on (\S+)", output.read_text())
            assert found is not None, output.read_text()
            yield FakeService(process, found[1], output, runs)
        finally:
            process.kill()
            process.wait()

    return start
