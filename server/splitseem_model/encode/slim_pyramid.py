"""Nano's pixel decoder: res2 ... res5 -> mask_features and multi-scale features, narrow and with batch norm.

The shape is that of SEEM's pyramid (a transformer encoder on the coarsest map, then nearest upsampling and 3
x 3 convolutions), with the costly stride-4 part at few channels instead of the full width.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.config import SlimPyramidConfig
from splitseem_model.encode.backbones.residual import conv_norm
from splitseem_model.encode.pixel_decoder import EncoderLayer, MultiScale
from splitseem_model.layers.position import sine_position


class SlimPyramid(nn.Module):
    """Feature pyramid with `dim` channels at strides 32, 16 and 8 and `config.mask_width` at stride 4, which
    gives levels of `level_dims` channels, or `dim` each when there are none."""

    def __init__(
        self,
        config: SlimPyramidConfig,
        in_dims: tuple[int, ...],
        dim: int,
        mask_dim: int,
        level_dims: Sequence[int] = (),
    ) -> None:
        super().__init__()
        width = config.mask_width or mask_dim
        dims = (width, dim, dim, dim)
        self.lateral = nn.ModuleList(conv_norm(i, o, kernel=1) for i, o in zip(in_dims, dims, strict=True))
        self.encoder = nn.ModuleList(
            EncoderLayer(dim, config.heads, config.ffn_dim) for _ in range(config.encoder_layers)
        )
        self.smooth = nn.ModuleList(conv_norm(d, d) for d in dims)
        self.narrow = nn.Conv2d(dim, width, 1)
        self.levels = nn.ModuleList(nn.Conv2d(dim, out, 1) for out in level_dims or (dim,) * 3)
        self.mask_features = nn.Conv2d(width, mask_dim, 3, padding=1)

    def forward(self, res2: Tensor, res3: Tensor, res4: Tensor, res5: Tensor) -> tuple[Tensor, MultiScale]:
        """Backbone maps -> mask_features `[B, mask_dim, H/4, W/4]` and levels `[B, dim or less, h_l, w_l]`,
        strides 32, 16, 8."""
        top = self._attend(self.lateral[3](res5))
        stride32 = self.smooth[3](top).relu()
        stride16 = self.smooth[2](self.lateral[2](res4) + _double(stride32)).relu()
        stride8 = self.smooth[1](self.lateral[1](res3) + _double(stride16)).relu()
        stride4 = self.smooth[0](self.lateral[0](res2) + _double(self.narrow(stride8))).relu()
        level0, level1, level2 = (
            project(x) for project, x in zip(self.levels, (stride32, stride16, stride8), strict=True)
        )
        return self.mask_features(stride4), (level0, level1, level2)

    def _attend(self, x: Tensor) -> Tensor:
        """Global context on the coarsest map."""
        h, w = x.shape[2:]
        position = sine_position(h, w, x.shape[1], x.device, x.dtype).flatten(2).transpose(1, 2)
        tokens = x.flatten(2).transpose(1, 2)  # [B, h * w, D]
        for layer in self.encoder:
            tokens = layer(tokens, position)
        return tokens.transpose(1, 2).reshape(x.shape)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
