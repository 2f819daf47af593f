"""The tasks by their names, from object queries, in torch."""

import torch

from splitseem_model.layers.arrays import Floats
from splitseem_model.tasks.instance import instance
from splitseem_model.tasks.panoptic import panoptic, thresholds_of
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.segments import Segmentation, check_mode
from splitseem_model.tasks.semantic import semantic
from splitseem_proto import ImageGeometry


def queries_of(class_logits: Floats, mask_logits: Floats) -> ObjectQueries:
    """Of arrays `[Q, K]` and `[Q, H/4, W/4]`."""
    return ObjectQueries(torch.from_numpy(class_logits), torch.from_numpy(mask_logits))


def segment_all(
    mode: str,
    queries: ObjectQueries,
    geometry: ImageGeometry,
    classes: TaskClasses,
    wiring: str,
    min_score: float = 0.0,
) -> Segmentation:
    """Do a task by the official rules of a wiring.

    Args:
        mode: one of `segments.MODES`.
        min_score: instances below are left out; the official code keeps all.
    Raises:
        TaskError: there is no such task.
    """
    check_mode(mode)
    if mode == "panoptic":
        return panoptic(queries, geometry, classes, thresholds_of(wiring))
    if mode == "semantic":
        return semantic(queries, geometry, classes)
    return instance(queries, geometry, classes, min_score)
