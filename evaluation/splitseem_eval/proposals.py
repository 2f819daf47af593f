"""Everything found without a prompt, measured: which annotated objects are among the proposals."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from splitseem_eval.data import DataImage
from splitseem_eval.errors import EvaluationError
from splitseem_eval.evaluate import EvaluationSettings, encode
from splitseem_eval.figures import FigureRow
from splitseem_eval.metrics import iou
from splitseem_eval.targets import annotated_targets

if TYPE_CHECKING:  # typing only, as in `evaluate.py`
    from splitseem_model.predictor import Predictor

MET = 0.7
"""IoU from which a proposal meets an object."""
PROPOSAL_ROWS: Mapping[str, FigureRow] = MappingProxyType(
    {
        "met70": FigureRow("objects met at IoU 0.7", ".3f", "higher"),
        "best_iou": FigureRow("mean IoU of the best proposal", ".3f", "higher"),
        "proposals": FigureRow("proposals an image", ".1f", "lower"),
        "seconds_per_image": FigureRow("seconds per image, without the encoder", ".2f", "lower"),
        "images": FigureRow("images", "d"),
        "objects": FigureRow("objects", "d"),
    }
)
"""Figures of a `ProposalSummary`, in the order in which they are shown."""


@dataclass(frozen=True)
class ProposedImage:
    """What was proposed in one image: of every object the best IoU, how many proposals, and seconds."""

    best_ious: tuple[float, ...]
    proposals: int
    seconds: float


@dataclass(frozen=True)
class ProposalSummary:
    """The figures of a set; `met70` is the share of objects with a proposal of at least that IoU."""

    met70: float
    best_iou: float
    proposals: float
    seconds_per_image: float
    images: int
    objects: int

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


def find_everything(
    predictor: Predictor, records: Iterable[DataImage], settings: EvaluationSettings
) -> Iterator[ProposedImage]:
    """Propose image by image.

    Raises:
        DataError: an image or a mask cannot be read, or they differ in size.
    """
    for record in records:
        image, _ = encode(predictor, record, settings)
        begin = time.perf_counter()
        masks = [predictor.mask(image, one.step) for one in predictor.decoder.everything(image)]
        seconds = time.perf_counter() - begin
        best = [
            max(iou(mask, target.truth, target.ignore) for mask in masks)
            for target in annotated_targets(record)
        ]
        yield ProposedImage(tuple(best), len(masks), seconds)


def summarise_proposals(results: Sequence[ProposedImage]) -> ProposalSummary:
    """The figures of a set.

    Raises:
        EvaluationError: it has no object.
    """
    best = [value for result in results for value in result.best_ious]
    if not best:
        raise EvaluationError("nothing was measured: no image of the set has an object with a counted pixel")
    return ProposalSummary(
        met70=sum(value >= MET for value in best) / len(best),
        best_iou=sum(best) / len(best),
        proposals=sum(result.proposals for result in results) / len(results),
        seconds_per_image=sum(result.seconds for result in results) / len(results),
        images=len(results),
        objects=len(best),
    )
