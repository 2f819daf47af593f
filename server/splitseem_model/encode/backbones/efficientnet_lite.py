"""EfficientNet-Lite: model input -> res2 ... res5, inverted bottlenecks of depthwise convolutions.

Source: EfficientNet (arXiv 1905.11946) and MobileNetV2 (arXiv 1801.04381); the Lite variants have ReLU6, no
squeeze-and-excitation, and a stem and a last stage that do not grow with the model.
Deviations: batch norm is folded into the convolutions, so there is none, see
`splitseem_train/start/efficientnet_lite.py`. Padding of the strided convolutions is uneven; upstream pads
more at the right and bottom every time, which moves the maps by up to half a cell. Here the sides take turns,
so that a cell lies within a fifth of its width of where it should. The map of stride 2, folded to stride 4,
is given with res2: it holds what is fine. Beside it may stand a branch of plain convolutions, the beginning
of `ResidualBackbone`, which is no part of the published network: what tells classes apart leaves out much of
what edges need.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.config import EfficientNetLiteConfig
from splitseem_model.encode.backbones.residual import ResidualBlock, residual_stem

STAGES = ((1, 3, 1), (6, 3, 2), (6, 5, 2), (6, 3, 2), (6, 5, 1), (6, 5, 2), (6, 3, 1))
"""Of each stage: how much wider a block is inside, the side of its kernels, and the stride of its first."""
ENDS = (0, 1, 2, 4, 6)
"""The last stages at strides 2, 4, 8, 16 and 32."""


class UnevenConv(nn.Conv2d):
    """A convolution of padding `kernel - stride` in all, whose odd pixel is at the left and top, or at the
    right and bottom."""

    def __init__(
        self, in_dim: int, out_dim: int, kernel: int, stride: int = 1, groups: int = 1, *, first: bool = False
    ) -> None:
        super().__init__(in_dim, out_dim, kernel, stride, groups=groups)
        total = kernel - stride
        more, less = total - total // 2, total // 2
        before, after = (more, less) if first else (less, more)
        self._sides = (before, after, before, after)
        if before == after:
            self.padding = (before, before)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in_dim, H, W] -> [B, out_dim, H / stride, W / stride]`; sides are multiples of the stride."""
        return super().forward(x if self.padding[0] else functional.pad(x, self._sides))


class InvertedBottleneck(nn.Module):
    """Widen, convolve every channel by itself, project; with a shortcut where sizes allow."""

    def __init__(
        self, in_dim: int, out_dim: int, wider: int, kernel: int, stride: int, *, first: bool
    ) -> None:
        super().__init__()
        inner = in_dim * wider
        self.expand = nn.Conv2d(in_dim, inner, 1) if wider > 1 else nn.Identity()
        self.depthwise = UnevenConv(inner, inner, kernel, stride, groups=inner, first=first)
        self.project = nn.Conv2d(inner, out_dim, 1)
        self._widens = wider > 1
        self._shortcut = stride == 1 and in_dim == out_dim

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in_dim, H, W] -> [B, out_dim, H / stride, W / stride]`."""
        inner = functional.relu6(self.expand(x)) if self._widens else x
        output: Tensor = self.project(functional.relu6(self.depthwise(inner)))
        return x + output if self._shortcut else output


class DetailBranch(nn.Module):
    """A stem of stride 4 and two residual blocks: as `ResidualBackbone` begins."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = residual_stem(width)
        self.blocks = nn.Sequential(ResidualBlock(width, width, 1), ResidualBlock(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """`[B, 3, H, W] -> [B, width, H/4, W/4]`."""
        output: Tensor = self.blocks(self.stem(x))
        return output


class EfficientNetLite(nn.Module):
    """A stem of stride 2 and seven stages."""

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.stem = UnevenConv(3, config.stem_width, 3, stride=2)
        self.stages = nn.ModuleList()
        in_dim, first = config.stem_width, True
        for (wider, kernel, stride), width, depth in zip(STAGES, config.widths, config.depths, strict=True):
            blocks = [InvertedBottleneck(in_dim, width, wider, kernel, stride, first=first)]
            blocks += [
                InvertedBottleneck(width, width, wider, kernel, 1, first=first) for _ in range(depth - 1)
            ]
            self.stages.append(nn.Sequential(*blocks))
            in_dim, first = width, first != (stride == 2)
        self.detail = DetailBranch(config.detail) if config.detail else None
        fine, *coarse = (config.widths[end] for end in ENDS)
        self.out_channels = (coarse[0] + 4 * fine + config.detail, *coarse[1:])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`[B, 3, H, W]`, sides multiples of 32 -> res2 ... res5 `[B, out_channels[k], H / s, W / s]`."""
        detail = None if self.detail is None else self.detail(x)
        x = functional.relu6(self.stem(x))
        maps = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in ENDS:
                maps.append(x)
        fine, res2, res3, res4, res5 = maps
        return _joined(res2, fine, detail), res3, res4, res5


def _joined(coarse: Tensor, fine: Tensor, detail: Tensor | None) -> Tensor:
    """A map, one of half its stride, 2 x 2 cells of which become channels of one, and one of its own."""
    given = [coarse, functional.pixel_unshuffle(fine, 2)]
    return torch.cat(given if detail is None else [*given, detail], dim=1)
