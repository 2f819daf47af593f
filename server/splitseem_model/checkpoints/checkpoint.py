"""Checkpoint files: read, rename upstream keys, load strictly.

The only module that knows the names upstream gives its parameters. Inside this project the same modules carry
our names; `to_our_name` and `to_upstream_name` are each other's inverse over every parameter of the official
models.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from splitseem_model.errors import CheckpointError

StateDict = dict[str, Tensor]

# (upstream, ours): applied to the start of a name, from top to bottom, all that match; `{n}` is any number.
_RENAMES = (
    ("backbone.norm{n}.", "backbone.norms.{n}."),
    ("sem_seg_head.pixel_decoder.", "pixel_decoder."),
    ("pixel_decoder.transformer.encoder.layers.", "pixel_decoder.encoder_layers."),
    ("pixel_decoder.transformer.level_embed", "pixel_decoder.level_embed"),
    ("sem_seg_head.predictor.lang_encoder.lang_encoder.", "text.encoder."),
    ("sem_seg_head.predictor.lang_encoder.lang_proj", "text.projection"),
    ("sem_seg_head.predictor.lang_encoder.logit_scale", "text.logit_scale"),
    ("sem_seg_head.predictor.", "decoder."),
    ("decoder.mask_sptial_embed.", "decoder.prompt_embed."),
)


def to_our_name(name: str) -> str:
    """Our name of an upstream parameter; a name no rule is for stays as it is."""
    for upstream, ours in _RENAMES:
        name = _replace_start(name, upstream, ours)
    return name


def to_upstream_name(name: str) -> str:
    """Upstream name of one of our parameters, the inverse of `to_our_name`."""
    for upstream, ours in reversed(_RENAMES):
        name = _replace_start(name, ours, upstream)
    return name


def read_checkpoint(path: Path) -> StateDict:
    """Read a file of weights, ready to load.

    Returns:
        Tensors on the CPU under our names, floating-point ones as float32.
    Raises:
        CheckpointError: see `read_tensors`.
    """
    tensors = read_tensors(path)
    upstream = any(name.startswith("sem_seg_head.") for name in tensors)
    return {to_our_name(name) if upstream else name: _as_float32(value) for name, value in tensors.items()}


def read_tensors(path: Path) -> StateDict:
    """Read a file of weights as it is; nothing in it is executed.

    Args:
        path: `.safetensors`, or `.pt` / `.pth` holding a flat state dict or one under the key `model` or
            `state_dict`. Nothing but tensors and plain containers is unpickled.
    Raises:
        CheckpointError: file missing, of another suffix, cut short, with code in it, or not a state dict.
    """
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise CheckpointError(f"{path.name}: expected one of {', '.join(_READERS)}, got '{path.suffix}'")
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint file")
    try:
        return reader(path)
    except CheckpointError:
        raise
    except UnpicklingError as error:
        raise CheckpointError(f"{path.name}: {_why_not_unpickled(str(error))}") from error
    except Exception as error:  # torch and safetensors raise a dozen types for a damaged file
        raise CheckpointError(
            f"{path.name}: not a readable checkpoint, cut short or damaged: fetch it again"
            f" ({type(error).__name__}: {str(error).partition('. ')[0]})"
        ) from error


def load_strictly(module: nn.Module, state: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Copy a state dict into a module, all of it or nothing.

    Args:
        module: receives the weights; keeps its device and dtype.
        state: tensors by our names; may hold more than the module.
    Returns:
        Names in `state` the module has no place for, sorted.
    Raises:
        CheckpointError: names the parameters that are missing and those of another shape.
    """
    expected = module.state_dict()
    check_fit(expected, state)
    module.load_state_dict({name: state[name] for name in expected})
    return tuple(sorted(set(state) - set(expected)))


def check_fit(expected: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Refuse a state dict that lacks a tensor of `expected` or has it in another shape.

    Raises:
        CheckpointError: names them.
    """
    missing = [name for name in expected if name not in state]
    misshapen = [
        f"{name} is {_shape(state[name])}, expected {_shape(expected[name])}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if missing or misshapen:
        raise CheckpointError(_explain(missing, misshapen))


def _replace_start(name: str, old: str, new: str) -> str:
    pattern = re.escape(old).replace(r"\{n\}", r"(\d+)")
    return re.sub(f"^{pattern}", new.replace("{n}", r"\1"), name)


def _read_safetensors(path: Path) -> StateDict:
    return dict(load_file(path))


def _read_pickle(path: Path) -> StateDict:
    with warnings.catch_warnings(action="ignore"):  # about pickle protocols, before the refusal
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    for wrapper in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f"{path.name}: expected a state dict, got {type(content).__name__}")
    strange = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if strange:
        raise CheckpointError(f"{path.name}: expected tensors only, but these are not: {_listed(strange)}")
    return {str(name): value for name, value in content.items()}


_READERS: dict[str, Callable[[Path], StateDict]] = {
    ".safetensors": _read_safetensors,
    ".pt": _read_pickle,
    ".pth": _read_pickle,
}


def _why_not_unpickled(error: str) -> str:
    """Torch's message, which advises to run the file's code, in our words."""
    asked_for = re.search(r"GLOBAL (\S+)", error)
    if asked_for is None:
        return "not a state dict that can be read without running code: refused, nothing of it was run"
    return (
        f"holds more than tensors (it asks for {asked_for[1]}): refused, nothing of it was run. If you trust"
        " where it is from, save its state dict again, as tensors only"
    )


def _as_float32(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _shape(value: Tensor) -> str:
    return str(list(value.shape))


def _explain(missing: list[str], misshapen: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"{len(missing)} parameters are missing: {_listed(missing)}")
    if misshapen:
        parts.append(f"{len(misshapen)} have another shape: {_listed(misshapen)}")
    return "checkpoint does not fit the model: " + "; ".join(parts)


def _listed(names: Iterable[str], limit: int = 8) -> str:
    names = list(names)
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")
