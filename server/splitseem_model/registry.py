"""Model names and files -> loaded models."""

import logging
from dataclasses import replace
from pathlib import Path

import torch

from splitseem_model.checkpoint import load_strictly, read_checkpoint
from splitseem_model.config import PRESETS, preset
from splitseem_model.errors import UnknownModelError
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.weights import load_weights

log = logging.getLogger(__name__)

WEIGHTS_DIR = Path(__file__).parent / "weights"
RANDOM_PRESETS = frozenset({"tiny"})
"""Presets that are for tests: weights drawn with a fixed seed."""


def bundled_weights(name: str) -> Path | None:
    """Where the weights of a preset are in this package, or None when it has none."""
    path = WEIGHTS_DIR / f"{name}.safetensors"
    return path if path.is_file() else None


def load_model(name_or_file: str, preset_name: str | None = None) -> SegmentationModel:
    """Load a model for inference, on the CPU, float32.

    Args:
        name_or_file: a preset with bundled weights, or a file of weights.
        preset_name: shape and wiring of a file that does not carry its own configuration (an official
            checkpoint).
    Raises:
        UnknownModelError: no such preset or file, or a preset without bundled weights.
        CheckpointError: the file cannot be read or does not fit the preset.
    """
    if name_or_file in RANDOM_PRESETS:
        torch.manual_seed(0)
        return SegmentationModel(preset(name_or_file)).eval()
    path = bundled_weights(name_or_file) or Path(name_or_file)
    if path.is_file():
        return load_weights(path) if preset_name is None else _load_official(path, preset_name)
    with_weights = ", ".join(sorted(n for n in PRESETS if bundled_weights(n)))
    if name_or_file in PRESETS:
        raise UnknownModelError(
            f"{name_or_file} has no bundled weights: give the file of an official checkpoint"
            f" and --preset {name_or_file}"
        )
    raise UnknownModelError(
        f"no model {name_or_file!r}: not a file, and the bundled models are: {with_weights};"
        " `splitseem models` lists the checkpoints that are known"
    )


def _load_official(path: Path, preset_name: str) -> SegmentationModel:
    if preset_name not in PRESETS:
        raise UnknownModelError(f"unknown preset {preset_name!r}; known: {', '.join(PRESETS)}")
    config, state = preset(preset_name), read_checkpoint(path)
    if "text.logit_scale" in state:
        config = replace(config, logit_scale=float(state["text.logit_scale"].exp()))
    model = SegmentationModel(config)
    ignored = load_strictly(model, {**state, "class_matrix": model.class_matrix.detach()})
    log.info("%s: ignored %d tensors: %s", path.name, len(ignored), ", ".join(ignored))
    return model.eval()
