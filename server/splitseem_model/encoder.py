"""Image -> Embedding: preprocess, backbone, pixel decoder, then to the host in a wire codec."""

import threading

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.config import ModelConfig
from splitseem_model.encoder_network import EncoderNetwork, EncoderOptions
from splitseem_model.errors import ImageInputError
from splitseem_model.photo.pixels import photo_of_input, photo_stride, photo_tensor
from splitseem_model.preprocess import geometry_of, preprocess
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.weights import fingerprint
from splitseem_proto import CODECS, Embedding, ImageGeometry, NamedTensor, encode_tensor
from splitseem_proto.messages import PROTOCOL_VERSION

MIN_CANVAS, MAX_CANVAS = 64, 2048

Roi = tuple[int, int, int, int]


class ImageEncoder:
    """The server's half of the model. Thread-safe: one image is encoded at a time."""

    codecs: tuple[str, ...] = tuple(CODECS)

    def __init__(
        self, model: SegmentationModel, device: str = "cpu", options: EncoderOptions | None = None
    ) -> None:
        self.config: ModelConfig = model.config
        self.name: str = model.config.name
        self.canvas: int = model.config.canvas
        self.default_codec: str = model.config.codec
        self.fingerprint: str = fingerprint(model)
        self._network = EncoderNetwork(model, torch.device(device), options or EncoderOptions())
        self._lock = threading.Lock()

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
    ) -> Embedding:
        """Encode one image.

        Args:
            image_rgb: uint8 `[H, W, 3]`, EXIF orientation applied.
            roi_xywh: part to encode, image pixels; the whole image when None.
            canvas: size in pixels of the resized side, 64 to 2048; the model's own when None.
            codec: name in `splitseem_proto.CODECS`; the model's own when None.
        Returns:
            the embedding, with an empty key.
        Raises:
            ImageInputError: not an RGB image, a region outside it, or a canvas out of range. ProtoError:
                unknown codec.
        """
        codec = codec or self.default_codec
        pixels, geometry = preprocess(
            image_rgb,
            canvas=self._checked(canvas),
            canvas_side=self.config.canvas_side,
            roi_xywh=roi_xywh,
            stride=self.config.size_multiple,
        )
        with self._lock:
            maps = {name: x.cpu().numpy() for name, x in self._network(pixels).items()}
        *first, largest = (encode_tensor(name, x, codec) for name, x in maps.items())
        photo = [] if self.config.photo is None else [self._photo(pixels, geometry, codec)]
        # What the decoder begins with goes first.
        return Embedding(PROTOCOL_VERSION, self.fingerprint, "", geometry, codec, (*first, *photo, largest))

    def _photo(self, pixels: Tensor, geometry: ImageGeometry, codec: str) -> NamedTensor:
        assert self.config.photo is not None
        stride = photo_stride(geometry, self.config.photo)
        return photo_tensor(photo_of_input(pixels, geometry, stride), codec)

    def _checked(self, canvas: int | None) -> int:
        if canvas is None:
            return self.canvas
        largest = self.config.largest_canvas or MAX_CANVAS
        if not MIN_CANVAS <= canvas <= largest:
            raise ImageInputError(f"canvas must be {MIN_CANVAS} to {largest} pixels, got {canvas}")
        return canvas
