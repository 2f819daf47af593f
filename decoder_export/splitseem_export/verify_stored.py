"""Torch against graphs whose weights were rounded: how much of the answer is left."""

from dataclasses import asdict, dataclass

import torch

from splitseem_export.errors import ParityError
from splitseem_export.graphs import DecoderGraphs
from splitseem_export.precision import FLOAT32
from splitseem_export.refiner_graphs import RefinerGraphs, random_case
from splitseem_export.sessions import GraphPair, OnnxRefiner
from splitseem_export.verify import REFINER_CASES, compare, mask_iou
from splitseem_model.mask.refiner import RefinerInputs
from splitseem_model.network import SegmentationModel

MIN_MASK_IOU = {"float16": 0.95}
"""Mean over the cases. They are random, so single cells can be next to a threshold; on photos the masks
differ less."""
_MIN_MASK_IOU_OF_INTEGERS = 0.85
MIN_SAME_QUERY = 0.75
"""Share of the cases in which the same query is selected."""


@dataclass(frozen=True)
class StoredReport:
    """Means over the cases, and the least that is allowed.

    Attributes:
        mask_iou: of the masks of the query that torch selects.
        same_query: share of the cases in which both select the same.
        refined_mask_iou: of the refiner's masks; None for a model without one.
    """

    mask_iou: float
    same_query: float
    refined_mask_iou: float | None
    min_mask_iou: float
    min_same_query: float = MIN_SAME_QUERY

    @property
    def ok(self) -> bool:
        """Not less than that."""
        refined = 1.0 if self.refined_mask_iou is None else self.refined_mask_iou
        return min(self.mask_iou, refined) >= self.min_mask_iou and self.same_query >= self.min_same_query

    def to_dict(self) -> dict[str, object]:
        """For the manifest."""
        return asdict(self)


def verify_stored(
    model: SegmentationModel, click: DecoderGraphs, refiner: RefinerGraphs | None, precision: str
) -> StoredReport | None:
    """Run the cases of a click through torch and through graphs stored in `precision`; None for float32,
    which is verified as itself.

    Raises:
        ParityError: too little is left of the answers; the message says how much.
    """
    if precision == FLOAT32:
        return None
    cases = compare(model.decoder, GraphPair.of_graphs(click.stored(precision)))
    report = StoredReport(
        mask_iou=_mean([case.mask_iou for case in cases]),
        same_query=_mean([float(case.same_query) for case in cases]),
        refined_mask_iou=None if refiner is None else _refined_mask_iou(model, refiner.stored(precision)),
        min_mask_iou=MIN_MASK_IOU.get(precision, _MIN_MASK_IOU_OF_INTEGERS),
    )
    if not report.ok:
        raise ParityError(f"weights in {precision} change too much, nothing was written: {report}")
    return report


@torch.inference_mode()
def _refined_mask_iou(model: SegmentationModel, graphs: RefinerGraphs) -> float:
    assert model.refiner is not None
    runtime, overlaps = OnnxRefiner.of_graphs(graphs), []
    for seed, (_, cells_hw, labels) in enumerate(REFINER_CASES):
        maps, inputs = random_case(model.refiner, cells_hw, labels, seed)
        ours = model.refiner(model.refiner.prepare(*maps), *inputs)
        theirs = runtime.refine(runtime.look(*maps), RefinerInputs(*inputs))
        overlaps.append(mask_iou(ours > 0, theirs > 0))
    return _mean(overlaps)


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4)
