"""Images -> embeddings in the folder, on one worker of the cluster: a row for each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fsspec.core import url_to_fs
from numpy.typing import NDArray

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder, ModelInput
from splitseem_model.encode.resize import crop_and_resize
from splitseem_model.errors import DeviceMemoryError, ModelError
from splitseem_proto import ImageGeometry, pack
from splitseem_ray.files import write_whole
from splitseem_ray.index import Making
from splitseem_ray.sources import read
from splitseem_server.embedding.keys import embedding_key
from splitseem_server.errors import ServerError
from splitseem_server.images.read import ImageLimits, read_image

FOLDER = "embeddings"
SUFFIX = ".splitseem"


@dataclass(frozen=True)
class Wish:
    """What is asked of every image; None stands for the model's own choice.

    Args:
        model: a preset, a known checkpoint or a file of weights, which every node can read.
        most_pixels: of an image.
    """

    model: str
    preset: str | None = None
    device: str = "cpu"
    codec: str | None = None
    maps: str | None = None
    canvas: int | None = None
    most_pixels: int = 64_000_000


def making_of(encoder: ImageEncoder, wish: Wish) -> Making:
    """By what the embeddings are made."""
    return Making(
        encoder.fingerprint,
        wish.codec or encoder.codec_for(wish.maps),
        wish.maps or encoder.maps[0],
        wish.canvas or encoder.canvas,
    )


def load_encoder(wish: Wish) -> ImageEncoder:
    """Raises: ModelError: no such model."""
    return ImageEncoder(load_model(wish.model, wish.preset), wish.device)


@dataclass
class _Read:
    """An image that was read: its row so far, and what the device gets of it."""

    row: dict[str, Any]
    ready: ModelInput | None = None

    @property
    def padded_hw(self) -> tuple[int, int] | None:
        return None if self.ready is None else self.ready.geometry.padded_hw


class EmbedImages:
    """A worker: batches of addresses in, rows of the index out. What cannot be read becomes a row with an
    error. An embedding that is there already is not made again.

    Args:
        destination: where the embeddings go, by the first digits of their key.
    """

    def __init__(self, wish: Wish, destination: str) -> None:
        self._encoder = load_encoder(wish)
        self._making = making_of(self._encoder, wish)
        self._limits = ImageLimits(2**30, wish.most_pixels)
        self._files, root = url_to_fs(destination)
        self._root = root.rstrip("/")

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Rows of `splitseem_ray.index` for the addresses in `image`, as columns."""
        images = [self._read(str(address)) for address in batch["image"]]
        for together in _by_size(images):
            self._make(together)
        rows = [image.row for image in images]
        return {name: np.array([row[name] for row in rows], dtype=object) for name in rows[0]}

    def _read(self, address: str) -> _Read:
        row: dict[str, Any] = dict.fromkeys(("file", "key", "height", "width", "bytes", "error"))
        image = _Read({"image": address, "made": str(self._making), **row})
        try:
            data = read(address)
            pixels = read_image(data, self._limits)
            geometry = self._encoder.geometry_for(pixels.shape[:2], None, self._making.canvas)
        except (ServerError, ModelError) as error:
            image.row["error"] = str(error)
        except Exception as error:  # file systems of others raise what they like
            image.row["error"] = f"cannot be read: {type(error).__name__}: {error}"
        else:
            self._place(image, hashlib.sha256(data).hexdigest(), geometry)
            if not self._files.exists(f"{self._root}/{image.row['file']}"):
                resized = crop_and_resize(pixels, geometry.roi_xywh, geometry.input_hw)
                image.ready = self._encoder.prepare(resized, geometry)
            else:
                image.row["bytes"] = self._files.size(f"{self._root}/{image.row['file']}")
        return image

    def _place(self, image: _Read, digest: str, geometry: ImageGeometry) -> None:
        making = self._making
        numerics = self._encoder.numerics
        key = embedding_key(digest, geometry, making.fingerprint, making.codec, making.maps, numerics)
        height, width = geometry.original_hw
        file = f"{FOLDER}/{key[:2]}/{key}{SUFFIX}"
        image.row.update(key=key, file=file, height=height, width=width)

    def _make(self, images: Sequence[_Read]) -> None:
        ready = [image.ready for image in images if image.ready is not None]
        try:
            outputs = self._encoder.run(ready, self._making.maps)
        except DeviceMemoryError as error:
            if len(images) == 1:
                images[0].row.update(file=None, key=None, error=str(error))
                return
            half = len(images) // 2
            self._make(images[:half])
            self._make(images[half:])
            return
        for image, one, maps in zip(images, ready, outputs, strict=True):
            embedding = self._encoder.finish(one, maps, self._making.codec)
            data = pack(replace(embedding, key=image.row["key"]))
            image.row["bytes"] = len(data)
            self._write(image.row["file"], data)

    def _write(self, name: str, data: bytes) -> None:
        write_whole(self._files, f"{self._root}/{name}", data)


def _by_size(images: Sequence[_Read]) -> Iterator[list[_Read]]:
    """Those that are to be made, in groups that the device takes together."""
    groups: dict[tuple[int, int], list[_Read]] = defaultdict(list)
    for image in images:
        if image.padded_hw is not None:
            groups[image.padded_hw].append(image)
    yield from groups.values()
