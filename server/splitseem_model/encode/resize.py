"""The pixels that an encoder sees, before they are normalised. Without torch, for processes that decode
images."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RgbImage = NDArray[np.uint8]


def crop_and_resize(
    image: RgbImage, roi_xywh: tuple[int, int, int, int], size_hw: tuple[int, int]
) -> RgbImage:
    """A part of uint8 `[H, W, 3]`, left, top, width and height in pixels, resized to `size_hw`."""
    x, y, width, height = roi_xywh
    return resize_image(image[y : y + height, x : x + width], size_hw)


def resize_image(image: RgbImage, size_hw: tuple[int, int]) -> RgbImage:
    """Resize uint8 `[H, W, 3]` to `size_hw` with PIL's bicubic filter, uint8 again."""
    resized = Image.fromarray(image).resize(size_hw[::-1], Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.uint8)
