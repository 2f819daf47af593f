"""Panoptic segmentation: every pixel belongs to one segment at most.

Source: SEEM inherits the rule of Mask2Former and X-Decoder; upstream `GeneralizedSEEM.panoptic_inference`
(branch v1.0, commit 7b2e76d).
Deviation: masks of the kept queries are made one after the other, so that memory does not grow with them; the
result is the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.resampling import to_image
from splitseem_model.tasks.segments import Found, Segmentation, from_map
from splitseem_proto import ImageGeometry


@dataclass(frozen=True)
class Thresholds:
    """When a query becomes a segment.

    Attributes:
        score: it must be surer than this of its class.
        overlap: at least this share of its mask must be its own, that is, not claimed by a surer query.
    """

    score: float
    overlap: float = 0.8


def thresholds_of(wiring: str) -> Thresholds:
    """The official thresholds of a wiring: the first demo took queries that the later models drop."""
    return Thresholds(0.4) if wiring == "demo" else Thresholds(0.8)


def panoptic(
    queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses, thresholds: Thresholds
) -> Segmentation:
    """The segments of an image, in the order of the queries; the score is that of their first query."""
    ids, found = panoptic_map(queries, geometry, classes, thresholds)
    return from_map(ids.numpy(), found, classes, geometry)


def panoptic_map(
    queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses, thresholds: Thresholds
) -> tuple[Tensor, list[Found]]:
    """The map of the region of interest, int32 `[h, w]`, and its segments in the order of their numbers."""
    scores, rows = queries.probabilities.max(-1)
    kept = kept_queries(queries, classes, thresholds)
    ids = torch.zeros(geometry.roi_xywh[3], geometry.roi_xywh[2], dtype=torch.int32)
    found: list[Found] = []
    of_stuff: dict[int, int] = {}
    for query, visible in _visible(queries, geometry, kept, scores, thresholds.overlap):
        row = int(rows[query])
        if row in of_stuff:
            ids[visible] = of_stuff[row]
            continue
        found.append(Found(len(found) + 1, row, float(scores[query])))
        ids[visible] = found[-1].id
        if row not in classes.things:
            of_stuff[row] = found[-1].id
    return ids, found


def kept_queries(queries: ObjectQueries, classes: TaskClasses, thresholds: Thresholds) -> list[int]:
    """The queries that are sure enough of a class other than the background."""
    scores, rows = queries.probabilities.max(-1)
    return [
        query
        for query, (score, row) in enumerate(zip(scores.tolist(), rows.tolist(), strict=True))
        if row != classes.background and score > thresholds.score
    ]


def _visible(
    queries: ObjectQueries, geometry: ImageGeometry, kept: list[int], scores: Tensor, overlap: float
) -> Iterator[tuple[int, Tensor]]:
    """The kept queries that are seen enough, in their order, with what is seen of them, bool `[h, w]`.

    A pixel goes to the query with the largest product of score and mask, the first among equals, and is seen
    if it also lies in that query's own mask.
    """
    width, height = geometry.roi_xywh[2:]
    largest = torch.full((height, width), -1.0)
    winner = torch.full((height, width), -1)
    inside = torch.zeros(height, width, dtype=torch.bool)
    areas = {}
    for query in kept:
        mask = to_image(queries.mask_logits[query : query + 1], geometry)[0].sigmoid()
        product, own = scores[query] * mask, mask >= 0.5
        better = product > largest
        largest = torch.where(better, product, largest)
        winner[better] = query
        inside = torch.where(better, own, inside)
        areas[query] = int(own.sum())
    for query in kept:
        won = winner == query
        visible = won & inside
        if visible.any() and int(won.sum()) / areas[query] >= overlap:
            yield query, visible
