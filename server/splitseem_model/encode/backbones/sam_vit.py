"""SAM's ViT backbones of the official checkpoints: model input -> res2 ... res5.

Papers: Segment Anything (arXiv 2304.02643), with the plain backbone of ViTDet (arXiv 2203.16527). Ported from
SEEM, branch v1.0 at commit 7b2e76d, `modeling/vision/backbone/vit.py` (Apache-2.0, see NOTICE): SAM's image
encoder, whose neck is replaced by a pyramid of four strides.

Deviations:
- attention goes head by head, so that the position bias of one head is in memory at a time (67 MB at 64 x 64
  cells, not 805 MB for twelve heads);
- relative positions are used at the size they were trained at, so their resizing is left out: an input of
  another size is an error.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.encode.backbones.windows import merge_windows, split_windows
from splitseem_model.errors import ImageInputError
from splitseem_model.layers.onednn import linear_gelu
from splitseem_model.official import SamVitConfig

PATCH = 16
"""Input pixels that a token is wide."""
_NORM_EPS = 1e-6

Pyramid = tuple[Tensor, Tensor, Tensor, Tensor]


class RelativeAttention(nn.Module):
    """Self-attention of a `side` x `side` map with decomposed relative positions, `[B, side, side, C]` ->
    the same."""

    def __init__(self, dim: int, heads: int, side: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, dim // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, dim // heads))

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(x.flatten(1, 2)).unflatten(-1, (3, self.heads, -1))  # [B, N, 3, heads, d]
        tables = _by_distance(self.rel_pos_h, x.shape[1]), _by_distance(self.rel_pos_w, x.shape[2])
        mixed = []
        for query, key, value in parts.permute(3, 2, 0, 1, 4):  # each [B, N, d], per head
            bias = _position_bias(query.unflatten(1, x.shape[1:3]), *tables)
            mixed.append(functional.scaled_dot_product_attention(query, key, value, attn_mask=bias))
        out: Tensor = self.proj(torch.cat(mixed, dim=-1)).view(x.shape)
        return out


def _by_distance(table: Tensor, side: int) -> Tensor:
    """`[2 * side - 1, d]` -> `[side, side, d]`: the row of the distance from query place to key place."""
    place = torch.arange(side, device=table.device)
    return table[place[:, None] - place[None, :] + side - 1]


def _position_bias(query: Tensor, by_row: Tensor, by_column: Tensor) -> Tensor:
    """Scores that the places add: query `[B, h, w, d]` -> `[B, h * w, h * w]`."""
    rows = torch.einsum("bhwd,hkd->bhwk", query, by_row)
    columns = torch.einsum("bhwd,wkd->bhwk", query, by_column)
    bias = rows.unsqueeze(-1) + columns.unsqueeze(-2)  # [B, h, w, h, w]
    return bias.flatten(3).flatten(1, 2)


class Mlp(nn.Module):
    """Two linear layers with GELU between, on the last axis."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(dim, hidden)
        self.lin2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.lin2(linear_gelu(self.lin1, x))
        return out


class VitBlock(nn.Module):
    """Pre-norm transformer block on `[B, side, side, C]`; `window` 0 attends to the whole map."""

    def __init__(self, dim: int, heads: int, side: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(dim, eps=_NORM_EPS)
        self.attn = RelativeAttention(dim, heads, window or side)
        self.norm2 = nn.LayerNorm(dim, eps=_NORM_EPS)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        if self.window:
            height, width = x.shape[1:3]
            attended = merge_windows(self.attn(split_windows(normed, self.window)), (height, width))
        else:
            attended = self.attn(normed)
        x = x + attended
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class SimpleFpn(nn.Module):
    """One map at stride 16 -> four maps at strides 4, 8, 16, 32."""

    def __init__(self, dim: int, out_dims: tuple[int, int, int, int]) -> None:
        super().__init__()
        half, quarter, double = dim // 2, dim // 4, dim * 2
        self.down_4 = nn.Sequential(
            nn.ConvTranspose2d(dim, half, 2, stride=2),
            _norm(half),
            nn.GELU(),
            nn.ConvTranspose2d(half, quarter, 2, stride=2),
            _norm(quarter),
            *_projection(quarter, out_dims[0]),
        )
        self.down_8 = nn.Sequential(
            nn.ConvTranspose2d(dim, half, 2, stride=2), _norm(half), *_projection(half, out_dims[1])
        )
        self.down_16 = nn.Sequential(*_projection(dim, out_dims[2]))
        self.down_32 = nn.Sequential(
            nn.Conv2d(dim, double, 2, stride=2), _norm(double), *_projection(double, out_dims[3])
        )

    def forward(self, x: Tensor) -> Pyramid:
        return self.down_4(x), self.down_8(x), self.down_16(x), self.down_32(x)


class PatchEmbed(nn.Module):
    """Patches of the image as tokens, `[B, 3, H, W]` -> `[B, H / 16, W / 16, C]`."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, PATCH, stride=PATCH)

    def forward(self, image: Tensor) -> Tensor:
        out: Tensor = self.proj(image).permute(0, 2, 3, 1)
        return out


class SamVit(nn.Module):
    """SAM's image encoder with a pyramid for a neck, at exactly one input size."""

    def __init__(self, config: SamVitConfig) -> None:
        super().__init__()
        self.side = config.input_side
        self.out_channels = config.out_dims
        cells = config.input_side // PATCH
        self.patch_embed = PatchEmbed(config.dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, cells, cells, config.dim))
        self.blocks = nn.Sequential(
            *(
                VitBlock(config.dim, config.heads, cells, 0 if i in config.global_blocks else config.window)
                for i in range(config.depth)
            )
        )
        self.neck = SimpleFpn(config.dim, config.out_dims)

    def forward(self, image: Tensor) -> Pyramid:
        """Extract features.

        Args:
            image: float `[B, 3, side, side]`, normalised, padded at the right and bottom.
        Returns:
            res2, res3, res4, res5: `[B, C_k, side / s, side / s]`, s = 4, 8, 16, 32, C_k as in
            `out_channels`.
        Raises:
            ImageInputError: an input of another size.
        """
        if image.shape[2:] != (self.side, self.side):
            raise ImageInputError(
                f"this backbone takes {self.side} x {self.side} pixels, got {list(image.shape[2:])}"
            )
        tokens = self.blocks(self.patch_embed(image) + self.pos_embed)
        pyramid: Pyramid = self.neck(tokens.permute(0, 3, 1, 2))
        return pyramid


def _norm(dim: int) -> nn.GroupNorm:
    """Norm over channels and cells together."""
    return nn.GroupNorm(1, dim)


def _projection(in_dim: int, out_dim: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(in_dim, out_dim, 1), _norm(out_dim), nn.GELU()
