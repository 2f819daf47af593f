"""A user who looks closer: small objects are embedded by themselves, and their prompts answered there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from splitseem_model.step.closer import Part, grown, part_around
from splitseem_model.step.replay import replay
from splitseem_proto import PromptItem

if TYPE_CHECKING:  # typing only: measuring needs a predictor, importing this module does not need torch
    from splitseem_model.predictor import Predictor, PreparedImage
    from splitseem_model.step.answering import Step


def closer_answers(
    predictor: Predictor,
    image: PreparedImage,
    prompts: Iterable[Sequence[PromptItem]],
    *,
    canvas: int | None = None,
    codec: str | None = None,
) -> Iterator[tuple[PreparedImage, Step]]:
    """One step a prompt, and the image or part that it was answered on.

    The first mask of a small object chooses the part. A prompt beyond the part makes it larger. All prompts
    are answered again on a part that is new, as the page does.
    """
    given: list[Sequence[PromptItem]] = []
    part, seen, memory = None, image, None
    for prompt in prompts:
        given.append(prompt)
        items = [item for one in given for item in one]
        wanted = None if part is None else grown(part, items, image.geometry.original_hw)
        if wanted == part:
            step = predictor.step(seen, items, memory)
            if part is None:
                wanted = part_around(predictor.mask(seen, step), items, image.geometry.original_hw)
        if wanted is not None and wanted != part:
            part, seen = wanted, _embedded(predictor, image, wanted, canvas, codec)
            step = deque(replay(predictor.step, seen, given), maxlen=1)[0]
        memory = step.memory
        yield seen, step


def _embedded(
    predictor: Predictor, image: PreparedImage, part: Part, canvas: int | None, codec: str | None
) -> PreparedImage:
    assert image.pyramid is not None, "an image that was encoded here has its pixels"
    return predictor.encode(image.pyramid.level(0), roi_xywh=part, canvas=canvas, codec=codec)
