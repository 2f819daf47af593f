"""A mask that is known of an object, as a prompt.

The official code has no such prompt, but both of its parts: a stroke is any set of pixels, and the memory is
the mask of the round before. Here the mask is both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE
from splitseem_model.errors import PromptError
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.shapes import REGION_POINTS
from splitseem_model.prompt.thinning import thin
from splitseem_proto import Click, ImageGeometry

SURE_LOGIT = 5.0
"""Mask logit of a cell that lies in the mask with all its pixels."""


@dataclass(frozen=True, eq=False)
class MaskPrompt:
    """What a mask says: places on the object, and what its last mask was."""

    clicks: tuple[Click, ...]
    memory: MemoryPrompt


def mask_prompt(mask: NDArray[np.bool_], geometry: ImageGeometry) -> MaskPrompt:
    """A mask as a prompt for an image; both parts go to the first step, the clicks to all later ones too.

    Args:
        mask: bool `[H_image, W_image]`; what is outside the region of interest does not count.
    Raises:
        PromptError: another size than the image's, or nothing in the region.
    """
    if mask.shape != geometry.original_hw:
        raise PromptError(f"the mask is {list(mask.shape)}, the image {list(geometry.original_hw)} pixels")
    left, top, width, height = geometry.roi_xywh
    inside = mask[top : top + height, left : left + width]
    places = thin(np.argwhere(inside).tolist(), REGION_POINTS)
    if not places:
        raise PromptError("the mask is empty in the encoded part of the image")
    clicks = tuple(Click(left + column + 0.5, top + row + 0.5) for row, column in places)
    return MaskPrompt(clicks, MemoryPrompt(logits_of_mask(mask, geometry)))


def logits_of_mask(mask: NDArray[np.bool_], geometry: ImageGeometry) -> NDArray[np.float32]:
    """`[H/4, W/4]`: how many of the 16 input pixels of a cell are in a mask `[H_image, W_image]`, from minus
    to plus `SURE_LOGIT`. An input pixel is what the image is at its centre; padding is outside.

    `client/src/worker/prompt/knownMask.ts` does the same; both are held to `proto/vectors/paint.json`.
    """
    left, top, width, height = geometry.roi_xywh
    input_h, input_w = geometry.input_hw
    rows = top + np.floor((np.arange(input_h) + 0.5) * height / input_h).astype(np.int64)
    columns = left + np.floor((np.arange(input_w) + 0.5) * width / input_w).astype(np.int64)
    inside = np.zeros(geometry.padded_hw, dtype=np.float32)
    inside[:input_h, :input_w] = mask[np.ix_(rows, columns)]
    map_h, map_w = (side // MASK_STRIDE for side in geometry.padded_hw)
    share = inside.reshape(map_h, MASK_STRIDE, map_w, MASK_STRIDE).mean(axis=(1, 3))
    logits: NDArray[np.float32] = ((share - 0.5) * (2 * SURE_LOGIT)).astype(np.float32)
    return logits
