"""Nano's backbone: model input -> res2 ... res5, plain residual blocks of 3 x 3 convolutions with batch norm.

Plain convolutions train many times faster on a CPU than depthwise ones, and batch norm folds into them for
inference.
"""

from torch import Tensor, nn

from splitseem_model.config import ResidualConfig


def conv_norm(in_dim: int, out_dim: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Convolution without bias and batch norm; size is divided by the stride."""
    conv = nn.Conv2d(in_dim, out_dim, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_dim))


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, in_dim: int, out_dim: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv_norm(in_dim, out_dim, stride)
        self.conv2 = conv_norm(out_dim, out_dim)
        same = stride == 1 and in_dim == out_dim
        self.shortcut = nn.Identity() if same else conv_norm(in_dim, out_dim, stride, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in_dim, H, W] -> [B, out_dim, H / stride, W / stride]`."""
        inner = self.conv2(self.conv1(x).relu())
        output: Tensor = (inner + self.shortcut(x)).relu()
        return output


def residual_stem(width: int) -> nn.Sequential:
    """`[B, 3, H, W] -> [B, width, H/4, W/4]`."""
    return nn.Sequential(conv_norm(3, 32, stride=2), nn.ReLU(), conv_norm(32, width, stride=2), nn.ReLU())


class ResidualBackbone(nn.Module):
    """A stem of stride 4, then four stages at strides 4, 8, 16 and 32."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        first = config.widths[0]
        self.stem = residual_stem(first)
        in_dims = (first, *config.widths[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualBlock(in_dim, width, stride=1 if stage == 0 else 2),
                *(ResidualBlock(width, width, stride=1) for _ in range(depth - 1)),
            )
            for stage, (in_dim, width, depth) in enumerate(
                zip(in_dims, config.widths, config.depths, strict=True)
            )
        )
        self.out_channels = config.widths

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`[B, 3, H, W]`, sides multiples of 32 -> res2 ... res5 `[B, widths[k], H / s, W / s]`."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        res2, res3, res4, res5 = maps
        return res2, res3, res4, res5
