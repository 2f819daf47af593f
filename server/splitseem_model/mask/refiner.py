"""The mask refiner: a small convolutional network that redraws the selected mask where the clicks say so.

A query's mask is one vector times the mask features: it knows objects but cannot follow a click that
contradicts it. The refiner sees, at every cell, the image's features, the mask so far, the mask of the round
before, how near the clicks are and how much the cell looks like them, and changes the mask logits.

Source: ours. RITM (arXiv 2102.06583) feeds click maps and the previous mask to a whole network; here only
this last part, light enough for the browser, sees them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE, RefinerConfig
from splitseem_model.decode import calls

LOGIT_UNIT = 5.0
"""Mask logits are divided by this and clamped to -2 .. 2 on their way in."""
FAR = 1e8
"""Squared distance, in pixels, to a click that is not there."""


class RefinerFeatures(NamedTuple):
    """What the refiner needs of an image.

    Attributes:
        entered: `[B, widths[0], H/4, W/4]`, the first convolution of what of its input is the image's.
        unit_look: `[B, look_dim, H/4, W/4]`, the mask features, projected, with a length of 1 at every cell.
        middle, coarse: `[B, widths[1], H/8, W/8]` and `[B, widths[2], H/16, W/16]`.
    """

    entered: Tensor
    unit_look: Tensor
    middle: Tensor
    coarse: Tensor


RefinerInputs = calls.RefinerInputs[Tensor]


class MaskRefiner(nn.Module):
    """Three scales down and up again, with a residual change of the mask logits at the end.

    Args:
        level_channels: of the levels, coarse to fine; mask_dim: channels C of the mask features.
    """

    def __init__(self, config: RefinerConfig, level_channels: Sequence[int], mask_dim: int) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        self.look = nn.Conv2d(mask_dim, config.look_dim, 1)
        self.middle_look = nn.Conv2d(level_channels[2], middle, 1)
        self.coarse_look = nn.Conv2d(level_channels[1], coarse, 1)
        self.enter = _conv(config.look_dim + NUM_STATE_MAPS + 2 * len(config.near_pixels), fine)
        self.down = nn.ModuleList((_conv(fine, middle, stride=2), _conv(middle, coarse, stride=2)))
        self.at_middle = _conv(middle, middle)
        self.at_coarse = nn.Sequential(_conv(coarse, coarse), nn.ReLU(), _conv(coarse, coarse))
        self.up = nn.ModuleList((nn.Conv2d(coarse, middle, 1), nn.Conv2d(middle, fine, 1)))
        self.after = nn.ModuleList((_conv(middle, middle), _conv(fine, fine)))
        self.change = _conv(fine, 1)
        nn.init.zeros_(self.change.weight)
        assert self.change.bias is not None
        nn.init.zeros_(self.change.bias)

    def prepare(self, mask_features: Tensor, level1: Tensor, level2: Tensor) -> RefinerFeatures:
        """Compute what depends on the image alone.

        Args:
            mask_features: `[B, C, H/4, W/4]`; level1, level2: `[B, D, h, w]` at strides 16 and 8.
        """
        look = self.look(mask_features)
        kernel = self.enter.weight[:, : self.config.look_dim]
        return RefinerFeatures(
            functional.conv2d(look, kernel, self.enter.bias, padding=1),
            functional.normalize(look, dim=1),
            self.middle_look(level2),
            self.coarse_look(level1),
        )

    def forward(
        self,
        features: RefinerFeatures,
        mask_logits: Tensor,
        previous_mask: Tensor,
        point_coords: Tensor,
        point_labels: Tensor,
        point_mask_features: Tensor,
    ) -> Tensor:
        """The refined mask logits `[B, 1, H/4, W/4]`; the arguments after the first are `RefinerInputs`."""
        maps = [
            _squashed(mask_logits),
            _squashed(previous_mask),
            # Labels as floats: GPUs in browsers compute with no long integers.
            *self._click_maps(
                features.unit_look, point_coords, point_labels.to(point_coords.dtype), point_mask_features
            ),
        ]
        kernel = self.enter.weight[:, self.config.look_dim :]
        fine = (features.entered + functional.conv2d(torch.cat(maps, dim=1), kernel, padding=1)).relu()
        middle = (self.down[0](fine) + features.middle).relu()
        middle = self.at_middle(middle).relu()
        coarse = (self.down[1](middle) + features.coarse).relu()
        coarse = coarse + self.at_coarse(coarse).relu()
        middle = (middle + _double(self.up[0](coarse))).relu()
        middle = self.after[0](middle).relu()
        fine = (fine + _double(self.up[1](middle))).relu()
        fine = self.after[1](fine).relu()
        refined: Tensor = mask_logits + self.change(fine)
        return refined

    def _click_maps(
        self, unit_look: Tensor, coords: Tensor, labels: Tensor, point_mask_features: Tensor
    ) -> list[Tensor]:
        """Nearness to and likeness with the clicks of either label, and the inside of a box, `[B, n, h, w]`
        each."""
        batch, _, height, width = unit_look.shape
        column = (torch.arange(width, device=unit_look.device, dtype=coords.dtype) + 0.5) * MASK_STRIDE
        row = (torch.arange(height, device=unit_look.device, dtype=coords.dtype) + 0.5) * MASK_STRIDE
        x, y = coords[:, :, 0, None], coords[:, :, 1, None]  # [B, P, 1]
        squared = ((row - y) ** 2)[:, :, :, None] + ((column - x) ** 2)[:, :, None, :]  # [B, P, h, w]
        kernel = self.look.weight.flatten(1)  # [F, C]
        at_points = functional.normalize(
            functional.linear(point_mask_features, kernel, self.look.bias), dim=-1
        )
        likeness = (at_points @ unit_look.flatten(2)).reshape(squared.shape)
        maps = []
        for label in (1, 0):
            there = (labels == label)[:, :, None, None]
            nearest = torch.where(there, squared, FAR).amin(1, keepdim=True)
            maps += [torch.exp(nearest / (-2 * near**2)) for near in self.config.near_pixels]
            maps.append(torch.where(there, likeness, -1.0).amax(1, keepdim=True))
        maps.append(_inside_box(row, column, x, y, labels[:, :, None]).reshape(batch, 1, height, width))
        return maps


NUM_STATE_MAPS = 5
"""Mask, previous mask, two maps of likeness and the box."""


def _inside_box(row: Tensor, column: Tensor, x: Tensor, y: Tensor, labels: Tensor) -> Tensor:
    """1 inside the box, 0 outside or where there is none, `[B, h, w]`; several boxes count as the smallest
    box around them."""
    low, high = labels == 2, labels == 3
    left, top = (torch.where(low, v, FAR).amin(1) for v in (x, y))  # [B, 1]
    right, bottom = (torch.where(high, v, -FAR).amax(1) for v in (x, y))
    across = ((column > left) & (column < right)).to(x.dtype)  # [B, w]
    down = ((row > top) & (row < bottom)).to(x.dtype)
    return down[:, :, None] * across[:, None, :]


def _squashed(logits: Tensor) -> Tensor:
    return (logits / LOGIT_UNIT).clamp(-2, 2)


def _conv(in_dim: int, out_dim: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_dim, out_dim, 3, stride=stride, padding=1)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
