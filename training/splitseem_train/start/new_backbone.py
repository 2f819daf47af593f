"""`python -m splitseem_train.start.new_backbone`: trained weights with another backbone.

Everything behind the backbone is kept. The layers that read it are fitted, by least squares on photos that
are not held out, to what they gave before: the decoder then sees something like what it has learnt to read,
where fresh ones would show it noise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from splitseem_eval.data import is_validation, read_index
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import EfficientNetLiteConfig, ModelConfig, preset
from splitseem_model.encode.slim_pyramid import SlimPyramid
from splitseem_model.errors import ModelError
from splitseem_model.network import SegmentationModel
from splitseem_train.errors import TrainingError
from splitseem_train.release import inputs_of

CELLS_A_PHOTO = 256
"""Cells of each map that are used, drawn at random; small maps have fewer."""
RIDGE = 1e-3
"""Share of the mean variance of a channel that is added to all, so that the fit exists."""


def with_backbone(
    model: SegmentationModel, config: ModelConfig, weights: dict[str, Tensor], inputs: Iterable[Tensor]
) -> tuple[SegmentationModel, list[float]]:
    """The model on another backbone, and the share of each lateral map's variance that the fit explains.

    Args:
        model: with a `SlimPyramid`; config: of the result, equal to the model's but for the backbone and what
            has no weights; weights: state of the new backbone; inputs: photos `[1, 3, H, W]`.
    Raises:
        TrainingError: a model with another pixel decoder, or weights of another backbone.
    """
    old = model.pixel_decoder
    if not isinstance(old, SlimPyramid):
        raise TrainingError(f"{model.config.name} has another pixel decoder than a slim pyramid")
    changed = SegmentationModel(config).eval()
    try:
        changed.backbone.load_state_dict({**_detail(model, changed), **weights})
    except RuntimeError as error:
        raise TrainingError(f"the weights do not fit the new backbone: {error}") from error
    kept = {
        name: value
        for name, value in model.state_dict().items()
        if not name.startswith(("backbone.", "pixel_decoder.lateral."))
    }
    changed.load_state_dict(kept, strict=False)
    new = changed.pixel_decoder
    assert isinstance(new, SlimPyramid)
    explained = [
        _fit(lateral, given, wanted)
        for lateral, (given, wanted) in zip(new.lateral, _cells(model, old, changed, inputs), strict=True)
    ]
    return changed, explained


def _detail(model: SegmentationModel, changed: SegmentationModel) -> dict[str, Tensor]:
    """The beginning of a residual backbone as the detail branch of another; empty where it has none."""
    if not any(name.startswith("detail.") for name in changed.backbone.state_dict()):
        return {}
    places = {"stem.": "detail.stem.", "stages.0.": "detail.blocks."}
    return {
        there + name.removeprefix(here): value
        for name, value in model.backbone.state_dict().items()
        for here, there in places.items()
        if name.startswith(here)
    }


@torch.inference_mode()
def _cells(
    model: SegmentationModel, pyramid: SlimPyramid, changed: SegmentationModel, inputs: Iterable[Tensor]
) -> Sequence[tuple[Tensor, Tensor]]:
    """Of every stride, cells of the new backbone's map `[N, C]` and of the old lateral map `[N, D]`."""
    found: list[list[tuple[Tensor, Tensor]]] = [[] for _ in pyramid.lateral]
    draw = torch.Generator().manual_seed(0)
    for pixels in inputs:
        maps = zip(changed.backbone(pixels), model.backbone(pixels), pyramid.lateral, found, strict=True)
        for given, before, lateral, pairs in maps:
            wanted = lateral(before)[0].flatten(1).T
            chosen = torch.randperm(len(wanted), generator=draw)[:CELLS_A_PHOTO]
            pairs.append((given[0].flatten(1).T[chosen], wanted[chosen]))
    return [tuple(map(torch.cat, zip(*pairs, strict=True))) for pairs in found]  # type: ignore[misc]


@torch.no_grad()
def _fit(lateral: nn.Module, given: Tensor, wanted: Tensor) -> float:
    """Set a 1 x 1 convolution and its batch norm by ridge regression."""
    x, y = (cells.double() for cells in (given, wanted))
    mean_x, mean_y = x.mean(0), y.mean(0)
    gram = (x - mean_x).T @ (x - mean_x) / len(x)
    gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    weight = torch.linalg.solve(gram, (x - mean_x).T @ (y - mean_y) / len(x)).T  # [D, C]
    fitted = (x - mean_x) @ weight.T
    conv, norm = lateral.children()
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    conv.weight.copy_(weight[:, :, None, None])
    norm.running_mean.copy_(weight @ mean_x)
    norm.running_var.copy_(fitted.var(0))
    norm.weight.copy_((fitted.var(0) + norm.eps).sqrt())
    norm.bias.copy_(mean_y)
    return 1 - float(((fitted - (y - mean_y)) ** 2).mean() / y.var(0).mean())


@click.command()
@click.argument("model", default="nano")
@click.option(
    "--backbone",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="From splitseem_train.start.efficientnet_lite.",
)
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    multiple=True,
    help="Indexes of training sets.",
)
@click.option(
    "--detail",
    default=0,
    help="Channels of a branch for detail beside it, the beginning of MODEL's own backbone; 0: none.",
    show_default=True,
)
@click.option("--limit", default=200, help="Photos of each index.", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True)
def main(model: str, backbone: Path, photos: tuple[Path, ...], detail: int, limit: int, out: Path) -> None:
    """Write start weights: MODEL with the backbone of another file."""
    try:
        start = load_model(model)
        records = [
            r for index in photos for r in [r for r in read_index(index) if not is_validation(r)][:limit]
        ]
        weights = {name.removeprefix("backbone."): value for name, value in load_file(backbone).items()}
        config = replace(preset(start.config.name), vocabulary=start.config.vocabulary)
        config = replace(config, backbone=replace(EfficientNetLiteConfig(), detail=detail))
        changed, explained = with_backbone(start, config, weights, inputs_of(start, records))
    except (ModelError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    save_weights(changed, out)
    shares = ", ".join(f"{share:.2f}" for share in explained)
    click.echo(f"{out}: the fits explain {shares} of the lateral maps at strides 4 to 32")


if __name__ == "__main__":
    main()
