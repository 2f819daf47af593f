"""Where masks come from: the mask features, or the map that they are one convolution of.

Upstream the mask features M are the result of a last convolution W over a map Y, and the mask of a query with
mask embedding e is e . M. Both are linear, so

- the mask of a query is Y under the query's own one-channel kernel, e W: `MaskSource.logits`;
- M sampled at a point is W applied to Y sampled around the point: `MaskSource.at_points`;
- M averaged to a level is W applied to Y averaged likewise, at the stride of the level: `level_averages`.

M itself, at stride 4 and as wide as the model, need never be computed. All of it is exact up to rounding.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.layers.arrays import Floats, PointSampling
from splitseem_model.layers.levels import LEVEL_FACTORS


@dataclass(frozen=True)
class MaskConv:
    """The convolution that leads to mask features: weight `[C, S, k, k]`, k 1 or 3, bias `[C]`."""

    weight: Tensor
    bias: Tensor

    @property
    def margin(self) -> int:
        """Cells that it reaches beyond its own."""
        return int(self.weight.shape[2]) // 2

    def cpu(self) -> "MaskConv":
        """The same on the CPU."""
        return MaskConv(self.weight.cpu(), self.bias.cpu())


def mask_conv(pixel_decoder: nn.Module) -> MaskConv:
    """The last convolution of a pixel decoder."""
    conv = pixel_decoder.mask_features
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    return MaskConv(conv.weight.detach(), conv.bias.detach())


@dataclass(frozen=True)
class MaskSource:
    """The map before the last convolution; a `mask_features.MaskMap`, which computes in torch.

    Attributes:
        source: `[1, S, H/4, W/4]`.
        averages: mask features averaged to the levels, `[1, C, h_l, w_l]`.
    """

    source: Tensor
    averages: tuple[Tensor, ...]
    conv: MaskConv

    @property
    def size_hw(self) -> tuple[int, int]:
        return self.source.shape[2], self.source.shape[3]

    @property
    def level_averages(self) -> tuple[Floats, ...]:
        return tuple(level.flatten(2).numpy() for level in self.averages)

    def at_points(self, coords: Floats, padded_hw: tuple[int, int], rule: PointSampling) -> Floats:
        side = self.conv.weight.shape[2]
        index = _map_index(torch.from_numpy(coords), self.size_hw, padded_hw, rule)  # [1, P, 2]
        steps = torch.arange(side, dtype=index.dtype, device=index.device)
        # Beyond the map there are zeros for the convolution, so they are laid around it.
        around = functional.pad(self.source, [self.conv.margin] * 4)
        offsets = torch.cartesian_prod(steps, steps).flip(-1).view(-1, 1, 2)  # [k * k, 1, 2], row by row
        size = index.new_tensor([around.shape[3] - 1, around.shape[2] - 1])
        grid = (index + offsets) / size.clamp(min=1) * 2 - 1  # [k * k, P, 2]
        patches = functional.grid_sample(around, grid[None], align_corners=True)  # [1, S, k * k, P]
        sampled = torch.einsum("bskp,csk->bpc", patches, self.conv.weight.flatten(2)) + self.conv.bias
        return _array(sampled)

    def logits(self, mask_embed: Floats) -> Floats:
        embed = torch.from_numpy(mask_embed[0])
        kernels = torch.einsum("nc,csyx->nsyx", embed, self.conv.weight)
        return _array(
            functional.conv2d(self.source, kernels, embed @ self.conv.bias, padding=self.conv.margin)
        )

    def full(self) -> Floats:
        return _array(
            functional.conv2d(self.source, self.conv.weight, self.conv.bias, padding=self.conv.margin)
        )


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.numpy()
    return array


def level_averages(source: Tensor, conv: MaskConv) -> tuple[Tensor, ...]:
    """Mask features averaged to the levels (the central 2 x 2 cells of each block), without the features.

    The mean of four neighbours of a convolution is the convolution of the mean of four neighbours, which is
    needed only once for each cell of a level.

    Args:
        source: `[B, S, H/4, W/4]`.
    Returns:
        `[B, C, h_l, w_l]` at strides 32, 16, 8.
    """
    means = functional.avg_pool2d(source, kernel_size=2, stride=1, padding=conv.margin)
    levels = []
    for factor in LEVEL_FACTORS:
        first = factor // 2 - 1
        levels.append(functional.conv2d(means[:, :, first:, first:], conv.weight, conv.bias, stride=factor))
    return tuple(levels)


def _map_index(
    coords: Tensor, size_hw: tuple[int, int], padded_hw: tuple[int, int], rule: PointSampling
) -> Tensor:
    """Fractional cell index (column, row) of padded coordinates, clamped to the map."""
    cells = coords.new_tensor([size_hw[1], size_hw[0]])
    pixels = coords.new_tensor([padded_hw[1], padded_hw[0]])
    if rule == "corner":
        index = (coords - 0.5) / pixels * (cells - 1)
    else:
        index = coords / pixels * cells - 0.5
    return torch.minimum(index.clamp(min=0), cells - 1)
