"""Our own weight files: safetensors whose header carries the model configuration."""

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from splitseem_model.config import ModelConfig
from splitseem_model.errors import CheckpointError
from splitseem_model.network import SegmentationModel

OWN_SUFFIX = ".safetensors"
_CONFIG_KEY = "splitseem_config"
PRESET_KEY = "splitseem_preset"
"""Header entry of a converted official file: the preset that its tensors are for."""


def save_weights(model: SegmentationModel, path: Path) -> None:
    """Write weights as float16 with the configuration in the header; `load_weights` gives float32 back.

    The file is made beside its place and moved there, so that a run that is cut never leaves half of one.
    """
    tensors = {name: _stored(tensor) for name, tensor in model.state_dict().items()}
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata={_CONFIG_KEY: json.dumps(model.config.to_dict())})
    partial.replace(path)


def _stored(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() else tensor


def load_weights(path: Path) -> SegmentationModel:
    """Rebuild the model that `save_weights` wrote, in evaluation mode, float32, on the CPU.

    Raises:
        CheckpointError: no such file, not safetensors, no configuration, or tensors that do not fit it.
    """
    config = saved_config(path)
    try:
        model = SegmentationModel(config)
        model.load_state_dict(load_file(path))
    except Exception as error:
        raise CheckpointError(f"cannot load {path}: {error}") from error
    return model.eval()


def saved_config(path: Path) -> ModelConfig:
    """The configuration in the header of a file that `save_weights` wrote.

    Raises:
        CheckpointError: no such file, not safetensors, or no configuration.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        return ModelConfig.from_dict(json.loads(metadata[_CONFIG_KEY]))
    except FileNotFoundError as error:
        raise CheckpointError(f"no such weight file: {path}") from error
    except KeyError as error:
        raise CheckpointError(f"{path} carries no splitseem configuration: name its preset") from error
    except Exception as error:
        raise CheckpointError(f"cannot load {path}: {error}") from error


def stated_preset(path: Path) -> str | None:
    """The preset that the header of a safetensors file states; None when it states none or is another file.

    Damage is not judged here: loading the file finds it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            preset_name: str | None = (file.metadata() or {}).get(PRESET_KEY)
    except Exception:
        return None
    return preset_name
