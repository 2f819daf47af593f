"""Pixels of photos are held for a few requests at a time; others wait, and too many are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import anyio
import numpy as np
import pytest
from tests.server.gates import until

from splitseem_server.decoding.photos import Photos
from splitseem_server.embedding.admission import Admission
from splitseem_server.errors import QueueFull

pytestmark = pytest.mark.anyio


class Decoded:
    """Gives a pixel that is the file's first byte."""

    async def pixels(self, image: bytes) -> Any:
        return np.full((1, 1, 3), image[0], np.uint8)


async def test_without_an_image_there_is_nothing_to_wait_for() -> None:
    photos = Photos(cast(Any, Decoded()), Admission(workers=1, capacity=0, what="pictures"), held=1)
    async with photos.pixels(b"a"), photos.pixels(None) as none:
        assert none is None


async def test_some_wait_and_others_are_refused() -> None:
    admission = Admission(workers=1, capacity=1, what="pictures")
    photos = Photos(cast(Any, Decoded()), admission, held=1)
    order: list[str] = []
    release = anyio.Event()

    async def work(name: bytes, hold: Callable[[], Any]) -> None:
        async with photos.pixels(name) as pixels:
            assert pixels is not None
            order.append(chr(pixels[0, 0, 0]))
            await hold()

    async with anyio.create_task_group() as group:
        group.start_soon(work, b"a", release.wait)
        await until(lambda: order == ["a"])
        group.start_soon(work, b"b", anyio.lowlevel.checkpoint)
        await until(lambda: admission.waiting == 1)
        with pytest.raises(QueueFull, match="pictures"):
            async with photos.pixels(b"c"):
                raise AssertionError
        assert order == ["a"]
        release.set()
    assert (order, admission.waiting) == (["a", "b"], 0)
