"""The figures of a data set, from the clicks, masks and labels of its objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

from splitseem_eval.errors import EvaluationError
from splitseem_eval.metrics import mean_at, noc, num_failures
from splitseem_eval.names import class_name

HIGHEST_THRESHOLD = 0.90
"""The highest IoU that clicks are counted to."""
REPORTED_CLICKS = (1, 3, 5)
"""Numbers of clicks after which the mean IoU is reported."""


@dataclass(frozen=True)
class FigureRow:
    """How a figure is shown: title, number format, and which way is better; None: neither."""

    title: str
    number_format: str
    better: Literal["higher", "lower"] | None = None

    def format(self, value: float | None) -> str:
        """The figure as text; a dash where there is none."""
        return "-" if value is None else format(value, self.number_format)


CLICK_ROWS: Mapping[str, FigureRow] = MappingProxyType(
    {
        "noc85": FigureRow("NoC@85", ".2f", "lower"),
        "noc90": FigureRow("NoC@90", ".2f", "lower"),
        "nof85": FigureRow("NoF85", "d", "lower"),
        "nof90": FigureRow("NoF90", "d", "lower"),
        "iou1": FigureRow("IoU@1", ".3f", "higher"),
        "iou3": FigureRow("IoU@3", ".3f", "higher"),
        "iou5": FigureRow("IoU@5", ".3f", "higher"),
        "largest_fall": FigureRow("largest fall of IoU by click 5", ".4f", "lower"),
        "boundary5": FigureRow("boundary F at 2 pixels after 5 clicks", ".3f", "higher"),
        "label1": FigureRow("label right after 1 click", ".3f", "higher"),
        "label5": FigureRow("label right after 5 clicks", ".3f", "higher"),
        "obeyed": FigureRow("steps that obey every click", ".3f", "higher"),
        "seconds_per_click": FigureRow("seconds per click", ".4f", "lower"),
        "seconds_per_step": FigureRow("  of these, model", ".4f"),
        "seconds_per_mask": FigureRow("  of these, mask in image size", ".4f"),
        "seconds_per_image": FigureRow("seconds per image, encoder", ".3f"),
        "images": FigureRow("images", "d"),
        "objects": FigureRow("objects", "d"),
    }
)
"""Figures of a `Summary`, in the order in which they are shown."""


@dataclass(frozen=True)
class ObjectResult:
    """What one object gave, step by step.

    Attributes:
        ious: IoU after each prompt.
        boundaries: F-measure of the boundary after each, in the image's own pixels.
        labels: what the mask was called after each; None from a model without names.
        truth_label: what it is called in the set, or None.
        obeyed_steps: steps that obey every click.
        step_seconds, mask_seconds: of all steps together: the model, and the mask in the size of the image.
    """

    ious: tuple[float, ...]
    boundaries: tuple[float, ...]
    labels: tuple[str | None, ...]
    truth_label: str | None
    obeyed_steps: int
    step_seconds: float
    mask_seconds: float

    def named_rightly(self, clicks: int) -> bool:
        """Whether the label after that number of clicks is the set's; an object finished earlier keeps its
        last."""
        label = self.labels[min(clicks, len(self.labels)) - 1]
        if label is None or self.truth_label is None:
            return False
        return class_name(label) == class_name(self.truth_label)


@dataclass(frozen=True)
class ImageResult:
    """What the objects of one image gave; seconds of the encoder."""

    objects: tuple[ObjectResult, ...]
    encode_seconds: float


@dataclass(frozen=True)
class Summary:
    """The figures of a data set; see `splitseem_eval.metrics` for the definitions of the first seven.

    Attributes:
        iou_by_click: mean IoU after 1, 2, ... `max_clicks` clicks.
        largest_fall: the most that the mean IoU loses from one of the first five clicks to the next; 0: none.
        boundary5: mean F-measure of the boundary at 2 pixels of the image after five clicks.
        label1, label5: share of the labelled objects that the model calls by their name after 1 and 5 clicks;
            None where nothing is labelled, or the model has no names.
        obeyed: share of steps whose mask contains every positive and no negative click given so far.
        seconds_per_click: the model's step and the mask in the size of the image, which are also given alone.
        seconds_per_image: the encoder.
    """

    noc85: float
    noc90: float
    nof85: int
    nof90: int
    iou1: float
    iou3: float
    iou5: float
    iou_by_click: tuple[float, ...]
    largest_fall: float
    boundary5: float
    label1: float | None
    label5: float | None
    obeyed: float
    seconds_per_click: float
    seconds_per_step: float
    seconds_per_mask: float
    seconds_per_image: float
    images: int
    objects: int

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


def summarise(results: Sequence[ImageResult], max_clicks: int) -> Summary:
    """The figures of a data set from those of its images.

    Raises:
        EvaluationError: nothing was measured.
    """
    objects = [entry for result in results for entry in result.objects]
    if not objects:
        raise EvaluationError("nothing was measured: no image of the set has an object with a counted pixel")
    sequences = [entry.ious for entry in objects]
    num_steps = sum(map(len, sequences))
    step_seconds = sum(entry.step_seconds for entry in objects) / num_steps
    mask_seconds = sum(entry.mask_seconds for entry in objects) / num_steps
    iou1, iou3, iou5 = (mean_at(sequences, clicks) for clicks in REPORTED_CLICKS)
    early = [mean_at(sequences, clicks) for clicks in range(1, max(REPORTED_CLICKS) + 1)]
    return Summary(
        noc85=noc(sequences, 0.85, max_clicks),
        noc90=noc(sequences, HIGHEST_THRESHOLD, max_clicks),
        nof85=num_failures(sequences, 0.85, max_clicks),
        nof90=num_failures(sequences, HIGHEST_THRESHOLD, max_clicks),
        iou1=iou1,
        iou3=iou3,
        iou5=iou5,
        iou_by_click=tuple(mean_at(sequences, clicks) for clicks in range(1, max_clicks + 1)),
        largest_fall=max(0.0, *(before - after for before, after in pairwise(early))),
        boundary5=mean_at([entry.boundaries for entry in objects], 5),
        label1=_label_accuracy(objects, 1),
        label5=_label_accuracy(objects, 5),
        obeyed=sum(entry.obeyed_steps for entry in objects) / num_steps,
        seconds_per_click=step_seconds + mask_seconds,
        seconds_per_step=step_seconds,
        seconds_per_mask=mask_seconds,
        seconds_per_image=sum(result.encode_seconds for result in results) / len(results),
        images=len(results),
        objects=len(objects),
    )


def _label_accuracy(objects: Sequence[ObjectResult], clicks: int) -> float | None:
    labelled = [entry for entry in objects if entry.truth_label is not None and any(entry.labels)]
    return sum(entry.named_rightly(clicks) for entry in labelled) / len(labelled) if labelled else None
