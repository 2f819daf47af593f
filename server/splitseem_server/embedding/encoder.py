"""What the service needs of an encoder; `splitseem_model.encode.encoder.ImageEncoder` is one.

It works in three stages, so that the device never waits for the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from splitseem_proto import Embedding, ImageGeometry

if TYPE_CHECKING:
    from splitseem_model.encode.device_memory import DeviceMemory

RoiXywh = tuple[int, int, int, int]


class Encoder(Protocol):
    """Turns images into embeddings; blocking, and safe to call from several threads."""

    @property
    def name(self) -> str:
        """Of the model, for people."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of weights and configuration."""
        ...

    @property
    def numerics(self) -> str:
        """How it computes, as far as that changes bytes of embeddings; empty for the usual way."""
        ...

    @property
    def canvas(self) -> int:
        """Size in pixels images are resized to unless asked otherwise."""
        ...

    @property
    def largest_canvas(self) -> int:
        """The largest size in pixels that may be asked for."""
        ...

    @property
    def codecs(self) -> tuple[str, ...]:
        """Names of the codecs it can write."""
        ...

    @property
    def maps(self) -> tuple[str, ...]:
        """What its embeddings can hold of an image's masks; the first is what they hold unless asked
        otherwise."""
        ...

    def device_memory(self) -> DeviceMemory | None:
        """What this process holds of the device's memory; None where the device has none of its own."""
        ...

    def codec_for(self, maps: str | None) -> str:
        """The codec of embeddings with such maps, unless asked otherwise."""
        ...

    def geometry_for(
        self, original_hw: tuple[int, int], roi_xywh: RoiXywh | None, canvas: int | None
    ) -> ImageGeometry:
        """How an image of that size will be brought to the model input; cheap.

        Raises:
            ValueError: the region is not inside the image.
        """
        ...

    def prepare(self, resized_rgb: NDArray[np.uint8], geometry: ImageGeometry) -> Any:
        """What `run` takes of an image uint8 `[input_h, input_w, 3]`, cropped and resized as the geometry
        says; work of the host."""
        ...

    def run(self, images: Sequence[Any], maps: str) -> Sequence[Any]:
        """What `finish` takes of each of some images of equal padded size; work of the device.

        Raises:
            DeviceMemoryError: its memory does not hold them together.
        """
        ...

    def finish(self, image: Any, maps: Any, codec: str) -> Embedding:
        """The embedding of an image, with an empty key; work of the host."""
        ...
