"""Instance segmentation: things with a mask and a score each, which may overlap.

Source: upstream `GeneralizedSEEM.instance_inference` (branch v1.0, commit 7b2e76d).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.resampling import to_image
from splitseem_model.tasks.segments import Found, Segmentation, from_masks, in_image
from splitseem_proto import CocoRle, ImageGeometry

MOST_INSTANCES = 100
"""Pairs of query and class that are looked at, the official number."""
_NO_PIXELS = 1e-6


@dataclass(frozen=True)
class Instance:
    """A query taken for a class; its score is that of the class times the mean of its mask."""

    query: int
    category: int
    score: float
    mask: CocoRle

    @property
    def area(self) -> int:
        """Pixels."""
        return sum(self.mask.counts[1::2])


def instance(
    queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses, min_score: float = 0.0
) -> Segmentation:
    """Instances with at least one pixel and that score, the surest first. A query may stand for several
    classes, as in the official code."""
    chosen = [one for one in instances(queries, geometry, classes) if one.area > 0 and one.score >= min_score]
    found = [(Found(n, one.category, one.score), one.mask) for n, one in enumerate(chosen, start=1)]
    return from_masks(found, classes, geometry)


def instances(queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses) -> list[Instance]:
    """The things among the surest pairs of query and class, empty ones too, the surest first."""
    scores = queries.probabilities[:, classes.rows]
    surest = scores.flatten().topk(min(MOST_INSTANCES, scores.numel()), sorted=False)
    pairs = [
        (index // len(classes.rows), classes.rows[index % len(classes.rows)], score)
        for index, score in zip(surest.indices.tolist(), surest.values.tolist(), strict=True)
    ]
    things = [pair for pair in pairs if pair[1] in classes.things]
    masks = _masks(queries, geometry, {query for query, _, _ in things})
    found = [Instance(query, row, score * masks[query][1], masks[query][0]) for query, row, score in things]
    return sorted(found, key=lambda one: one.score, reverse=True)


def _masks(
    queries: ObjectQueries, geometry: ImageGeometry, wanted: Iterable[int]
) -> dict[int, tuple[CocoRle, float]]:
    """Of every query, its mask and the mean of the mask's probabilities in it."""
    found = {}
    for query in sorted(wanted):
        logits = to_image(queries.mask_logits[query : query + 1], geometry)[0]
        inside = logits > 0
        total = float((logits.sigmoid() * inside).sum())
        mean = total / (float(inside.sum()) + _NO_PIXELS)
        found[query] = (in_image(inside.numpy().astype(np.bool_), geometry), mean)
    return found
