"""Official checkpoints as safetensors files, which hold numbers and nothing that could run."""

from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from splitseem_model.checkpoints.checkpoint import check_fit, read_tensors, to_our_name
from splitseem_model.checkpoints.hub import sha256_of
from splitseem_model.checkpoints.official_keys import explain_fit, official_state
from splitseem_model.checkpoints.weights import OWN_SUFFIX, PRESET_KEY
from splitseem_model.config import PRESETS
from splitseem_model.errors import CheckpointError, UnknownModelError

_SOURCE_KEY = "source_sha256"


def convert(source: Path, out: Path, preset_name: str | None = None) -> int:
    """Write the tensors of a checkpoint, names and numbers unchanged, as safetensors.

    The file is made beside its place and moved there, so that a run that is cut never leaves half of one.

    Args:
        source: see `read_tensors`.
        preset_name: written into the header after the tensors were found to fit it, so that the file needs
            no preset when it is loaded.
    Returns:
        How many tensors were written.
    Raises:
        CheckpointError: the source cannot be read or does not fit the preset, or `out` has another suffix.
        UnknownModelError: no such preset.
    """
    if out.suffix != OWN_SUFFIX:
        raise CheckpointError(f"{out.name}: expected a name that ends in {OWN_SUFFIX}")
    tensors = read_tensors(source)
    metadata = {"format": "pt", _SOURCE_KEY: sha256_of(source)}
    if preset_name is not None:
        _check_preset(tensors, preset_name)
        metadata[PRESET_KEY] = preset_name
    partial = out.with_name(out.name + ".partial")
    # Two names may share one storage in a .pt file, which safetensors does not allow.
    save_file({name: value.clone().contiguous() for name, value in tensors.items()}, partial, metadata)
    partial.replace(out)
    return len(tensors)


def _check_preset(tensors: dict[str, Tensor], preset_name: str) -> None:
    if preset_name not in PRESETS:
        raise UnknownModelError(f"unknown preset {preset_name!r}; known: {', '.join(PRESETS)}")
    state = {to_our_name(name): value for name, value in tensors.items()}
    try:
        check_fit(official_state(preset_name), state)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {explain_fit(state)}") from error
