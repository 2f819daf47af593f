"""Image bytes -> everything in the image: the embedding, cached or made now, then the object queries."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from splitseem_proto import Embedding
from splitseem_server.embedding.queue import EncodeQueue
from splitseem_server.embedding.service import Embedded, EmbeddingService, EmbedOptions
from splitseem_server.errors import ImageTooLarge

if TYPE_CHECKING:
    from splitseem_model.tasks.segments import Segmentation

MOST_PIXELS = 16_000_000
"""Of the encoded part of an image: every pixel gets an answer, of some 50 bytes while it is made."""


class Segmenter(Protocol):
    """What the service needs; `splitseem_model.segmenter.Segmenter` is one. Blocking."""

    def segment(self, embedding: Embedding, mode: str, min_score: float) -> Segmentation:
        """Everything in an image.

        Args:
            mode: one of `splitseem_model.tasks.segments.MODES`.
            min_score: instances below are left out.
        """
        ...


@dataclass(frozen=True)
class SegmentedAll:
    """What was found, the embedding that it came from, and milliseconds by name of the stage."""

    found: Segmentation
    embedded: Embedded
    timings_ms: dict[str, float]


class PanopticService:
    """Answers requests for all of an image, one after the other.

    Args:
        queue: in which requests wait; of one worker.
    """

    def __init__(self, segmenter: Segmenter, embeddings: EmbeddingService, queue: EncodeQueue) -> None:
        self._segmenter = segmenter
        self._embeddings = embeddings
        self._queue = queue

    async def segment(self, image: bytes, options: EmbedOptions, mode: str, min_score: float) -> SegmentedAll:
        """Everything in an image file.

        Raises:
            ServerError: the image or an option is refused, or too many images wait.
        """
        embedded = await self._embeddings.embed(image, options)
        embedding = embedded.packed.embedding
        _, _, width, height = embedding.geometry.roi_xywh
        if width * height > MOST_PIXELS:
            raise ImageTooLarge(
                f"{width} x {height} pixels; at most {MOST_PIXELS} are segmented at once:"
                " name a part by `roi`, or send a smaller image"
            )
        begin = time.perf_counter()
        work = partial(self._segmenter.segment, embedding, mode, min_score)
        found = await self._queue.run(work, on_start=lambda: None)
        took = (time.perf_counter() - begin) * 1000
        return SegmentedAll(found, embedded, {**embedded.timings_ms, "segment": took})
