"""Images are decoded in processes that can be killed, and nothing that an image does touches another one."""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from PIL import Image

from splitseem_model.encode.resize import crop_and_resize
from splitseem_server.errors import ImageTooLarge, UnreadableImage
from splitseem_server.images.pool import ImagePool, View
from splitseem_server.images.read import ImageLimits, read_header, read_image, read_part, read_picture

pytestmark = pytest.mark.anyio

LIMITS = ImageLimits(max_bytes=2**25, max_pixels=2**24)
PLENTY_S = 120


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def opened(
    seconds: float = PLENTY_S,
    limits: ImageLimits = LIMITS,
    processes: int = 1,
    memory_bytes: int = 2**32,
) -> Iterator[ImagePool]:
    pool = ImagePool(limits, processes=processes, seconds=seconds, memory_bytes=memory_bytes)
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
        with pytest.raises(ImageTooLarge, match=r"takes more than [0-9.]+ s"):
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


async def test_an_image_that_does_not_fit_beside_another_waits_for_it() -> None:
    with opened(seconds=1.5, processes=2, memory_bytes=2**20) as pool:
        read: list[str] = []

        async def slow() -> None:
            with pytest.raises(ImageTooLarge):
                await pool.pixels(slow_bmp(), needs_bytes=2**24)
            read.append("slow")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow)
            await anyio.sleep(0.1)
            await pool.pixels(PHOTO, needs_bytes=2**16)
            read.append("photo")
        assert read == ["slow", "photo"]


async def test_what_an_image_needs_is_read_from_its_header_where_it_is_not_told() -> None:
    with opened(seconds=5, processes=2, memory_bytes=2**20) as pool:
        read: list[str] = []

        async def slow() -> None:
            with pytest.raises(ImageTooLarge):
                await pool.pixels(slow_bmp(), needs_bytes=2**19)
            read.append("slow")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow)
            await anyio.sleep(0.1)
            await pool.pixels(PHOTO)
            read.append("photo")
        assert read == ["photo", "slow"]


SIDE = 8000
LARGE = ImageLimits(2**25, SIDE * SIDE)
WHOLE = View((0, 0, SIDE, SIDE), (384, 384))


def flat(mode: str, file_format: str = "PNG", **options: Any) -> bytes:
    """64 million pixels of one colour, in less than a megabyte."""
    stream = io.BytesIO()
    Image.new(mode, (SIDE, SIDE)).save(stream, file_format, **options)
    assert stream.tell() <= 2**20
    return stream.getvalue()


def cpu_and_memory(pid: int) -> tuple[float, int]:
    """Seconds of CPU and most resident bytes of a process so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert peak is not None
    return seconds, 1024 * int(peak[1])


@pytest.mark.parametrize("mode", ["L", "RGB"])
async def test_a_small_file_of_many_pixels_is_read_within_its_budget(mode: str) -> None:
    with opened(limits=LARGE) as pool:
        await pool.pixels(PHOTO)
        pid = pool._idle[0].pid
        before = cpu_and_memory(pid)
        assert (await pool.pixels(flat(mode), WHOLE)).shape == (384, 384, 3)
        after = cpu_and_memory(pid)
    assert after[1] - before[1] < 300e6
    assert after[0] - before[0] < 4  # under 2 where no other program shares the caches


async def test_a_small_file_that_asks_for_more_is_refused_and_its_process_lives() -> None:
    image = flat("I;16")
    with opened(limits=LARGE) as pool:
        await pool.pixels(PHOTO)
        pid = pool._idle[0].pid
        before = cpu_and_memory(pid)
        with pytest.raises(ImageTooLarge, match="memory"):
            await pool.pixels(image, WHOLE)
        after = cpu_and_memory(pid)
        assert (await pool.pixels(PHOTO)).shape == (90, 120, 3)
        assert pool._idle[0].pid == pid
    assert after[1] - before[1] < 300e6
    assert after[0] - before[0] < 4


@pytest.mark.parametrize("options", [{"file_format": "WEBP"}, {"file_format": "JPEG", "progressive": True}])
def test_formats_whose_decoders_take_more_may_have_fewer_pixels(options: dict[str, Any]) -> None:
    image = flat("L", **options)
    with pytest.raises(ImageTooLarge, match="8000 x 8000"):
        read_header(image, LARGE)
    assert read_header(flat("1"), LARGE).original_hw == (SIDE, SIDE)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "LA", "P"])
def test_a_part_read_in_bands_is_the_part_of_the_whole(
    mode: str, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("splitseem_server.images.read._BAND_PIXELS", 700)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    noise = Image.effect_noise((120, 90), 80).convert("L")
    image = (
        Image.merge("LA", (noise, noise.rotate(90).resize((120, 90))))
        if mode == "LA"
        else noise.convert(mode)
    )
    image.save(stream, "PNG", exif=exif)
    whole = read_image(stream.getvalue(), LIMITS)
    height, width = whole.shape[:2]
    for roi in ((0, 0, width, height), (7, 11, 60, 50)):
        for size_hw in ((32, 40), (150, 140)):
            part = read_part(stream.getvalue(), LIMITS, roi, size_hw)
            np.testing.assert_array_equal(part, crop_and_resize(whole, roi, size_hw))
    np.testing.assert_array_equal(np.asarray(read_picture(stream.getvalue(), LIMITS)), whole)
