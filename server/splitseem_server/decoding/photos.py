"""Pixels of images beside their embeddings, of a few at a time: they take more memory than anything else."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import anyio

from splitseem_server.embedding.admission import Admission
from splitseem_server.images.pool import ImagePool
from splitseem_server.images.read import RgbImage


class Photos:
    """Decodes whole images for those who draw edges by their pixels.

    Args:
        admission: in which requests count while they wait.
        held: images whose pixels are held at the same time.
    """

    def __init__(self, images: ImagePool, admission: Admission, *, held: int) -> None:
        self._images = images
        self._admission = admission
        self._held = anyio.CapacityLimiter(held)

    @contextlib.asynccontextmanager
    async def pixels(self, image: bytes | None) -> AsyncIterator[RgbImage | None]:
        """Around the work that needs the pixels of an image file, uint8 `[H, W, 3]`; None of None.

        Raises:
            QueueFull: too many wait already. ServerError: the image is refused.
        """
        if image is None:
            yield None
            return
        with self._admission.place():
            async with self._held:
                with self._admission.timed():
                    yield await self._images.pixels(image)
