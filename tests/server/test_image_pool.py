"""Images are decoded in processes that can be killed, and nothing that an image does touches another one."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import numpy as np
import pytest
from PIL import Image

from splitseem_server.errors import ImageTooLarge, UnreadableImage
from splitseem_server.images.pool import ImagePool
from splitseem_server.images.read import ImageLimits, read_image

pytestmark = pytest.mark.anyio

LIMITS = ImageLimits(max_bytes=2**25, max_pixels=2**24)
PLENTY_S = 120


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def opened(
    seconds: float = PLENTY_S, limits: ImageLimits = LIMITS, processes: int = 1
) -> Iterator[ImagePool]:
    pool = ImagePool(limits, processes=processes, seconds=seconds)
    try:
        yield pool
    finally:
        pool.close()


def saved(image: Image.Image, file_format: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format)
    return stream.getvalue()


PHOTO = saved(Image.effect_noise((120, 90), 80).convert("RGB"), "JPEG")


def slow_bmp() -> bytes:
    """A BMP whose run lengths Pillow reads in Python: one pixel a run, 16 million of them."""
    side = 4096
    palette = bytes(1024)
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    runs = (b"\1\7" * side + b"\0\0") * 4000
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + head + palette + runs


async def test_pixels_are_those_of_read_image() -> None:
    with opened() as pool:
        for _ in range(3):
            np.testing.assert_array_equal(await pool.pixels(PHOTO), read_image(PHOTO, LIMITS))


async def test_png_holds_the_same_pixels() -> None:
    with opened() as pool:
        png = await pool.png(PHOTO)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), read_image(PHOTO, LIMITS))


async def test_refusal_keeps_its_kind_and_words() -> None:
    with opened() as pool:
        with pytest.raises(UnreadableImage, match="begins like JPEG"):
            await pool.pixels(PHOTO[:20])
        with pytest.raises(ImageTooLarge, match="5000 x 5000"):
            await pool.pixels(saved(Image.new("1", (5000, 5000)), "PNG"))
        assert (await pool.pixels(PHOTO)).shape == (90, 120, 3)


async def test_slow_image_is_stopped_and_the_next_one_is_read() -> None:
    with opened(seconds=1.5) as pool:
        with pytest.raises(ImageTooLarge, match=r"more than 1\.5 s"):
            await pool.pixels(slow_bmp())
    with opened() as pool:
        await pool.pixels(PHOTO)
        pool._seconds = 1.5
        with pytest.raises(ImageTooLarge):
            await pool.pixels(slow_bmp())
        pool._seconds = PLENTY_S
        assert (await pool.pixels(PHOTO)).shape == (90, 120, 3)


async def test_process_that_dies_is_replaced() -> None:
    with opened() as pool:
        await pool.pixels(PHOTO)
        pool._idle[0]._popen.kill()
        pool._idle[0]._popen.wait()
        assert (await pool.pixels(PHOTO)).shape == (90, 120, 3)


async def test_images_are_decoded_beside_a_slow_one() -> None:
    with opened(seconds=5, processes=2) as pool:
        await pool.pixels(PHOTO)
        read: list[int] = []

        async def slow() -> None:
            with pytest.raises(ImageTooLarge):
                await pool.pixels(slow_bmp())
            read.append(0)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow)
            await anyio.sleep(0.1)
            for number in (1, 2, 3):
                await pool.pixels(PHOTO)
                read.append(number)
        assert read[:3] == [1, 2, 3]


async def test_memory_of_a_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("splitseem_server.images.pool._MEMORY_BYTES", 300 * 2**20)
    monkeypatch.setattr("splitseem_server.images.pool._MEMORY_BYTES_A_PIXEL", 1)
    with opened(limits=ImageLimits(2**25, 80_000_000)) as pool:
        with pytest.raises(ImageTooLarge, match="memory"):
            await pool.pixels(saved(Image.new("RGB", (8000, 9000)), "PNG"))
        assert (await pool.pixels(PHOTO)).shape == (90, 120, 3)
