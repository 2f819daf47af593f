"""Semantic segmentation: the class of every pixel.

Source: upstream `GeneralizedSEEM.semantic_inference` (branch v1.0, commit 7b2e76d).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.resampling import column_slices
from splitseem_model.tasks.segments import Found, Segmentation, from_map
from splitseem_proto import ImageGeometry

_MOST_VALUES = 2**25
"""Numbers of one slice of mask logits; there are as many scores again: 256 MB."""


def semantic(queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses) -> Segmentation:
    """One segment for every class that has a pixel; its id is the row of the class plus one."""
    parts = [scores.argmax(0) for _, scores in semantic_scores(queries, geometry, classes)]
    ids = torch.tensor(classes.rows)[torch.cat(parts, dim=1)] + 1
    found = [Found(number, number - 1) for number in torch.unique(ids).tolist()]
    return from_map(ids.to(torch.int32).numpy(), found, classes, geometry)


def semantic_scores(
    queries: ObjectQueries, geometry: ImageGeometry, classes: TaskClasses
) -> Iterator[tuple[slice, Tensor]]:
    """Score of every class but the background at every pixel, `[K', h, c]`, in slices of whole columns.

    A query votes for its classes where its mask is, as surely as it is of both.
    """
    votes = queries.probabilities[:, classes.rows]
    for columns, mask_logits in column_slices(queries.mask_logits, geometry, _MOST_VALUES):
        yield columns, torch.einsum("qc,qhw->chw", votes, mask_logits.sigmoid())
