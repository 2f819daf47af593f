"""Image bytes -> pixels in a few processes that are killed when one takes too long.

Decoders are C code that strangers choose the work of: a small file can ask for minutes. The pool bounds the
time and the memory of each image, and what happens to a process happens to no one else.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import partial
from typing import BinaryIO, NamedTuple

import anyio
import anyio.to_thread
import numpy as np

from splitseem_server.errors import PROBLEMS, ImageTooLarge, ServerError, UnreadableImage
from splitseem_server.images.budget import budget_of
from splitseem_server.images.process import ANSWER, ERROR, PIXELS, PNG, REQUEST
from splitseem_server.images.read import ImageLimits, RgbImage, decode_bytes
from splitseem_server.images.room import Room

_PIPE_BYTES = 2**20
_ERRORS: Mapping[str, type[ServerError]] = {error.__name__: error for error in PROBLEMS}
# Pillow needs none of the threads of NumPy's linear algebra, which take address space.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class View(NamedTuple):
    """A part of an image, left, top, width and height in pixels, and the size in pixels to resize it to."""

    roi_xywh: tuple[int, int, int, int]
    size_hw: tuple[int, int]


class ImagePool:
    """Decodes images in processes of their own, which are started when they are first needed.

    Args:
        processes: images that are decoded at the same time.
        seconds: an image may take at most; then its process is killed, and another one started for the next.
        memory_bytes: for all images together; one that needs more is decoded alone.
    """

    def __init__(self, limits: ImageLimits, *, processes: int, seconds: float, memory_bytes: int) -> None:
        self._limits = limits
        self._seconds = seconds
        self._slots = anyio.CapacityLimiter(processes)
        self._room = Room(memory_bytes)
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False

    async def pixels(
        self, image: bytes, view: View | None = None, *, needs_bytes: int | None = None
    ) -> RgbImage:
        """What `read_image` makes of it, or of a part of it, resized.

        Args:
            needs_bytes: of memory, by its header, which is read here where it is not known.
        Raises:
            ServerError: the image is refused, or took too long.
        """
        if needs_bytes is None:
            needs_bytes = await anyio.to_thread.run_sync(decode_bytes, image, self._limits)
        content, size_hw = await self._ask(PIXELS, image, view, needs_bytes)
        return content.reshape(*size_hw, 3)

    async def png(self, image: bytes) -> bytes:
        """The same, as a PNG file.

        Raises:
            as `pixels`.
        """
        # The file that is written takes memory too, which no header tells.
        content, _ = await self._ask(PNG, image, None, self._most_bytes(image))
        return content.tobytes()

    def close(self) -> None:
        """End the processes; those at work end with their image."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    async def _ask(
        self, wanted: bytes, image: bytes, view: View | None, needs_bytes: int
    ) -> tuple[RgbImage, tuple[int, int]]:
        ask = partial(self._ask_blocking, wanted, image, view)
        async with self._room.of(min(needs_bytes, self._most_bytes(image))):
            return await anyio.to_thread.run_sync(ask, limiter=self._slots)

    def _most_bytes(self, image: bytes) -> int:
        return budget_of(len(image), self._seconds).memory_bytes

    def _ask_blocking(
        self, wanted: bytes, image: bytes, view: View | None
    ) -> tuple[RgbImage, tuple[int, int]]:
        process = self._take()
        try:
            answer = process.ask(wanted, image, view, self._seconds)
        except ServerError:
            # Of what it refused, nothing is left; if it ended, that is seen when it is needed.
            self._give_back(process)
            raise
        except BaseException:
            process.end()
            raise
        self._give_back(process)
        return answer

    def _take(self) -> _Process:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                process.end()
        return _Process(self._limits, self._seconds)

    def _give_back(self, process: _Process) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(process)
                return
        process.end()


def _widen(pipe: BinaryIO) -> None:
    """Fewer turns between the processes for each image, where the system allows it."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class _Process:
    def __init__(self, limits: ImageLimits, seconds: float) -> None:
        arguments = [str(number) for number in (limits.max_bytes, limits.max_pixels, seconds)]
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "splitseem_server.images.process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )
        # Pipes: both are there.
        self._requests: BinaryIO = self._popen.stdin  # type: ignore[assignment]
        self._answers: BinaryIO = self._popen.stdout  # type: ignore[assignment]
        for pipe in (self._requests, self._answers):
            _widen(pipe)

    @property
    def pid(self) -> int:
        """Of the system."""
        return self._popen.pid

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def ask(
        self, wanted: bytes, image: bytes, view: View | None, seconds: float
    ) -> tuple[RgbImage, tuple[int, int]]:
        """Raises: ServerError: the image is refused, takes too long, or ends the process."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._popen.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            return self._exchange(wanted, image, view)
        except (EOFError, OSError) as error:
            if late.is_set():
                raise ImageTooLarge(
                    f"decoding the image takes more than {seconds:g} s; save it again, plainly or smaller"
                ) from error
            if self._popen.wait() == -signal.SIGPROF:
                cpu_s = budget_of(len(image), seconds).cpu_s
                raise ImageTooLarge(
                    f"decoding the image takes more than {cpu_s:g} s of the processor, which a file of"
                    f" {len(image)} bytes may take; save it again, plainly or smaller"
                ) from error
            raise UnreadableImage("the image cannot be decoded: the decoder gave up") from error
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                # Its pipes end before it does, and until then it would count as alive.
                self._popen.wait()

    def _exchange(self, wanted: bytes, image: bytes, view: View | None) -> tuple[RgbImage, tuple[int, int]]:
        numbers = (0,) * 6 if view is None else (*view.roi_xywh, *view.size_hw)
        self._requests.write(REQUEST.pack(wanted, len(image), *numbers))
        self._requests.write(image)
        self._requests.flush()
        kind, length, height, width = ANSWER.unpack(self._read(ANSWER.size).tobytes())
        content = self._read(length)
        if kind == ERROR:
            name, detail = json.loads(content.tobytes())
            raise _ERRORS[name](detail)
        return content, (height, width)

    def _read(self, length: int) -> RgbImage:
        content = np.empty(length, dtype=np.uint8)
        if self._answers.readinto(content) < length:  # type: ignore[attr-defined]  # BufferedReader waits for all
            raise EOFError("the process ended")
        return content

    def end(self) -> None:
        """Kill the process and forget it."""
        self._popen.kill()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):  # what was not sent any more
                pipe.close()
        self._popen.wait()
