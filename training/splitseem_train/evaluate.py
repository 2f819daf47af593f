"""Interactive segmentation measured by a simulated user who corrects each object click by click."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from splitseem_model.clicker import PROTOCOLS, Clicker, ClickProtocol
from splitseem_model.metrics import iou, mean_iou_at, noc, num_failures
from splitseem_model.strokes import clicks_of_stroke
from splitseem_proto import Box, Click, PromptItem
from splitseem_train.data import DataImage, DataObject, read_rgb
from splitseem_train.errors import DataError, EvaluationError

if TYPE_CHECKING:  # typing only: measuring needs a predictor, importing this module does not need torch
    from splitseem_model.memory import MemoryPrompt
    from splitseem_model.predictor import Predictor, PreparedImage

HIGHEST_THRESHOLD = 0.90
"""The highest IoU that clicks are counted to."""
REPORTED_CLICKS = (1, 3, 5)
"""Numbers of clicks after which the mean IoU is reported."""


@dataclass(frozen=True)
class Target:
    """One thing to segment in one image: bool masks `[H, W]`, and human strokes when the set has them."""

    truth: NDArray[np.bool_]
    ignore: NDArray[np.bool_] | None
    strokes: tuple[PromptItem, ...] = ()


@dataclass(frozen=True)
class EvaluationSettings:
    """What is measured.

    Attributes:
        prompt: the first prompt, one of `FIRST_PROMPTS`; every later one is a simulated click.
        max_clicks: prompts an object gets at most, the first included.
        canvas: size in pixels the image is resized to instead of the model's own.
        codec: the codec that the embedding goes through; None: the predictor's default.
        memory: whether a step sees the mask of the step before.
    """

    protocol: ClickProtocol = PROTOCOLS["ritm"]
    prompt: str = "click"
    max_clicks: int = 20
    canvas: int | None = None
    codec: str | None = None
    memory: bool = True


@dataclass(frozen=True)
class ObjectResult:
    """What one object gave: IoU after each prompt, steps that obey every click, seconds of all steps."""

    ious: tuple[float, ...]
    obeyed_steps: int
    seconds: float


@dataclass(frozen=True)
class ImageResult:
    """What the objects of one image gave, together; seconds of the encoder and of all steps."""

    iou_sequences: tuple[tuple[float, ...], ...]
    obeyed_steps: int
    encode_seconds: float
    step_seconds: float


@dataclass(frozen=True)
class Summary:
    """The figures of a data set; see `splitseem_model.metrics` for their definitions.

    `obeyed` is the share of steps whose mask contains every positive and no negative click given so far.
    """

    noc85: float
    noc90: float
    nof85: int
    nof90: int
    iou1: float
    iou3: float
    iou5: float
    obeyed: float
    seconds_per_click: float
    seconds_per_image: float
    images: int
    objects: int

    def to_dict(self) -> dict[str, float]:
        """The figures by name, for JSON."""
        return asdict(self)


def evaluate(
    predictor: Predictor, records: Iterable[DataImage], settings: EvaluationSettings
) -> Iterator[ImageResult]:
    """Measure image by image; the encoder runs once for each.

    An object ends when its user is content, after `max_clicks`, or as soon as no reported figure can change.

    Raises:
        EvaluationError: the first prompt needs what the model or the set does not have.
        DataError: an image or a mask cannot be read, or they differ in size.
    """
    make_targets = _targets_for(settings.prompt, predictor.name)
    for record in records:
        yield _evaluate_image(predictor, record, make_targets(record), settings)


def summarise(results: Sequence[ImageResult], max_clicks: int) -> Summary:
    """The figures of a data set from those of its images.

    Raises:
        EvaluationError: nothing was measured.
    """
    sequences = [sequence for result in results for sequence in result.iou_sequences]
    if not sequences:
        raise EvaluationError("nothing was measured: no image of the set has an object with a counted pixel")
    iou1, iou3, iou5 = (mean_iou_at(sequences, clicks) for clicks in REPORTED_CLICKS)
    return Summary(
        noc85=noc(sequences, 0.85, max_clicks),
        noc90=noc(sequences, 0.90, max_clicks),
        nof85=num_failures(sequences, 0.85, max_clicks),
        nof90=num_failures(sequences, 0.90, max_clicks),
        iou1=iou1,
        iou3=iou3,
        iou5=iou5,
        obeyed=sum(result.obeyed_steps for result in results) / sum(map(len, sequences)),
        seconds_per_click=sum(result.step_seconds for result in results) / sum(map(len, sequences)),
        seconds_per_image=sum(result.encode_seconds for result in results) / len(results),
        images=len(results),
        objects=len(sequences),
    )


def _evaluate_image(
    predictor: Predictor, record: DataImage, targets: Iterable[Target], settings: EvaluationSettings
) -> ImageResult:
    image_rgb = read_rgb(record.path)
    if image_rgb.shape[:2] != record.size_hw:
        raise DataError(f"{record.path} has {image_rgb.shape[:2]} pixels, its index says {record.size_hw}")
    start = time.perf_counter()
    image = predictor.encode(image_rgb, canvas=settings.canvas, codec=settings.codec)
    encode_seconds = time.perf_counter() - start
    rounds = [_correct(predictor, image, target, settings) for target in targets]
    return ImageResult(
        iou_sequences=tuple(result.ious for result in rounds if result.ious),
        obeyed_steps=sum(result.obeyed_steps for result in rounds),
        encode_seconds=encode_seconds,
        step_seconds=sum(result.seconds for result in rounds),
    )


def _correct(
    predictor: Predictor, image: PreparedImage, target: Target, settings: EvaluationSettings
) -> ObjectResult:
    """Prompt, and correct by clicks until the user is content."""
    clicker = Clicker(target.truth, settings.protocol, target.ignore)
    mask = np.zeros_like(target.truth)
    items: list[PromptItem] = []
    memory: MemoryPrompt | None = None
    sequence: list[float] = []
    seconds, obeyed = 0.0, 0
    first = FIRST_PROMPTS[settings.prompt](target)
    while not _is_settled(sequence, settings.max_clicks):
        prompt = first if first and not sequence else clicker.next_clicks(mask)
        if not prompt:
            break
        items.extend(prompt)
        start = time.perf_counter()
        step = predictor.step(image, items, memory)
        mask = predictor.mask(image, step)
        seconds += time.perf_counter() - start
        memory = step.memory if settings.memory else None
        obeyed += _obeys(mask, items)
        sequence.append(iou(mask, target.truth, target.ignore))
    return ObjectResult(tuple(sequence), obeyed, seconds)


def _obeys(mask: NDArray[np.bool_], items: Sequence[PromptItem]) -> bool:
    """Whether the mask contains every positive click and no negative one."""
    clicks = [item for item in items if isinstance(item, Click)]
    return all(mask[int(click.y), int(click.x)] == bool(click.label) for click in clicks)


def _is_settled(sequence: Sequence[float], max_clicks: int) -> bool:
    """Whether no further click can change a reported figure."""
    reached = bool(sequence) and max(sequence) >= HIGHEST_THRESHOLD and len(sequence) >= max(REPORTED_CLICKS)
    return reached or len(sequence) >= max_clicks


def _box(target: Target) -> Sequence[PromptItem]:
    """The tightest box around the object."""
    rows, columns = (np.flatnonzero(target.truth.any(axis=axis)) for axis in (1, 0))
    edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return [Box(*map(float, edges))]


FIRST_PROMPTS: Mapping[str, Callable[[Target], Sequence[PromptItem]]] = MappingProxyType(
    {"click": lambda target: (), "box": _box, "scribble": lambda target: target.strokes}
)
"""How each first prompt is made from the target; empty: the simulated user begins with a click."""

TEXT_PROMPTS = ("text", "text+click")
"""First prompts that need a model with a text tower."""


def _targets_for(prompt: str, model: str) -> Callable[[DataImage], Iterable[Target]]:
    if prompt in TEXT_PROMPTS:
        raise EvaluationError(
            f"--prompt {prompt} needs a model with a text tower, which {model!r} does not have;"
            f" it takes {', '.join(FIRST_PROMPTS)}"
        )
    if prompt not in FIRST_PROMPTS:
        raise EvaluationError(
            f"unknown prompt {prompt!r}; known: {', '.join((*FIRST_PROMPTS, *TEXT_PROMPTS))}"
        )
    return _scribbled_targets if prompt == "scribble" else _annotated_targets


def _annotated_targets(record: DataImage) -> Iterator[Target]:
    for item in record.objects:
        target = _target(item)
        if target is not None:
            yield target


def _scribbled_targets(record: DataImage) -> Iterator[Target]:
    """One target for each person who drew on the first object of the image."""
    if not record.scribbles:
        raise EvaluationError(f"--prompt scribble needs human scribbles, {record.path} has none")
    for target in filter(None, map(_target, record.objects[:1])):
        for drawn in record.scribbles:
            strokes = (*clicks_of_stroke(drawn.positive, 1), *clicks_of_stroke(drawn.negative, 0))
            yield replace(target, strokes=strokes)


def _target(item: DataObject) -> Target | None:
    """None when no pixel of the object counts: there is nothing to find."""
    truth, ignore = item.mask, item.ignore
    counted = truth if ignore is None else truth & ~ignore
    return Target(truth, ignore) if counted.any() else None
