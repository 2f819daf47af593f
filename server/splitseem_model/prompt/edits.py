"""Prompts that change the mask itself, pixel by pixel, and what they do among those that the decoder answers.

`client/src/shared/prompt/edits.ts` does the same; both are held to `proto/vectors/paint.json`. The rules are
in `docs/adr/0030-paint-among-prompts.md`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import PromptError
from splitseem_model.prompt.brush import touches, under_stroke
from splitseem_model.prompt.repairs import Place, StandingRepair, repaired
from splitseem_model.prompt.shapes import PROMPT_SHAPES, Canvas, PointLabel, RegionRules, points_of
from splitseem_proto import ImageGeometry, KnownMask, Paint, PromptItem, Repair, decode_rle

Edit = PromptItem | StandingRepair


def is_edit(item: PromptItem) -> bool:
    """Whether a prompt changes the mask itself, so that no decoder is asked."""
    return PROMPT_SHAPES[item.kind].edits


def first_counted(items: Sequence[PromptItem]) -> int:
    """Index of the first prompt that counts: the last mask, or 0."""
    masks = [index for index, item in enumerate(items) if isinstance(item, KnownMask)]
    return masks[-1] if masks else 0


def groups(items: Sequence[PromptItem], begin: int) -> Iterator[tuple[int, int]]:
    """Begins and ends of the longest groups of edits, and of others, from `begin` on."""
    for end in range(begin + 1, len(items) + 1):
        if end == len(items) or is_edit(items[end]) != is_edit(items[end - 1]):
            yield begin, end
            begin = end


def edits_of(items: Sequence[PromptItem], geometry: ImageGeometry, rules: RegionRules) -> tuple[Edit, ...]:
    """The edits that the decoder's last mask is followed by, in order.

    All after the last prompt that it answered, and of the strokes before that those that stand: a later
    prompt takes a stroke back when one of its points lies under it and has the other label. Repairs stand,
    but for what later points say of places.

    Args:
        items: that count, see `first_counted`.
    """
    decoded = max((index + 1 for index, item in enumerate(items) if not is_edit(item)), default=0)
    standing: list[Edit] = []
    for index, item in enumerate(items[:decoded]):
        later = items[index + 1 : decoded]
        if isinstance(item, Repair):
            standing.append(StandingRepair(item, _places(later, geometry, rules)))
        elif isinstance(item, Paint) and not _is_taken_back(item, later, geometry, rules):
            standing.append(item)
    return (*standing, *items[decoded:])


def _places(items: Sequence[PromptItem], geometry: ImageGeometry, rules: RegionRules) -> tuple[Place, ...]:
    """The pixels of all points that prompts say are on the object, or are not."""
    (height, width), canvas = geometry.original_hw, Canvas.of(geometry)
    points = [point for item in items for point in points_of(item, canvas, rules)]
    return tuple(
        (min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1), int(label))
        for x, y, label in points
        if label in (PointLabel.NEGATIVE, PointLabel.POSITIVE)
    )


def _is_taken_back(
    stroke: Paint, later: Sequence[PromptItem], geometry: ImageGeometry, rules: RegionRules
) -> bool:
    canvas, other = Canvas.of(geometry), PointLabel.NEGATIVE if stroke.label == 1 else PointLabel.POSITIVE
    places = [(x, y) for item in later for x, y, label in points_of(item, canvas, rules) if label == other]
    return bool(places) and touches(stroke, np.array(places, dtype=np.float64), geometry.original_hw)


def apply_edits(mask: NDArray[np.bool_], edits: Sequence[Edit]) -> NDArray[np.bool_]:
    """The mask `[H, W]` after edits, one after the other.

    Raises:
        PromptError: a mask of another size.
    """
    edited = mask.copy()
    for edit in edits:
        if isinstance(edit, KnownMask):
            check_size(edit, (mask.shape[0], mask.shape[1]))
            edited = decode_rle(edit.rle)
        elif isinstance(edit, Paint):
            columns, covered = under_stroke(edit, (mask.shape[0], mask.shape[1]))
            edited[:, columns][covered] = edit.label == 1
        elif isinstance(edit, Repair):
            edited = repaired(edited, edit)
        elif isinstance(edit, StandingRepair):
            edited = repaired(edited, edit.repair, edit.held)
    return edited


def check_size(item: PromptItem, size_hw: tuple[int, int]) -> None:
    """Raise `PromptError` for a mask of another size than the image's."""
    if isinstance(item, KnownMask) and item.size != size_hw:
        raise PromptError(f"the mask is {list(item.size)}, the image {list(size_hw)} pixels")
