"""RGB image -> model input and ImageGeometry.

Two rules give the size of the input. `"shortest"` is upstream's: the shorter side becomes the canvas, the
longer one int(canvas * long / short), without upper limit. `"longest"` is ours: the longer side becomes the
canvas, so that no image costs more than canvas x canvas. Both resize with PIL's bicubic filter, which
averages when it shrinks, and both normalise first and then pad with zeros at the right and bottom: padding is
the mean colour, not black.

Source: SEEM, branch v1.0 at commit 7b2e76d: torchvision's Resize on a PIL image; the model normalises, then
pads.
Deviation: Pillow is called directly, without torchvision; the results are equal bit for bit.
"""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import PIXEL_MEAN_RGB, PIXEL_STD_RGB, STRIDE
from splitseem_model.encode.resize import RgbImage, crop_and_resize
from splitseem_model.errors import ImageInputError
from splitseem_proto.geometry import ImageGeometry

CanvasSide = Literal["shortest", "longest"]


def preprocess(
    image: RgbImage,
    *,
    canvas: int,
    canvas_side: CanvasSide,
    roi_xywh: tuple[int, int, int, int] | None = None,
    stride: int = STRIDE,
) -> tuple[Tensor, ImageGeometry]:
    """Crop, resize, normalise and pad an image.

    Args:
        image: uint8 `[H, W, 3]` RGB, EXIF orientation applied.
        canvas: size in pixels of the side named by `canvas_side` after resizing.
        canvas_side: the rule, see the module.
        roi_xywh: left, top, width, height of the part to encode, image pixels; the whole image when None.
        stride: both sides are padded to a multiple of it.
    Returns:
        float32 `[1, 3, H_padded, W_padded]` on the CPU, and how it came about.
    Raises:
        ImageInputError: not uint8 RGB, an empty image, or a region that is not inside it.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageInputError(f"expected a uint8 image [H, W, 3], got {image.dtype} {list(image.shape)}")
    geometry = geometry_of(
        (image.shape[0], image.shape[1]),
        canvas=canvas,
        canvas_side=canvas_side,
        roi_xywh=roi_xywh,
        stride=stride,
    )
    resized = crop_and_resize(image, geometry.roi_xywh, geometry.input_hw)
    return pad_to_multiple(normalise(resized), stride), geometry


def geometry_of(
    original_hw: tuple[int, int],
    *,
    canvas: int,
    canvas_side: CanvasSide,
    roi_xywh: tuple[int, int, int, int] | None = None,
    stride: int = STRIDE,
) -> ImageGeometry:
    """The geometry that `preprocess` gives an image of this size; arguments and errors are the same."""
    roi = roi_xywh or (0, 0, original_hw[1], original_hw[0])
    x, y, width, height = roi
    if min(x, y) < 0 or min(width, height) < 1 or x + width > original_hw[1] or y + height > original_hw[0]:
        raise ImageInputError(
            f"the region {list(roi)} (left, top, width, height) is not inside the image of"
            f" {original_hw[1]} x {original_hw[0]} pixels"
        )
    input_hw = resized_hw((height, width), canvas, canvas_side)
    padded_hw = (input_hw[0] + -input_hw[0] % stride, input_hw[1] + -input_hw[1] % stride)
    return ImageGeometry(original_hw, roi, input_hw, padded_hw)


def resized_hw(size_hw: tuple[int, int], canvas: int, canvas_side: CanvasSide) -> tuple[int, int]:
    """Size in pixels after resizing `size_hw` by one of the two rules; no side below 1."""
    short, long = sorted(size_hw)
    if canvas_side == "shortest":
        new_short, new_long = canvas, int(canvas * long / short)
    else:
        new_short, new_long = max(1, int(canvas * short / long + 0.5)), canvas
    return (new_short, new_long) if size_hw[0] <= size_hw[1] else (new_long, new_short)


def resize_stroke(stroke: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Resize a drawing by upstream's rule: bilinear on uint8, which rounds to integers, then > 0.

    Args:
        stroke: uint8 `[H, W]`, 0 where nothing was drawn.
        size_hw: size in pixels of the result.
    Returns:
        bool `[H', W']`, True where the stroke is.
    """
    pixels = torch.from_numpy(np.array(stroke))[None, None]
    resized = functional.interpolate(pixels, size=size_hw, mode="bilinear", align_corners=False)
    drawn: NDArray[np.bool_] = (resized[0, 0] > 0).numpy()
    return drawn


def normalise(image: RgbImage) -> Tensor:
    """(pixel - mean) / std per channel: uint8 `[H, W, 3]` -> float32 `[1, 3, H, W]`."""
    pixels = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)  # [3, H, W]
    mean = torch.tensor(PIXEL_MEAN_RGB).view(3, 1, 1)
    std = torch.tensor(PIXEL_STD_RGB).view(3, 1, 1)
    return ((pixels - mean) / std).unsqueeze(0).contiguous()  # [1, 3, H, W]


def pad_to_multiple(x: Tensor, stride: int) -> Tensor:
    """Pad `[..., H, W]` with zeros at the right and bottom to multiples of `stride`."""
    h, w = x.shape[-2:]
    return functional.pad(x, (0, -w % stride, 0, -h % stride))
