"""DaViT backbones of the official configurations: model input -> res2 ... res5.

Paper: DaViT, Dual Attention Vision Transformers (arXiv 2204.03645). Ported from SEEM, branch v1.0 at commit
7b2e76d, `modeling/vision/backbone/davit.py` (MIT, see NOTICE).

Deviations:
- inference only: no drop path and no dropout;
- maps stay `[B, H, W, C]` between the layers instead of `[B, H * W, C]` beside their size.
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.encode.backbones.windows import merge_windows, split_windows
from splitseem_model.layers.onednn import linear_gelu
from splitseem_model.official import DavitConfig

Pyramid = tuple[Tensor, Tensor, Tensor, Tensor]


class Residual(nn.Module):
    """x + fn(norm(x)); without a norm x + fn(x)."""

    def __init__(self, fn: nn.Module, norm_dim: int | None = None) -> None:
        super().__init__()
        self.norm = None if norm_dim is None else nn.LayerNorm(norm_dim)
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.fn(x if self.norm is None else self.norm(x))
        return out


class DepthwiseConv(nn.Module):
    """3 x 3 depthwise convolution of a channel-last map."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dw(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return out


class Mlp(nn.Module):
    """Two linear layers with GELU between, on the last axis."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.ModuleDict({"fc1": nn.Linear(dim, hidden), "fc2": nn.Linear(hidden, dim)})

    def forward(self, x: Tensor) -> Tensor:
        first = self.net["fc1"]
        assert isinstance(first, nn.Linear)
        out: Tensor = self.net["fc2"](linear_gelu(first, x))
        return out


class WindowAttention(nn.Module):
    """Self-attention of the cells of each window, `[B, H, W, C]` -> the same.

    Windows that reach over the right or bottom edge are filled with zeros, which take part as cells of their
    own (there is no mask).
    """

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        windows = split_windows(x, self.window).flatten(1, 2)  # [B * n, N, C]
        query, key, value = self.qkv(windows).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)  # [B * n, heads, N, C / heads]
        out = self.proj(mixed.transpose(1, 2).flatten(2)).unflatten(1, (self.window, self.window))
        return merge_windows(out, (height, width))


class ChannelAttention(nn.Module):
    """Self-attention of the channels of each group over all cells, `[B, H, W, C]` -> the same.

    The scores of two channels are the mean of their products over the cells times the square root of the
    number of cells, as upstream.
    """

    def __init__(self, dim: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        channels = self.qkv(x.flatten(1, 2)).unflatten(-1, (3, self.groups, -1))  # [B, N, 3, groups, c]
        query, key, value = channels.permute(2, 0, 3, 4, 1)  # [B, groups, c, N]
        scale: float = query.shape[-1] ** -0.5
        weights = (query * scale @ key.transpose(-1, -2)).softmax(dim=-1)  # [B, groups, c, c]
        mixed = (weights @ value).permute(0, 3, 1, 2).flatten(2)  # [B, N, C]
        out: Tensor = self.proj(mixed).view(x.shape)
        return out


class PatchEmbed(nn.Module):
    """Strided convolution with a LayerNorm before it or after it: `[B, H, W, C]` -> `[B, h, w, D]`."""

    def __init__(self, conv: nn.Conv2d, *, norm_first: bool) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.proj = conv
        self.norm = nn.LayerNorm(conv.in_channels if norm_first else conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x) if self.norm_first else x
        x = self.proj(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x if self.norm_first else self.norm(x)


class Davit(nn.Module):
    """DaViT: in every stage blocks of window attention and channel attention take turns."""

    def __init__(self, config: DavitConfig) -> None:
        super().__init__()
        self.out_channels = config.widths
        self.convs = nn.ModuleList(_patch_embeds(config))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(_dual_block(dim, heads, config) for _ in range(depth)))
            for dim, heads, depth in zip(config.widths, config.heads, config.depths, strict=True)
        )

    def forward(self, image: Tensor) -> Pyramid:
        """Extract features.

        Args:
            image: float `[B, 3, H, W]`, normalised, H and W multiples of 32.
        Returns:
            res2, res3, res4, res5: `[B, C_k, H / s, W / s]`, s = 4, 8, 16, 32, C_k as in `out_channels`;
            upstream has no norm on them.
        """
        x = image.permute(0, 2, 3, 1)
        maps: list[Tensor] = []
        for conv, blocks in zip(self.convs, self.blocks, strict=True):
            x = blocks(conv(x))
            maps.append(x.permute(0, 3, 1, 2))
        res2, res3, res4, res5 = maps
        return res2, res3, res4, res5


def _patch_embeds(config: DavitConfig) -> list[PatchEmbed]:
    in_dims = (3, *config.widths[:-1])
    return [
        PatchEmbed(
            nn.Conv2d(in_dim, width, kernel, stride=2 if stage else 4, padding=padding), norm_first=stage > 0
        )
        for stage, (in_dim, width, kernel, padding) in enumerate(
            zip(in_dims, config.widths, config.patch_kernels, config.patch_paddings, strict=True)
        )
    ]


def _dual_block(dim: int, heads: int, config: DavitConfig) -> nn.Sequential:
    spatial = _half_block(dim, config.mlp_ratio, window_attn=WindowAttention(dim, heads, config.window))
    channel = _half_block(dim, config.mlp_ratio, channel_attn=ChannelAttention(dim, heads))
    return nn.Sequential(OrderedDict(spatial_block=spatial, channel_block=channel))


def _half_block(dim: int, mlp_ratio: int, **attention: nn.Module) -> nn.Sequential:
    """Convolution, attention (under its upstream name), convolution, MLP: each a residual."""
    ((name, module),) = attention.items()
    layers: Sequence[tuple[str, nn.Module]] = (
        ("conv1", Residual(DepthwiseConv(dim))),
        (name, Residual(module, dim)),
        ("conv2", Residual(DepthwiseConv(dim))),
        ("ffn", Residual(Mlp(dim, mlp_ratio * dim), dim)),
    )
    return nn.Sequential(OrderedDict(layers))
