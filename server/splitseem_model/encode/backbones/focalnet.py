"""FocalNet backbones of the official checkpoints: model input -> res2 ... res5.

Paper: Focal Modulation Networks (arXiv 2203.11926). Ported from SEEM, branch v1.0 at commit 7b2e76d,
`modeling/vision/backbone/focal_dw.py` (Focal-T) and `focal.py` (Focal-L). FocalNet's licence is MIT (NOTICE).

Deviations:
- inference only: no drop path and no dropout;
- one module for both variants, which differ in three switches: depthwise convolutions in the blocks,
  where the norms sit, and the padding of the stem;
- input sides must be multiples of 32, so the per-stage padding of upstream never happens and is left out;
- maps stay channel-last between the layers, convolutions see them as channels-last views.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from splitseem_model.layers.onednn import linear_gelu

Pyramid = tuple[Tensor, Tensor, Tensor, Tensor]


class FocalModulation(nn.Module):
    """Gathers context at growing scales and multiplies it onto the query; keeps the shape `[B, H, W, C]`."""

    def __init__(self, dim: int, window: int, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.f = nn.Linear(dim, 2 * dim + levels + 1)
        self.h = nn.Conv2d(dim, dim, kernel_size=1)
        self.proj = nn.Linear(dim, dim)
        self.focal_layers = nn.ModuleList(
            nn.Sequential(_depthwise(dim, window + 2 * level, bias=False), nn.GELU())
            for level in range(levels)
        )

    def forward(self, x: Tensor) -> Tensor:
        dim = x.shape[-1]
        query, context, gates = self.f(x).permute(0, 3, 1, 2).split((dim, dim, self.levels + 1), dim=1)
        gathered = x.new_zeros(())
        for level, layer in enumerate(self.focal_layers):
            context = layer(context)
            gathered = gathered + context * gates[:, level : level + 1]
        pooled = nn.functional.gelu(context.mean(dim=(2, 3), keepdim=True))
        gathered = (gathered + pooled * gates[:, self.levels :]) / (self.levels + 1)
        modulated = query * self.h(gathered)  # [B, C, H, W]
        out: Tensor = self.proj(modulated.permute(0, 2, 3, 1))  # [B, H, W, C]
        return out


class Mlp(nn.Module):
    """Two linear layers with GELU between, on the last axis."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(linear_gelu(self.fc1, x))
        return out


class FocalBlock(nn.Module):
    """One residual block, `[B, H, W, C]` -> `[B, H, W, C]`.

    `norm_on_branch` False (Focal-T): x = LN(x + gamma * branch(x));
    True (Focal-L): x = x + gamma * LN(branch(x)).
    """

    def __init__(
        self, dim: int, window: int, levels: int, *, mlp_ratio: int, depthwise: bool, norm_on_branch: bool
    ) -> None:
        super().__init__()
        self.norm_on_branch = norm_on_branch
        self.dw1 = _depthwise(dim, 3, bias=True) if depthwise else None
        self.modulation = FocalModulation(dim, window, levels)
        self.norm1 = nn.LayerNorm(dim)
        self.gamma_1 = nn.Parameter(torch.ones(dim))
        self.dw2 = _depthwise(dim, 3, bias=True) if depthwise else None
        self.mlp = Mlp(dim, mlp_ratio * dim)
        self.norm2 = nn.LayerNorm(dim)
        self.gamma_2 = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        x = _add_depthwise(x, self.dw1)
        x = self._residual(x, self.modulation(x), self.gamma_1, self.norm1)
        x = _add_depthwise(x, self.dw2)
        return self._residual(x, self.mlp(x), self.gamma_2, self.norm2)

    def _residual(self, x: Tensor, branch: Tensor, gamma: Tensor, norm: nn.LayerNorm) -> Tensor:
        out: Tensor = x + gamma * norm(branch) if self.norm_on_branch else norm(x + gamma * branch)
        return out


class PatchEmbed(nn.Module):
    """Strided convolution and LayerNorm: `[B, C, H, W]` -> `[B, H / stride, W / stride, D]`."""

    def __init__(self, in_dim: int, out_dim: int, *, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(in_dim, out_dim, kernel, stride=stride, padding=padding)
        self.norm = nn.LayerNorm(out_dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return out


class FocalStage(nn.Module):
    """The blocks of one stride; `downsample` leads to the next stage and is None in the last."""

    def __init__(self, blocks: Sequence[FocalBlock], downsample: PatchEmbed | None) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.downsample = downsample


class FocalNet(nn.Module):
    """FocalNet; the defaults are Focal-T as in the official configuration.

    Args:
        embed_dim: channels of res2; each following map has twice as many.
        depths, focal_windows, focal_levels: per stage the number of blocks, the smallest context kernel
            and the number of context kernels.
        mlp_ratio: hidden width of the MLPs over their width.
        stem_padding: padding of the 7x7 stride-4 stem: 3 in Focal-T, 2 in Focal-L.
        depthwise: whether blocks hold the two depthwise 3x3 convolutions (Focal-T).
        norm_on_branch: where the norms sit, see `FocalBlock`.
    """

    def __init__(
        self,
        *,
        embed_dim: int = 96,
        depths: Sequence[int] = (2, 2, 6, 2),
        focal_windows: Sequence[int] = (3, 3, 3, 3),
        focal_levels: Sequence[int] = (3, 3, 3, 3),
        mlp_ratio: int = 4,
        stem_padding: int = 3,
        depthwise: bool = True,
        norm_on_branch: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = tuple(embed_dim * 2**stage for stage in range(4))
        self.patch_embed = PatchEmbed(3, embed_dim, kernel=7, stride=4, padding=stem_padding)
        self.layers = nn.ModuleList()
        for stage, dim in enumerate(self.out_channels):
            blocks = [
                FocalBlock(
                    dim,
                    focal_windows[stage],
                    focal_levels[stage],
                    mlp_ratio=mlp_ratio,
                    depthwise=depthwise,
                    norm_on_branch=norm_on_branch,
                )
                for _ in range(depths[stage])
            ]
            downsample = PatchEmbed(dim, 2 * dim, kernel=3, stride=2, padding=1) if stage < 3 else None
            self.layers.append(FocalStage(blocks, downsample))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for dim in self.out_channels)

    def forward(self, image: Tensor) -> Pyramid:
        """Extract features.

        Args:
            image: float `[B, 3, H, W]`, normalised, H and W multiples of 32.
        Returns:
            res2, res3, res4, res5: `[B, C_k, H / s, W / s]`, s = 4, 8, 16, 32, C_k as in `out_channels`.
        """
        maps: list[Tensor] = []
        x = self.patch_embed(image)  # [B, H / 4, W / 4, C]
        for stage, norm in zip(self.layers, self.norms, strict=True):
            assert isinstance(stage, FocalStage)
            x = stage.blocks(x)
            maps.append(norm(x).permute(0, 3, 1, 2))
            if stage.downsample is not None:
                x = stage.downsample(x.permute(0, 3, 1, 2))
        res2, res3, res4, res5 = maps
        return res2, res3, res4, res5


def _depthwise(dim: int, kernel: int, *, bias: bool) -> nn.Conv2d:
    return nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim, bias=bias)


def _add_depthwise(x: Tensor, conv: nn.Conv2d | None) -> Tensor:
    """x plus its depthwise convolution, x `[B, H, W, C]`; x itself without one."""
    return x if conv is None else x + conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
