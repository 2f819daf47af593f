"""All objects of a crop at once: what the panoptic task is to find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import MASK_STRIDE
from splitseem_train.crops import CroppedObject, Photo

SCENE_STRIDE = 2 * MASK_STRIDE
"""Pixels that a cell of a scene's masks is wide: they only are matched and learnt at this size."""

SCENE_SETS = frozenset(("coco_mini", "camvid", "clothing_ccp", "food_plates"))
"""Sets that annotate every object of their classes, each by itself. In others a photo shows more of the same
kind, or one mask stands for several objects."""


@dataclass(frozen=True)
class Scene:
    """All objects of a crop, T of them.

    Attributes:
        share: `[T, S/8, S/8]` float32 in 0..1, share of each cell that is object; counted: 0 where ignored.
        kinds: set and label of each.
        complete: whether all that the crop shows is in one of them.
    """

    share: NDArray[np.float32]
    counted: NDArray[np.float32]
    kinds: tuple[tuple[str, str | None], ...]
    complete: bool


def scene_of(objects: Sequence[CroppedObject], photo: Photo) -> Scene:
    """The objects of a crop of a photo, at the size that they are learnt at.

    A photo whose objects are things all of them leaves its surroundings out.
    """
    ignored = [np.zeros_like(e.mask) if e.ignore is None else e.ignore for e in objects]
    return Scene(
        share=_averaged(np.stack([entry.mask for entry in objects])),
        counted=(_averaged(np.stack(ignored)) < 0.5).astype(np.float32),
        kinds=tuple((entry.dataset, entry.label) for entry in objects),
        complete=not all(entry.is_thing for entry in photo.objects),
    )


def _averaged(masks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """`[T, S, S]` -> `[T, S/8, S/8]`."""
    count, side = len(masks), masks.shape[-1] // SCENE_STRIDE
    cells = masks.reshape(count, side, SCENE_STRIDE, side, SCENE_STRIDE)
    return np.asarray(cells.mean(axis=(2, 4), dtype=np.float32))
