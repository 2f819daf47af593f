"""Deformable pixel decoder: res2 ... res5 -> mask_features and multi_scale_features.

The one of the official SAM-ViT checkpoints: a transformer encoder over strides 32, 16 and 8 whose attention
reads a few learned places of each map, then one step of a feature pyramid.

Papers: Deformable DETR (arXiv 2010.04159), Mask2Former (arXiv 2112.01527). Ported from SEEM, branch v1.0 at
commit 7b2e76d, `modeling/vision/encoder/transformer_encoder_deform.py` (Apache-2.0, see NOTICE).

Deviations: the sampling is torch's bilinear look-up, not a CUDA kernel of its own; there is no padding mask,
as upstream never makes one for a single image, so every map is valid as a whole; inference only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.encode.pixel_decoder import MultiScale, NormedConv
from splitseem_model.layers.position import sine_position
from splitseem_model.official import DeformableConfig

NUM_LEVELS = 3


class Tokens(NamedTuple):
    """The cells of three maps one after the other, coarse to fine.

    Attributes:
        position: `[1, N, D]`, sine code of the cell in its map plus the code of the level.
        places: `[N, 2]`, (x, y) of the cell's centre in 0..1 of the map.
        sizes_hw: of each map.
    """

    position: Tensor
    places: Tensor
    sizes_hw: tuple[tuple[int, int], ...]


class DeformableAttention(nn.Module):
    """Every cell reads `points` learned places around its own in each of the three maps."""

    def __init__(self, dim: int, heads: int, points: int) -> None:
        super().__init__()
        self.heads = heads
        self.points = points
        self.sampling_offsets = nn.Linear(dim, heads * NUM_LEVELS * points * 2)
        self.attention_weights = nn.Linear(dim, heads * NUM_LEVELS * points)
        self.value_proj = nn.Linear(dim, dim)
        self.output_proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, tokens: Tokens) -> Tensor:
        """x `[B, N, D]` -> `[B, N, D]`."""
        placed = x + tokens.position
        offsets = self.sampling_offsets(placed).unflatten(-1, (self.heads, NUM_LEVELS, self.points, 2))
        weights = self.attention_weights(placed).unflatten(-1, (self.heads, -1)).softmax(dim=-1)
        weights = weights.unflatten(-1, (NUM_LEVELS, self.points))  # [B, N, heads, levels, points]
        values = self.value_proj(x).split([h * w for h, w in tokens.sizes_hw], dim=1)
        read = x.new_zeros(())
        for level, (h, w) in enumerate(tokens.sizes_hw):
            where = tokens.places[:, None, None] + offsets[:, :, :, level] / offsets.new_tensor([w, h])
            value = values[level].view(x.shape[0], h, w, -1)
            read = read + self._read(value, where, weights[:, :, :, level])
        out: Tensor = self.output_proj(read)
        return out

    def _read(self, value: Tensor, where: Tensor, weights: Tensor) -> Tensor:
        """Weighted look-ups in one map: value `[B, h, w, D]`, where (0..1) `[B, N, heads, points, 2]`,
        weights `[B, N, heads, points]` -> `[B, N, D]`; outside the map there are zeros."""
        batch, h, w, dim = value.shape
        maps = value.permute(0, 3, 1, 2).reshape(batch * self.heads, -1, h, w)
        grid = (where * 2 - 1).transpose(1, 2).flatten(0, 1)  # [B * heads, N, points, 2]
        samples = functional.grid_sample(maps, grid, align_corners=False)  # [B * heads, d, N, points]
        read = (samples * weights.transpose(1, 2).flatten(0, 1).unsqueeze(1)).sum(-1)  # [B * heads, d, N]
        return read.reshape(batch, dim, -1).transpose(1, 2)


class DeformableLayer(nn.Module):
    """Post-norm transformer layer with deformable attention."""

    def __init__(self, config: DeformableConfig) -> None:
        super().__init__()
        dim = config.conv_dim
        self.self_attn = DeformableAttention(dim, config.heads, config.points)
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, config.ffn_dim)
        self.linear2 = nn.Linear(config.ffn_dim, dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, tokens: Tokens) -> Tensor:
        """x `[B, N, D]` -> `[B, N, D]`."""
        x = self.norm1(x + self.self_attn(x, tokens))
        out: Tensor = self.norm2(x + self.linear2(functional.relu(self.linear1(x))))
        return out


class DeformablePixelDecoder(nn.Module):
    """Transformer over strides 32 to 8, then one pyramid step to stride 4.

    Args:
        in_channels: channels of res2, res3, res4, res5.
        mask_dim: channels of the mask features.
    """

    def __init__(self, config: DeformableConfig, in_channels: Sequence[int], mask_dim: int) -> None:
        super().__init__()
        dim = config.conv_dim
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, dim, kernel_size=1), nn.GroupNorm(32, dim))
            for channels in reversed(in_channels[1:])
        )
        self.level_embed = nn.Parameter(torch.randn(NUM_LEVELS, dim))
        self.encoder_layers = nn.ModuleList(DeformableLayer(config) for _ in range(config.encoder_layers))
        self.adapter_1 = NormedConv(in_channels[0], dim, 1, relu=False)
        self.layer_1 = NormedConv(dim, dim, 3, relu=True)
        self.mask_features = nn.Conv2d(dim, mask_dim, kernel_size=1)

    def forward(self, res2: Tensor, res3: Tensor, res4: Tensor, res5: Tensor) -> tuple[Tensor, MultiScale]:
        """Fuse the backbone maps.

        Args:
            res2, res3, res4, res5: `[B, C_k, H / s, W / s]` at strides s = 4, 8, 16, 32.
        Returns:
            mask_features `[B, mask_dim, H / 4, W / 4]` and the multi-scale features, coarse to fine:
            `[B, conv_dim, H / s, W / s]` at strides 32, 16, 8.
        """
        finest, levels = self.fuse(res2, res3, res4, res5)
        return self.mask_features(finest), levels

    def fuse(self, res2: Tensor, res3: Tensor, res4: Tensor, res5: Tensor) -> tuple[Tensor, MultiScale]:
        """All but the last convolution: its input `[B, conv_dim, H / 4, W / 4]`, and the multi-scale
        features."""
        levels = self._attend([proj(x) for proj, x in zip(self.input_proj, (res5, res4, res3), strict=True)])
        lateral = self.adapter_1(res2)
        enlarged = functional.interpolate(levels[2], lateral.shape[2:], mode="bilinear", align_corners=False)
        return self.layer_1(lateral + enlarged), levels

    def _attend(self, maps: list[Tensor]) -> MultiScale:
        tokens = self._tokens(maps)
        x = torch.cat([level.flatten(2).transpose(1, 2) for level in maps], dim=1)  # [B, N, D]
        for layer in self.encoder_layers:
            x = layer(x, tokens)
        parts = torch.split(x.transpose(1, 2), [h * w for h, w in tokens.sizes_hw], dim=2)
        level0, level1, level2 = (
            part.reshape(before.shape) for part, before in zip(parts, maps, strict=True)
        )
        return level0, level1, level2

    def _tokens(self, maps: list[Tensor]) -> Tokens:
        positions, places, sizes = [], [], []
        for level, x in enumerate(maps):
            h, w = x.shape[2:]
            code = sine_position(h, w, x.shape[1], x.device, x.dtype).flatten(2).transpose(1, 2)
            positions.append(code + self.level_embed[level])
            rows = (torch.arange(h, device=x.device, dtype=x.dtype) + 0.5) / h
            columns = (torch.arange(w, device=x.device, dtype=x.dtype) + 0.5) / w
            places.append(torch.cartesian_prod(rows, columns).flip(1))
            sizes.append((h, w))
        return Tokens(torch.cat(positions, dim=1), torch.cat(places), tuple(sizes))
