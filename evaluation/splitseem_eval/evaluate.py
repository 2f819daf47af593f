"""Interactive segmentation measured by a simulated user who corrects each object click by click."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.clicker import PROTOCOLS, Clicker, ClickProtocol
from splitseem_eval.closer import closer_answers
from splitseem_eval.data import DataImage, read_rgb
from splitseem_eval.errors import DataError
from splitseem_eval.figures import HIGHEST_THRESHOLD, REPORTED_CLICKS, ImageResult, ObjectResult
from splitseem_eval.metrics import boundary_f, iou
from splitseem_eval.targets import Target, find_first_prompt
from splitseem_model.step.replay import replay
from splitseem_proto import Click, PromptItem

if TYPE_CHECKING:  # typing only: measuring needs a predictor, importing this module does not need torch
    from splitseem_model.predictor import Predictor, PreparedImage
    from splitseem_model.step.answering import Step


@dataclass(frozen=True)
class EvaluationSettings:
    """What is measured.

    Attributes:
        prompt: the first prompt, one of `targets.FIRST_PROMPTS`; every later one is a simulated click.
        max_clicks: prompts an object gets at most, the first included.
        canvas: size in pixels the image is resized to instead of the model's own.
        codec: the codec that the embedding goes through; None: the predictor's default.
        memory: whether a step sees the mask of the step before.
        closer: whether a small object is embedded by itself once it has a mask, see `closer.py`.
        every_click: continue to `max_clicks` even when the numbers of clicks are settled, for a true curve of
            the IoU.
    """

    protocol: ClickProtocol = PROTOCOLS["ritm"]
    prompt: str = "click"
    max_clicks: int = 20
    canvas: int | None = None
    codec: str | None = None
    memory: bool = True
    every_click: bool = False
    closer: bool = False


@dataclass(frozen=True, eq=False)
class Turn:
    """One prompt of the user and the model's answer.

    Attributes:
        items: every prompt item so far, this turn's among them.
        mask: bool `[H, W]`.
        label: what the model calls it, or None.
        boundary: F-measure of its boundary at 2 pixels, see `metrics.boundary_f`.
        step_seconds, mask_seconds: of the model's step, and of the mask in the size of the image.
    """

    items: tuple[PromptItem, ...]
    mask: NDArray[np.bool_]
    iou: float
    boundary: float
    label: str | None
    step_seconds: float
    mask_seconds: float

    @property
    def obeyed(self) -> bool:
        """Whether the mask contains every positive click and no negative one."""
        clicks = [item for item in self.items if isinstance(item, Click)]
        return all(self.mask[int(click.y), int(click.x)] == bool(click.label) for click in clicks)


def evaluate(
    predictor: Predictor, records: Iterable[DataImage], settings: EvaluationSettings
) -> Iterator[ImageResult]:
    """Measure image by image; the encoder runs once for each.

    Raises:
        EvaluationError: the first prompt is unknown or needs what the set does not have.
        PromptError: the model does not take it.
        DataError: an image or a mask cannot be read, or they differ in size.
    """
    first = find_first_prompt(settings.prompt)
    for record in records:
        image, seconds = encode(predictor, record, settings)
        targets = first.targets(record)
        objects = (_object_result(target, correct(predictor, image, target, settings)) for target in targets)
        yield ImageResult(tuple(objects), seconds)


def read_photo(record: DataImage) -> NDArray[np.uint8]:
    """The pixels of an image, uint8 `[H, W, 3]`.

    Raises:
        DataError: it cannot be read, or is of another size than its index says.
    """
    image_rgb = read_rgb(record.path)
    if image_rgb.shape[:2] != record.size_hw:
        raise DataError(f"{record.path} has {image_rgb.shape[:2]} pixels, its index says {record.size_hw}")
    return image_rgb


def encode(
    predictor: Predictor, record: DataImage, settings: EvaluationSettings
) -> tuple[PreparedImage, float]:
    """Read and encode an image, also the seconds that the encoder took; errors as for `read_photo`."""
    image_rgb = read_photo(record)
    start = time.perf_counter()
    image = predictor.encode(image_rgb, canvas=settings.canvas, codec=settings.codec)
    return image, time.perf_counter() - start


def correct(
    predictor: Predictor, image: PreparedImage, target: Target, settings: EvaluationSettings
) -> Iterator[Turn]:
    """Prompt, and correct by clicks until the user is content or no reported figure can change.

    The same target gives the same turns each time.
    """
    clicker = Clicker(target.truth, settings.protocol, target.ignore)
    prompts = [tuple(find_first_prompt(settings.prompt).items(target, clicker))]
    answers = _answers(predictor, image, _until_empty(prompts), settings)
    sequence: list[float] = []
    start = time.perf_counter()
    for answered_on, step in answers:
        middle = time.perf_counter()
        mask = predictor.mask(answered_on, step)
        end = time.perf_counter()
        sequence.append(iou(mask, target.truth, target.ignore))
        boundary = boundary_f(mask, target.truth, target.ignore)
        items = tuple(item for prompt in prompts for item in prompt)
        yield Turn(items, mask, sequence[-1], boundary, step.label, middle - start, end - middle)
        prompts.append(() if _is_settled(sequence, settings) else clicker.next_clicks(mask))
        start = time.perf_counter()


def _answers(
    predictor: Predictor,
    image: PreparedImage,
    prompts: Iterable[Sequence[PromptItem]],
    settings: EvaluationSettings,
) -> Iterator[tuple[PreparedImage, Step]]:
    """One a prompt, and the image that it was answered on."""
    if settings.closer:
        yield from closer_answers(predictor, image, prompts, canvas=settings.canvas, codec=settings.codec)
        return
    for step in replay(predictor.step, image, prompts, remember=settings.memory):
        yield image, step


def _until_empty(prompts: Sequence[tuple[PromptItem, ...]]) -> Iterator[tuple[PromptItem, ...]]:
    """The prompts of a list that grows meanwhile, until one is empty."""
    for prompt in prompts:
        if not prompt:
            return
        yield prompt


def _is_settled(sequence: Sequence[float], settings: EvaluationSettings) -> bool:
    """Whether no further click can change a reported figure."""
    reached = max(sequence) >= HIGHEST_THRESHOLD and len(sequence) >= max(REPORTED_CLICKS)
    return len(sequence) >= settings.max_clicks or (reached and not settings.every_click)


def _object_result(target: Target, turns: Iterable[Turn]) -> ObjectResult:
    seen = [
        (turn.iou, turn.boundary, turn.label, turn.obeyed, turn.step_seconds, turn.mask_seconds)
        for turn in turns
    ]  # not the masks, which are large
    ious, boundaries, labels, obeyed, step_seconds, mask_seconds = zip(*seen, strict=True)
    return ObjectResult(
        ious, boundaries, labels, target.label, sum(obeyed), sum(step_seconds), sum(mask_seconds)
    )
