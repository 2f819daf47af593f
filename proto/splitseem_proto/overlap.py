"""Masks as they are shown and exported: where objects may not overlap, a pixel is of one of them.

`client/src/session/overlap.ts` does the same; both are held to `vectors/overlap.json`.
"""

from __future__ import annotations

import numpy as np

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.messages import ProjectImage
from splitseem_proto.rle import decode_rle, encode_rle


def masks_apart(image: ProjectImage, overlap: str | None) -> tuple[CocoRle | None, ...]:
    """The mask of every object of an image, in their order; None where it has none.

    Args:
        overlap: of the project: "gives-way", a pixel is of the first object that has it; "eats", of the last;
            None, of all. Locked objects come before the others.
    """
    masks = [item.mask for item in image.objects]
    if overlap is None:
        return tuple(masks)
    taken = np.zeros(image.size_hw, np.bool_)
    for index in _order(image, overlap):
        mask = masks[index]
        if mask is None:
            continue
        whole = decode_rle(mask)
        masks[index] = encode_rle(whole & ~taken)
        taken |= whole
    return tuple(masks)


def _order(image: ProjectImage, overlap: str) -> list[int]:
    """Who comes first has what others hold, too."""
    given = range(len(image.objects))
    ordered = list(given if overlap == "gives-way" else reversed(given))
    return sorted(ordered, key=lambda index: not image.objects[index].locked)
