"""The objects that a report shows: where a model is best, in the middle, and worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.data import DataImage
from splitseem_eval.evaluate import EvaluationSettings, Turn, correct, encode, read_photo
from splitseem_eval.figures import REPORTED_CLICKS, ImageResult
from splitseem_eval.targets import Target, find_first_prompt

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

CASES_PER_GROUP = 3


@dataclass(frozen=True)
class Contestant:
    """A model, how it was measured and what it gave, image by image."""

    predictor: Predictor
    settings: EvaluationSettings
    results: Sequence[ImageResult]


@dataclass(frozen=True, eq=False)
class Case:
    """One object, and what each contestant made of it.

    Attributes:
        image_rgb: uint8 `[H, W, 3]`.
        turns: name of the contestant -> number of clicks -> the turn; the reported numbers, and the last one
            of an object finished before.
    """

    name: str
    image_rgb: NDArray[np.uint8]
    target: Target
    turns: Mapping[str, Mapping[int, Turn]]


def choose(results: Sequence[ImageResult], each: int = CASES_PER_GROUP) -> dict[str, list[tuple[int, int]]]:
    """Which objects are best, in the middle and worst, by their mean IoU over the first clicks.

    Returns:
        "best", "median" and "worst" -> (index of the image, index of its object), no object twice; fewer than
        `each` when there are not enough objects.
    """
    scores = {
        (i, k): early_iou(entry.ious)
        for i, result in enumerate(results)
        for k, entry in enumerate(result.objects)
    }
    order = sorted(scores, key=lambda place: -scores[place])
    each = min(each, max(len(order) // 3, 1))
    best, rest = order[:each], order[each:]
    middle = rest[: max(len(rest) - each, 0)]
    start = max(len(middle) - each + 1, 0) // 2
    return {"best": best, "median": middle[start : start + each], "worst": rest[len(middle) :]}


def early_iou(ious: Sequence[float]) -> float:
    """Mean IoU over the reported clicks; an object finished earlier keeps its last."""
    return sum(ious[min(clicks, len(ious)) - 1] for clicks in REPORTED_CLICKS) / len(REPORTED_CLICKS)


def replay(
    records: Sequence[DataImage], place: tuple[int, int], contestants: Mapping[str, Contestant]
) -> Case:
    """Measure one object again, which gives the same masks, and keep them this time.

    Args:
        place: index of the image and of its object.
    """
    record = records[place[0]]
    turns = {}
    for name, contestant in contestants.items():
        settings = contestant.settings
        settings = replace(settings, max_clicks=min(settings.max_clicks, max(REPORTED_CLICKS)))
        target = next(islice(find_first_prompt(settings.prompt).targets(record), place[1], None))
        image, _ = encode(contestant.predictor, record, settings)
        turns[name] = _reported(correct(contestant.predictor, image, target, settings))
    return Case(record.name, read_photo(record), target, turns)


def _reported(turns: Iterator[Turn]) -> dict[int, Turn]:
    """The turns after the reported clicks, and the last."""
    shown: dict[int, Turn] = {}
    for number, turn in enumerate(turns, start=1):
        if number - 1 not in REPORTED_CLICKS:
            shown.pop(number - 1, None)
        shown[number] = turn
    return shown
