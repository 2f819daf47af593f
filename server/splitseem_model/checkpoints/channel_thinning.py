"""Fewer channels between encoder and decoder, by exact linear algebra on a trained model.

The last operator of the encoder and the first of the decoder are both linear, in the mask features and in
every level. What lies between them is a basis that no loss asked for: written in the principal axes of many
photos, most of what it holds is in few of its channels, and the others need not be sent. The axes are folded
into the weights on both sides, so nothing is computed that was not before, and a click, whose masks are
products with the mask features, costs less.

Mask features have no place for a constant on the decoder's side, so their axes go through the origin; levels
are widened by a linear layer with a bias, so theirs go through the mean.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from splitseem_model.config import ModelConfig, SlimPyramidConfig
from splitseem_model.encode.slim_pyramid import SlimPyramid
from splitseem_model.layers.levels import NUM_LEVELS
from splitseem_model.network import SegmentationModel


@dataclass(frozen=True)
class Moments:
    """Of the channels of one map, float64: mean `[C]` and second moments about zero `[C, C]`."""

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        """Second moments about the mean."""
        return self.second - torch.outer(self.mean, self.mean)


@torch.inference_mode()
def channel_moments(model: SegmentationModel, inputs: Iterable[Tensor]) -> dict[str, Moments]:
    """Moments of the mask features and of the levels, by tensor name.

    Args:
        inputs: photos as `preprocess` gives them, `[1, 3, H, W]`, at least one.
    """
    sums: dict[str, Tensor] = {}
    squares: dict[str, Tensor] = {}
    cells: dict[str, int] = {}
    for pixels in inputs:
        mask_features, levels = model.encode(pixels)
        named = {"mask_features": mask_features, **{f"level{i}": level for i, level in enumerate(levels)}}
        for name, values in named.items():
            flat = values[0].flatten(1).double()  # [C, N]
            sums[name] = sums.get(name, 0) + flat.sum(1)
            squares[name] = squares.get(name, 0) + flat @ flat.T
            cells[name] = cells.get(name, 0) + flat.shape[1]
    return {name: Moments(sums[name] / cells[name], squares[name] / cells[name]) for name in sums}


def thin_channels(
    model: SegmentationModel,
    moments: Mapping[str, Moments],
    mask_dim: int,
    level_dims: tuple[int, ...],
) -> SegmentationModel:
    """The same model with fewer channels between its halves; answers change by what the left-out ones held.

    Args:
        model: with a `SlimPyramid`; it may have been thinned before.
        moments: of the maps that it makes now.
        mask_dim: channels of the mask features; level_dims: of the three levels, coarse to fine.
    Raises:
        ValueError: another pixel decoder, or more channels than there are.
    """
    _check(model.config, mask_dim, level_dims)
    thin = SegmentationModel(_thin_config(model.config, mask_dim, level_dims))
    state = dict(model.state_dict())
    _thin_masks(model, state, _axes(moments["mask_features"].second, mask_dim))
    for index, dim in enumerate(level_dims):
        found = moments[f"level{index}"]
        _thin_level(model, state, index, _axes(found.covariance, dim), found.mean.float())
    thin.load_state_dict(state)
    return thin.eval()


def _check(config: ModelConfig, mask_dim: int, level_dims: tuple[int, ...]) -> None:
    if not isinstance(config.pixel_decoder, SlimPyramidConfig):
        raise ValueError(f"the channels of {config.name} cannot be thinned: another pixel decoder made them")
    asked, there = (mask_dim, *level_dims), (config.decoder.mask_dim, *config.decoder.level_channels)
    if len(level_dims) != NUM_LEVELS or not all(1 <= a <= b for a, b in zip(asked, there, strict=True)):
        raise ValueError(f"channels {list(asked)} of mask features and levels, there are {list(there)}")


def _thin_config(config: ModelConfig, mask_dim: int, level_dims: tuple[int, ...]) -> ModelConfig:
    assert isinstance(config.pixel_decoder, SlimPyramidConfig)
    width = config.pixel_decoder.mask_width or config.decoder.mask_dim
    return replace(
        config,
        pixel_decoder=replace(config.pixel_decoder, mask_width=width),
        decoder=replace(config.decoder, mask_dim=mask_dim, level_dims=level_dims),
    )


def _axes(second_moments: Tensor, count: int) -> Tensor:
    """The strongest principal axes, orthonormal, the largest entry of each positive: `[count, C]`."""
    axes = torch.linalg.eigh(second_moments).eigenvectors.T.flip(0)[:count]
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    signed: Tensor = axes * largest.sign()
    return signed.float()


def _thin_masks(model: SegmentationModel, state: dict[str, Tensor], axes: Tensor) -> None:
    """Mask features m become A m; whatever multiplies them is multiplied by A^T from the right."""
    conv = "pixel_decoder.mask_features"
    state[f"{conv}.weight"] = torch.einsum("rc,cskl->rskl", axes, state[f"{conv}.weight"])
    state[f"{conv}.bias"] = axes @ state[f"{conv}.bias"]
    last = _last_linear(model.decoder.mask_embed)
    for part in ("weight", "bias"):
        state[f"decoder.mask_embed.{last}.{part}"] = axes @ state[f"decoder.mask_embed.{last}.{part}"]
    if model.refiner is not None:
        state["refiner.look.weight"] = _through(axes.T, state["refiner.look.weight"])


def _thin_level(
    model: SegmentationModel, state: dict[str, Tensor], index: int, axes: Tensor, mean: Tensor
) -> None:
    """A level l becomes z = A (l - mean); its readers see A^T z + mean."""
    assert isinstance(model.pixel_decoder, SlimPyramid)
    project = f"pixel_decoder.levels.{index}"
    state[f"{project}.weight"] = torch.einsum("rc,cskl->rskl", axes, state[f"{project}.weight"])
    state[f"{project}.bias"] = axes @ (state[f"{project}.bias"] - mean)

    widen = f"decoder.level_widen.{index}"
    before = state.get(f"{widen}.weight", torch.eye(axes.shape[1]))  # a model may be thinned twice
    state[f"{widen}.bias"] = before @ mean + state.get(f"{widen}.bias", 0)
    state[f"{widen}.weight"] = before @ axes.T
    if model.refiner is not None and index > 0:
        look = ("coarse_look", "middle_look")[index - 1]
        weight = state[f"refiner.{look}.weight"]
        state[f"refiner.{look}.bias"] = state[f"refiner.{look}.bias"] + weight.flatten(1) @ mean
        state[f"refiner.{look}.weight"] = _through(axes.T, weight)


def _through(columns: Tensor, kernel: Tensor) -> Tensor:
    """A 1 x 1 kernel `[O, C, 1, 1]` after `columns` `[C, R]`: `[O, R, 1, 1]`."""
    return (kernel.flatten(1) @ columns)[:, :, None, None]


def _last_linear(mlp: nn.Module) -> str:
    names: list[str] = [name for name, module in mlp.named_modules() if isinstance(module, nn.Linear)]
    return names[-1]
