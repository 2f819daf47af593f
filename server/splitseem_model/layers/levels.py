"""The three levels of a feature pyramid that the decoder reads: strides 32, 16 and 8, coarse to fine."""

from torch import Tensor
from torch.nn.functional import avg_pool2d

NUM_LEVELS = 3
LEVEL_FACTORS = (8, 4, 2)
"""From stride 4 to the stride of each level."""


def average_to_levels(map_stride4: Tensor) -> tuple[Tensor, ...]:
    """Bilinear (half-pixel) resize of `[B, C, H/4, W/4]` to the three level sizes, flattened: `[B, C, N_l]`.

    For the factors 8, 4 and 2 that resize is the mean of the central 2 x 2 cells of each block.
    """
    return tuple(_centre_means(map_stride4, factor).flatten(2) for factor in LEVEL_FACTORS)


def _centre_means(x: Tensor, factor: int) -> Tensor:
    """`[B, C, H, W] -> [B, C, H/factor, W/factor]`; the rows that matter are cut out before all else."""
    low = factor // 2 - 1
    if low:
        blocks = x.reshape(*x.shape[:2], -1, factor, x.shape[3])
        x = blocks[:, :, :, low : low + 2, low:].flatten(2, 3)
    return avg_pool2d(x, 2, stride=(2, factor))
