"""What an evaluation measures: the objects of an image, and the first prompt that each of them gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.clicker import Clicker
from splitseem_eval.data import DataImage, DataObject
from splitseem_eval.errors import EvaluationError
from splitseem_eval.names import class_name
from splitseem_model.prompt.strokes import clicks_of_stroke
from splitseem_proto import Box, PromptItem, TextPrompt


@dataclass(frozen=True)
class Target:
    """One thing to segment in one image: bool masks `[H, W]`, its name and human strokes when there are."""

    truth: NDArray[np.bool_]
    ignore: NDArray[np.bool_] | None
    label: str | None = None
    strokes: tuple[PromptItem, ...] = ()


@dataclass(frozen=True)
class FirstPrompt:
    """How an object is first prompted.

    Attributes:
        items: the prompt for a target; the user is there to click where it begins with a click.
        targets: those of an image. Raises EvaluationError: the set does not have what the prompt needs.
    """

    items: Callable[[Target, Clicker], tuple[PromptItem, ...]]
    targets: Callable[[DataImage], Iterator[Target]]


def find_first_prompt(name: str) -> FirstPrompt:
    """The first prompt of that name.

    Raises:
        EvaluationError: there is none; the message lists them.
    """
    if name not in FIRST_PROMPTS:
        raise EvaluationError(f"unknown prompt {name!r}; known: {', '.join(FIRST_PROMPTS)}")
    return FIRST_PROMPTS[name]


def annotated_targets(record: DataImage) -> Iterator[Target]:
    """The objects of an image of which a pixel counts; where none does, there is nothing to find."""
    for item in record.objects:
        target = _target(item)
        if target is not None:
            yield target


def tightest_box(mask: NDArray[np.bool_]) -> Box:
    """The smallest box around a mask, bool `[H, W]`, of at least one pixel."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    x0, y0, x1, y1 = (float(at) for at in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return Box(x0, y0, x1, y1)


def _target(item: DataObject) -> Target | None:
    truth, ignore = item.mask, item.ignore
    counted = truth if ignore is None else truth & ~ignore
    return Target(truth, ignore, item.label) if counted.any() else None


def _scribbled_targets(record: DataImage) -> Iterator[Target]:
    """One target for each person who drew on the first object of the image."""
    if not record.scribbles:
        raise EvaluationError(f"--prompt scribble needs human scribbles, {record.path} has none")
    for target in filter(None, map(_target, record.objects[:1])):
        for drawn in record.scribbles:
            strokes = (*clicks_of_stroke(drawn.positive, 1), *clicks_of_stroke(drawn.negative, 0))
            yield replace(target, strokes=strokes)


def _named_targets(record: DataImage) -> Iterator[Target]:
    for target in annotated_targets(record):
        if target.label is None:
            raise EvaluationError(f"--prompt text needs labels, {record.path} has an object without one")
        yield target


def _click(target: Target, clicker: Clicker) -> tuple[PromptItem, ...]:
    return clicker.next_clicks(np.zeros_like(target.truth))


def _text(target: Target, clicker: Clicker) -> tuple[PromptItem, ...]:
    return (TextPrompt(class_name(target.label or "")),)


FIRST_PROMPTS: Mapping[str, FirstPrompt] = MappingProxyType(
    {
        "click": FirstPrompt(_click, annotated_targets),
        "box": FirstPrompt(lambda target, _: (tightest_box(target.truth),), annotated_targets),
        "mask": FirstPrompt(lambda target, _: clicks_of_stroke(target.truth, 1), annotated_targets),
        "scribble": FirstPrompt(
            lambda target, clicker: target.strokes or _click(target, clicker), _scribbled_targets
        ),
        "text": FirstPrompt(_text, _named_targets),
        "text+click": FirstPrompt(
            lambda target, clicker: (*_text(target, clicker), *_click(target, clicker)), _named_targets
        ),
    }
)
"""By the name that `--prompt` takes."""
