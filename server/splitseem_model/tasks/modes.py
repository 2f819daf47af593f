"""The tasks by their names."""

from splitseem_model.errors import TaskError
from splitseem_model.tasks.instance import instance
from splitseem_model.tasks.panoptic import panoptic, thresholds_of
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.segments import MODES, Segmentation
from splitseem_model.tasks.semantic import semantic
from splitseem_proto import ImageGeometry


def check_mode(mode: str) -> None:
    """Raises: TaskError: there is no such task."""
    if mode not in MODES:
        raise TaskError(f"unknown mode {mode!r}; known: {', '.join(MODES)}")


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
        mode: one of `MODES`.
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
