"""Pixel decoder: res2 ... res5 -> mask_features and multi_scale_features.

`FPN` is the one of the official Focal and DaViT checkpoints: a transformer encoder on the coarsest map, then
a feature pyramid. Ported from SEEM, branch v1.0 at commit 7b2e76d,
`modeling/vision/encoder/transformer_encoder_fpn.py` (Apache-2.0, see NOTICE).

Deviation: maps are passed by position, not in a dictionary keyed by name; inference only, so no dropout.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.layers.position import sine_position

MultiScale = tuple[Tensor, Tensor, Tensor]

_NORM_GROUPS = 32


class NormedConv(nn.Conv2d):
    """Convolution without bias, then GroupNorm, then (if asked) ReLU; keeps height and width."""

    def __init__(self, in_dim: int, out_dim: int, kernel: int, *, relu: bool) -> None:
        super().__init__(in_dim, out_dim, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.GroupNorm(_NORM_GROUPS, out_dim)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(super().forward(x))
        return functional.relu(out) if self.relu else out


class EncoderLayer(nn.Module):
    """Post-norm transformer layer; positions are added to queries and keys, not to values."""

    def __init__(self, dim: int, heads: int, ffn_dim: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.linear1 = nn.Linear(dim, ffn_dim)
        self.linear2 = nn.Linear(ffn_dim, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """x `[B, N, dim]`, position `[1, N, dim]` -> `[B, N, dim]`."""
        placed = x + position
        x = self.norm1(x + self.self_attn(placed, placed, x, need_weights=False)[0])
        out: Tensor = self.norm2(x + self.linear2(functional.relu(self.linear1(x))))
        return out


class FPN(nn.Module):
    """Transformer encoder on res5 and a feature pyramid; the defaults are the official Focal-T configuration.

    Args:
        in_channels: channels of res2, res3, res4, res5.
        conv_dim: channels of the multi-scale features, a multiple of 32 and of `heads`.
        mask_dim: channels of the mask features.
        encoder_layers, heads, ffn_dim: transformer encoder on res5.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int] = (96, 192, 384, 768),
        conv_dim: int = 512,
        mask_dim: int = 512,
        encoder_layers: int = 6,
        heads: int = 8,
        ffn_dim: int = 2048,
    ) -> None:
        super().__init__()
        self.conv_dim = conv_dim
        self.input_proj = nn.Conv2d(in_channels[3], conv_dim, kernel_size=1)
        self.encoder_layers = nn.ModuleList(
            EncoderLayer(conv_dim, heads, ffn_dim) for _ in range(encoder_layers)
        )
        self.layer_4 = NormedConv(conv_dim, conv_dim, 3, relu=True)
        self.adapter_3 = NormedConv(in_channels[2], conv_dim, 1, relu=False)
        self.layer_3 = NormedConv(conv_dim, conv_dim, 3, relu=True)
        self.adapter_2 = NormedConv(in_channels[1], conv_dim, 1, relu=False)
        self.layer_2 = NormedConv(conv_dim, conv_dim, 3, relu=True)
        self.adapter_1 = NormedConv(in_channels[0], conv_dim, 1, relu=False)
        self.layer_1 = NormedConv(conv_dim, conv_dim, 3, relu=True)
        self.mask_features = nn.Conv2d(conv_dim, mask_dim, kernel_size=3, padding=1)

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
        levels = self.levels(res3, res4, res5)
        return self.layer_1(_merge(self.adapter_1(res2), levels[2])), levels

    def levels(self, res3: Tensor, res4: Tensor, res5: Tensor) -> MultiScale:
        """The multi-scale features."""
        level0 = self.layer_4(self._encode(self.input_proj(res5)))
        level1 = self.layer_3(_merge(self.adapter_3(res4), level0))
        level2 = self.layer_2(_merge(self.adapter_2(res3), level1))
        return level0, level1, level2

    def _encode(self, x: Tensor) -> Tensor:
        """Transformer encoder over all cells of a map, `[B, conv_dim, h, w]` -> the same."""
        h, w = x.shape[2:]
        position = sine_position(h, w, self.conv_dim, x.device, x.dtype).flatten(2).transpose(1, 2)
        tokens = x.flatten(2).transpose(1, 2)  # [B, h*w, conv_dim]
        for layer in self.encoder_layers:
            tokens = layer(tokens, position)
        return tokens.transpose(1, 2).reshape(x.shape)  # [B, conv_dim, h, w]


def _merge(lateral: Tensor, coarser: Tensor) -> Tensor:
    """Lateral map plus the coarser one enlarged to its size by repetition."""
    return lateral + functional.interpolate(coarser, size=lateral.shape[2:], mode="nearest")
