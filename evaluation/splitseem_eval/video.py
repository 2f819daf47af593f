"""Video object segmentation measured: prompted once in the first frame, followed through the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from splitseem_eval.clicker import Clicker
from splitseem_eval.data import DataImage
from splitseem_eval.errors import EvaluationError
from splitseem_eval.evaluate import EvaluationSettings, read_photo
from splitseem_eval.figures import FigureRow
from splitseem_eval.metrics import iou
from splitseem_eval.propagation import propagate
from splitseem_eval.targets import find_first_prompt
from splitseem_proto import PromptItem

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor


VIDEO_ROWS: Mapping[str, FigureRow] = MappingProxyType(
    {
        "iou_first": FigureRow("IoU in the first frame", ".3f", "higher"),
        "iou_rest": FigureRow("mean IoU over the other frames", ".3f", "higher"),
        "iou_last": FigureRow("IoU in the last frame", ".3f", "higher"),
        "seconds_per_frame": FigureRow("seconds per frame", ".3f", "lower"),
        "frames": FigureRow("frames", "d"),
        "sequences": FigureRow("sequences", "d"),
    }
)
"""Figures of a `VideoSummary`, in the order in which they are shown."""


@dataclass(frozen=True)
class FrameResult:
    """What one frame gave; seconds of reading, encoding and the steps."""

    sequence: str
    iou: float
    seconds: float


@dataclass(frozen=True)
class VideoSummary:
    """The figures of one or more sequences; means over frames first, then over sequences.

    Attributes:
        iou_first: IoU in the frame that was prompted.
        iou_rest: mean IoU over all frames after it.
        iou_last: IoU in the last frame.
        iou_by_frame: IoU of every frame, by sequence.
    """

    iou_first: float
    iou_rest: float
    iou_last: float
    iou_by_frame: Mapping[str, tuple[float, ...]]
    seconds_per_frame: float
    frames: int
    sequences: int

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


def is_one_video(records: Sequence[DataImage]) -> bool:
    """Whether all images are frames of one sequence."""
    return len(records) > 1 and records[0].sequence is not None and len({r.sequence for r in records}) == 1


def follow(
    predictor: Predictor, records: Sequence[DataImage], settings: EvaluationSettings, mode: str
) -> Iterator[FrameResult]:
    """Follow the first object of each sequence from the prompt of its first frame; one result a frame.

    Args:
        settings: prompt, protocol (of the first click), canvas and codec are used.
        mode: one of `splitseem_eval.propagation.MODES`.
    Raises:
        EvaluationError: an image is no frame of a sequence, or a first frame has nothing to follow.
        PromptError: the model cannot follow in this mode, or does not take the prompt.
        DataError: an image or a mask cannot be read, or they differ in size.
    """
    for name, frames in _by_sequence(records).items():
        prompt = _first_prompt(frames[0], settings)
        photos = (read_photo(frame) for frame in frames)
        masks = propagate(
            predictor, photos, [prompt], mode, canvas=settings.canvas, codec=settings.codec
        )  # lazy: every mask is made when it is asked for
        start = time.perf_counter()
        for frame, mask in zip(frames, masks, strict=True):
            seconds = time.perf_counter() - start
            yield FrameResult(name, _overlap(mask, frame), seconds)
            start = time.perf_counter()


def summarise_video(results: Sequence[FrameResult]) -> VideoSummary:
    """The figures of sequences from those of their frames, in their order.

    Raises:
        EvaluationError: nothing was measured, or a sequence has only one frame.
    """
    by_frame: dict[str, list[float]] = {}
    for result in results:
        by_frame.setdefault(result.sequence, []).append(result.iou)
    if not by_frame:
        raise EvaluationError("nothing was measured: the set has no frame")
    for name, ious in by_frame.items():
        if len(ious) < 2:
            raise EvaluationError(f"sequence {name!r} has one frame only, so there is nothing to follow")
    sequences = list(by_frame.values())
    return VideoSummary(
        iou_first=float(np.mean([ious[0] for ious in sequences])),
        iou_rest=float(np.mean([np.mean(ious[1:]) for ious in sequences])),
        iou_last=float(np.mean([ious[-1] for ious in sequences])),
        iou_by_frame={name: tuple(ious) for name, ious in by_frame.items()},
        seconds_per_frame=float(np.mean([result.seconds for result in results])),
        frames=len(results),
        sequences=len(sequences),
    )


def _by_sequence(records: Sequence[DataImage]) -> dict[str, list[DataImage]]:
    sequences: dict[str, list[DataImage]] = {}
    for record in records:
        if record.sequence is None:
            raise EvaluationError(f"{record.path} is no frame of a sequence, so nothing can be followed")
        sequences.setdefault(record.sequence, []).append(record)
    return sequences


def _first_prompt(frame: DataImage, settings: EvaluationSettings) -> Sequence[PromptItem]:
    first = find_first_prompt(settings.prompt)
    target = next(first.targets(frame), None)
    if target is None:
        raise EvaluationError(f"{frame.path} is the first of its sequence and has no object to follow")
    return first.items(target, Clicker(target.truth, settings.protocol, target.ignore))


def _overlap(mask: NDArray[np.bool_], frame: DataImage) -> float:
    """IoU with the frame's first object; a frame without one has an empty truth."""
    if not frame.objects:
        return iou(mask, np.zeros_like(mask))
    return iou(mask, frame.objects[0].mask, frame.objects[0].ignore)
