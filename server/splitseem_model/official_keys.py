"""Names and shapes that the file of an official model holds, as our modules say."""

import torch

from splitseem_model.checkpoint import to_upstream_name
from splitseem_model.config import preset
from splitseem_model.segmentation import SegmentationModel

Shapes = dict[str, tuple[int, ...]]

TRAINING_BUFFERS = frozenset({"dilation_kernel", "criterion.empty_weight"})
"""Entries of official files that no inference needs; v0 and v1 have both, the demo the first."""


def official_shapes(preset_name: str) -> Shapes:
    """Upstream name -> shape of every parameter of an official model.

    Nothing is allocated. Raises: ValueError, unknown preset.
    """
    with torch.device("meta"):
        state = SegmentationModel(preset(preset_name)).state_dict()
    state.pop("class_matrix")  # ours: no official file has one
    return {to_upstream_name(name): tuple(value.shape) for name, value in state.items()}
