"""Model names and files -> loaded models."""

import logging
from dataclasses import replace
from pathlib import Path

import torch

from splitseem_model.checkpoints.checkpoint import load_strictly, read_checkpoint
from splitseem_model.checkpoints.hub import fetch, recognise
from splitseem_model.checkpoints.known import KNOWN, advice
from splitseem_model.checkpoints.official_keys import TRAINING_BUFFERS, explain_fit
from splitseem_model.checkpoints.weights import OWN_SUFFIX, load_weights, stated_preset
from splitseem_model.config import PRESETS, preset
from splitseem_model.errors import CheckpointError, UnknownModelError
from splitseem_model.network import SegmentationModel

log = logging.getLogger(__name__)

WEIGHTS_DIR = Path(__file__).parents[1] / "weights"
RANDOM_PRESETS = frozenset({"tiny"})
"""Presets that are for tests: weights drawn with a fixed seed."""


def bundled_weights(name: str) -> Path | None:
    """Where the weights of a preset are in this package, or None when it has none."""
    path = WEIGHTS_DIR / f"{name}.safetensors"
    return path if path.is_file() else None


def load_model(name_or_file: str, preset_name: str | None = None) -> SegmentationModel:
    """Load a model for inference, on the CPU, float32.

    Args:
        name_or_file: a preset with bundled weights, a file of weights, or a known checkpoint, which is
            fetched from its hub unless it was before.
        preset_name: shape and wiring of a file that does not carry its own configuration (an official
            checkpoint); of a known checkpoint the usual one when None.
    Raises:
        UnknownModelError: no such preset or file, or a preset without bundled weights.
        FetchError: a known checkpoint cannot be fetched.
        CheckpointError: the file cannot be read or does not fit the preset.
    """
    if name_or_file in RANDOM_PRESETS:
        torch.manual_seed(0)
        return SegmentationModel(preset(name_or_file)).eval()
    path = bundled_weights(name_or_file) or Path(name_or_file)
    known = KNOWN.get(name_or_file.removesuffix(".pt"))
    if known is not None and not path.is_file():
        return _load_official(fetch(known), preset_name or known.presets[0])
    if not path.is_file():
        raise _no_such_model(name_or_file)
    preset_name = preset_name or stated_preset(path)
    if preset_name is None and path.suffix == OWN_SUFFIX:
        return load_weights(path)
    return _load_official(path, preset_name or _recognised_preset(path))


def _no_such_model(name: str) -> UnknownModelError:
    if name in PRESETS:
        return UnknownModelError(
            f"{name} has no bundled weights: give the file of an official checkpoint and --preset {name}"
        )
    with_weights = ", ".join(sorted(n for n in PRESETS if bundled_weights(n)))
    return UnknownModelError(
        f"no model {name!r}: not a file; the bundled models are: {with_weights}; the known checkpoints:"
        f" {', '.join(KNOWN)}"
    )


def _recognised_preset(path: Path) -> str:
    """The usual preset of a file whose digest is known."""
    known = recognise(path)
    if known is not None:
        return known.presets[0]
    raise CheckpointError(
        f"{path.name} does not say which wiring it was trained for: name it by --preset;"
        f" {explain_fit(read_checkpoint(path))}"
    )


def _load_official(path: Path, preset_name: str) -> SegmentationModel:
    if preset_name not in PRESETS:
        raise UnknownModelError(f"unknown preset {preset_name!r}; known: {', '.join(PRESETS)}")
    config, state = preset(preset_name), read_checkpoint(path)
    if "text.logit_scale" in state:
        config = replace(config, logit_scale=float(state["text.logit_scale"].exp()))
    model = SegmentationModel(config)
    try:
        ignored = load_strictly(model, {**state, "class_matrix": model.class_matrix.detach()})
    except CheckpointError as error:
        raise CheckpointError(f"{path.name} as {preset_name}: {error}; {explain_fit(state)}") from error
    _tell(path, preset_name, ignored)
    return model.eval()


def _tell(path: Path, preset_name: str, ignored: tuple[str, ...]) -> None:
    """Say what was left over, and what the file may be instead of what the preset says."""
    log.log(
        logging.INFO if TRAINING_BUFFERS.issuperset(ignored) else logging.WARNING,
        "%s: ignored %d tensors that %s has no place for: %s",
        path.name,
        len(ignored),
        preset_name,
        ", ".join(ignored),
    )
    warning = advice(path.stem, preset_name, recognise(path))
    if warning is not None:
        log.warning("%s: %s", path.name, warning)
