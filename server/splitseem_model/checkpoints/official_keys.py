"""Names and shapes that the file of an official model holds, as our modules say."""

from collections.abc import Mapping

import torch
from torch import Tensor

from splitseem_model.checkpoints.checkpoint import check_fit, to_upstream_name
from splitseem_model.config import NANO, PRESETS, TINY, preset
from splitseem_model.errors import CheckpointError
from splitseem_model.network import SegmentationModel

_OURS = (NANO.name, TINY.name)
TRAINING_BUFFERS = frozenset({"dilation_kernel", "criterion.empty_weight"})
"""Entries of official files that no inference needs; v0 and v1 have both, the demo the first."""


def official_state(preset_name: str) -> dict[str, Tensor]:
    """Every parameter of an official model by our names, without storage (on the meta device).

    Raises:
        ValueError: unknown preset.
    """
    with torch.device("meta"):
        state = SegmentationModel(preset(preset_name)).state_dict()
    state.pop("class_matrix")  # ours: no official file has one
    return state


def official_shapes(preset_name: str) -> dict[str, tuple[int, ...]]:
    """Upstream name -> shape of every parameter; errors as for `official_state`."""
    return {to_upstream_name(name): tuple(value.shape) for name, value in official_state(preset_name).items()}


def fitting_presets(state: Mapping[str, Tensor]) -> list[str]:
    """Official presets whose every parameter a state dict of our names holds, in the right shape."""
    return [name for name in PRESETS if name not in _OURS and _fits(state, name)]


def explain_fit(state: Mapping[str, Tensor]) -> str:
    """One sentence: which presets a state dict would fit."""
    fitting = fitting_presets(state)
    return f"it fits {', '.join(fitting)}" if fitting else "it fits no official preset"


def _fits(state: Mapping[str, Tensor], preset_name: str) -> bool:
    try:
        check_fit(official_state(preset_name), state)
    except CheckpointError:
        return False
    return True
