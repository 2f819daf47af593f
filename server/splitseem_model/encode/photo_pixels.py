"""The small photo that travels with an embedding, so that every reader refines masks by the same pixels."""

import math

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE, PIXEL_MEAN_RGB, PIXEL_STD_RGB, PhotoConfig
from splitseem_model.layers.arrays import block_means
from splitseem_proto import Embedding, ImageGeometry, NamedTensor, decode_tensor, encode_tensor

PHOTO = "photo"
"""Name of the tensor: float `[1, 3, h, w]`, RGB, whole numbers 0 to 255."""
_INT8_ZERO = -128


def photo_stride(geometry: ImageGeometry, config: PhotoConfig) -> int:
    """Input pixels that a cell of the photo is wide: half of a mask cell, or as wide for a large input."""
    return MASK_STRIDE // 2 if max(geometry.input_hw) <= config.fine_side else MASK_STRIDE


def photo_of_input(pixels: NDArray[np.float32], geometry: ImageGeometry, stride: int) -> NDArray[np.float32]:
    """Mean colours of blocks of the input, rounded: what `photo_tensor` stores.

    Args:
        pixels: float32 `[1, 3, H, W]`, normalised and padded, as `preprocess` gives them.
        stride: input pixels a block is wide; blocks over the border repeat the last row or column.
    Returns:
        float32 `[1, 3, h, w]`, h = ceil(input_h / stride).
    """
    height, width = geometry.input_hw
    mean, std = (np.array(rgb, np.float32)[:, None, None] for rgb in (PIXEL_MEAN_RGB, PIXEL_STD_RGB))
    colours = np.clip(np.round(pixels[:, :, :height, :width] * std + mean), 0, 255)
    margin = ((0, 0), (0, 0), (0, -height % stride), (0, -width % stride))
    # Exact: sums of at most 16 bytes, divided by 4 or 16.
    blocks = block_means(np.pad(colours, margin, mode="edge"), stride)
    return np.asarray(np.floor(blocks + np.float32(0.5)))


def photo_tensor(photo: NDArray[np.float32], codec: str) -> NamedTensor:
    """The photo as a tensor of an embedding; every codec keeps it exactly."""
    ones = np.ones(photo.shape[1], np.float32)
    if codec == "int8":
        zero_point = np.full(len(ones), _INT8_ZERO, np.int8)
        return NamedTensor(PHOTO, (photo + _INT8_ZERO).astype(np.int8), ones, zero_point)
    if codec in ("uint10", "uint8"):
        return NamedTensor(PHOTO, photo.astype(np.uint8), ones, offset=np.zeros_like(ones))
    return encode_tensor(PHOTO, photo, codec)


def photo_of_embedding(embedding: Embedding) -> NDArray[np.float64] | None:
    """`[h, w, 3]`, 0 to 255; None for an embedding without one."""
    for tensor in embedding.tensors:
        if tensor.name == PHOTO:
            colours: NDArray[np.float64] = decode_tensor(tensor)[0].transpose(1, 2, 0).astype(np.float64)
            return colours
    return None


def stride_of(photo_hw: tuple[int, int], geometry: ImageGeometry) -> int:
    """Input pixels that a cell of a photo of this size is wide."""
    return math.ceil(max(geometry.input_hw) / max(photo_hw))
