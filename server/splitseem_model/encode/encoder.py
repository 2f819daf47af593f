"""Image -> Embedding: preprocess, backbone, pixel decoder, then to the host in a wire codec."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.config import MIN_CANVAS, ModelConfig
from splitseem_model.encode.device_memory import DeviceMemory, device_memory
from splitseem_model.encode.network import EncoderModel, EncoderNetwork, EncoderOptions, MapKind
from splitseem_model.encode.photo_pixels import photo_of_input, photo_stride, photo_tensor
from splitseem_model.encode.preprocess import geometry_of, normalise, pad_to_multiple, preprocess
from splitseem_model.errors import DeviceMemoryError, ImageInputError
from splitseem_proto import CODECS, Embedding, ImageGeometry, NamedTensor, encode_tensor
from splitseem_proto.messages import PROTOCOL_VERSION

MAX_CANVAS = 2048

CODEC_OF_MAPS = {"lateral": "uint10"}
"""Codec of embeddings that hold another map than the mask features, unless asked otherwise: what is still to
be convolved takes less rounding. Where there is none, the model's own."""

Roi = tuple[int, int, int, int]


Maps = dict[str, NDArray[np.float32]]
"""The tensors of one image by their names, `[1, C, h, w]`."""


class ModelInput(NamedTuple):
    """What the network sees of an image: float32 `[1, 3, H_padded, W_padded]`, and how it came about."""

    pixels: Tensor
    geometry: ImageGeometry


class ImageEncoder:
    """The server's half of the model. Thread-safe: one image is encoded at a time."""

    codecs: tuple[str, ...] = tuple(CODECS)

    def __init__(
        self, model: EncoderModel, device: str = "cpu", options: EncoderOptions | None = None
    ) -> None:
        self.config: ModelConfig = model.config
        self.name: str = model.config.name
        self.canvas: int = model.config.canvas
        self.largest_canvas: int = model.config.largest_canvas or MAX_CANVAS
        self.default_codec: str = model.config.codec
        self.fingerprint: str = model.fingerprint()
        options = options or EncoderOptions()
        self.numerics: str = options.numerics
        self._device = torch.device(device)
        self._network = EncoderNetwork(model, self._device, options)
        self.maps: tuple[str, ...] = self._network.kinds
        self._lock = threading.Lock()

    def device_memory(self) -> DeviceMemory | None:
        """What this process holds of the device's memory; None on a CPU."""
        return device_memory(self._device)

    def codec_for(self, maps: str | None) -> str:
        """The codec of embeddings that hold such maps, unless asked otherwise."""
        return CODEC_OF_MAPS.get(maps or self._network.kind, self.default_codec)

    def geometry_for(
        self, original_hw: tuple[int, int], roi_xywh: Roi | None = None, canvas: int | None = None
    ) -> ImageGeometry:
        """What `encode` will say of an image of this size, without encoding it.

        Raises:
            ImageInputError: the region is not inside the image, or the canvas is out of range.
        """
        return geometry_of(
            original_hw,
            canvas=self._checked(canvas),
            canvas_side=self.config.canvas_side,
            roi_xywh=roi_xywh,
            stride=self.config.size_multiple,
        )

    def encode(
        self,
        image_rgb: NDArray[np.uint8],
        *,
        roi_xywh: Roi | None = None,
        canvas: int | None = None,
        codec: str | None = None,
        maps: str | None = None,
    ) -> Embedding:
        """Encode one image.

        Args:
            image_rgb: uint8 `[H, W, 3]`, EXIF orientation applied.
            roi_xywh: part to encode, image pixels; the whole image when None.
            canvas: size in pixels of the resized side, 64 to 2048; the model's own when None.
            codec: name in `splitseem_proto.CODECS`; that of `codec_for` when None.
            maps: what the embedding holds of the masks, one of `self.maps`; that of the options when None.
        Returns:
            the embedding, with an empty key.
        Raises:
            ImageInputError: not an RGB image, a region outside it, a canvas out of range, or maps that this
                model does not give. ProtoError: unknown codec.
        """
        pixels, geometry = preprocess(
            image_rgb,
            canvas=self._checked(canvas),
            canvas_side=self.config.canvas_side,
            roi_xywh=roi_xywh,
            stride=self.config.size_multiple,
        )
        image = ModelInput(pixels, geometry)
        return self.finish(image, self.run([image], maps)[0], codec or self.codec_for(maps))

    def prepare(self, resized_rgb: NDArray[np.uint8], geometry: ImageGeometry) -> ModelInput:
        """The first stage of `encode`, on the host: uint8 `[input_h, input_w, 3]`, cropped and resized as the
        geometry says."""
        return ModelInput(pad_to_multiple(normalise(resized_rgb), self.config.size_multiple), geometry)

    def run(self, images: Sequence[ModelInput], maps: str | None) -> list[Maps]:
        """The second stage, on the device: images of equal padded size, together.

        Raises:
            DeviceMemoryError: the device has not enough memory for them.
        """
        kind = self._kind(maps)
        try:
            with self._lock:
                named = self._network(torch.cat([image.pixels for image in images]), kind)
                arrays = {name: x.cpu().numpy() for name, x in named.items()}
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise DeviceMemoryError(f"no memory for {len(images)} images at once: {error}") from error
        return [{name: x[index : index + 1] for name, x in arrays.items()} for index in range(len(images))]

    def finish(self, image: ModelInput, maps: Maps, codec: str) -> Embedding:
        """The last stage, on the host: what the second one gave for an image, in a codec."""
        *first, largest = (encode_tensor(name, x, codec) for name, x in maps.items())
        photo = [] if self.config.photo is None else [self._photo(image.pixels, image.geometry, codec)]
        # What the decoder begins with goes first.
        tensors = (*first, *photo, largest)
        return Embedding(PROTOCOL_VERSION, self.fingerprint, "", image.geometry, codec, tensors)

    def _photo(self, pixels: Tensor, geometry: ImageGeometry, codec: str) -> NamedTensor:
        assert self.config.photo is not None
        stride = photo_stride(geometry, self.config.photo)
        return photo_tensor(photo_of_input(pixels.numpy(), geometry, stride), codec)

    def _kind(self, maps: str | None) -> MapKind:
        if maps is None:
            return self._network.kind
        for kind in self._network.kinds:
            if kind == maps:
                return kind
        raise ImageInputError(f"maps {maps!r}; {self.name} gives {', '.join(self.maps)}")

    def _checked(self, canvas: int | None) -> int:
        if canvas is None:
            return self.canvas
        if not MIN_CANVAS <= canvas <= self.largest_canvas:
            raise ImageInputError(
                f"canvas must be {MIN_CANVAS} to {self.largest_canvas} pixels, got {canvas}"
            )
        return canvas
