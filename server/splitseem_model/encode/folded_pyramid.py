"""The last step of the feature pyramid, with its linear parts folded into each other.

Upstream enlarges the map of stride 8 by repetition, adds the normalised lateral map, and runs a 3 x 3
convolution over the sum at stride 4. The convolution is linear, so it can be given to the two summands apart:

- over a repeated map it is a transposed convolution of the small map, with 4 taps a cell instead of 9;
- the lateral map is a 1 x 1 convolution of res2 under a norm, which is affine once its statistics are known;
  the two convolutions become one of res2, which has a fifth of the channels. The constant part of the norm is
  the weight of a channel of ones, so that it ends at the edge of the map as upstream.

The statistics of the norm follow from mean and covariance of res2, so the lateral map is never made. All of
it is exact up to rounding.
"""

import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.encode.pixel_decoder import FPN, MultiScale, NormedConv


class FinestStep:
    """From res2 and the level of stride 8 to the map of stride 4; follows the weights when it is made."""

    def __init__(self, adapter: NormedConv, layer: NormedConv) -> None:
        """`adapter` projects res2, `layer` is the convolution over the sum."""
        self._adapter, self._layer = adapter, layer
        self._enlarging = enlarging_kernel(layer.weight.detach())

    @torch.no_grad()
    def __call__(self, res2: Tensor, level2: Tensor) -> Tensor:
        """res2 `[B, C, H/4, W/4]` and level2 `[B, conv_dim, H/8, W/8]` -> `[B, conv_dim, H/4, W/4]`."""
        fused = functional.conv_transpose2d(level2, self._enlarging, stride=2, padding=1)
        for i in range(len(res2)):  # the norm, and so the kernel, is each image's own
            fused[i : i + 1] += self._lateral(res2[i : i + 1])
        return functional.relu_(self._layer.norm(fused))

    def _lateral(self, res2: Tensor) -> Tensor:
        """Contribution of the lateral map, `[1, C, H/4, W/4]` -> `[1, conv_dim, H/4, W/4]`."""
        with torch.autocast(res2.device.type, enabled=False):  # sums over the whole map
            exact = res2.to(torch.promote_types(res2.dtype, torch.float32))
            affine = normed_projection(self._adapter, exact)
        kernel = torch.einsum("ocyx,ci->oiyx", self._layer.weight, affine)
        with_ones = torch.cat([res2, torch.ones_like(res2[:, :1])], dim=1)
        return functional.conv2d(_channels_last(with_ones), _channels_last(kernel), padding=1)


class FoldedPyramid:
    """An `FPN` that gives the input of its last convolution."""

    def __init__(self, fpn: FPN) -> None:
        self._fpn = fpn
        self._finest_step = FinestStep(fpn.adapter_1, fpn.layer_1)

    def fuse(self, res2: Tensor, res3: Tensor, res4: Tensor, res5: Tensor) -> tuple[Tensor, MultiScale]:
        """As `FPN.fuse`."""
        levels = self._fpn.levels(res3, res4, res5)
        return self._finest_step(res2, levels[2]), levels


def enlarging_kernel(weight: Tensor) -> Tensor:
    """3 x 3 convolution `[out, in, 3, 3]` of a map enlarged by repetition, as a transposed convolution of
    stride 2 `[in, out, 4, 4]`: every cell of the small map reaches 2 x 2 cells, and their neighbours."""
    mirrored = weight.flip(2, 3).transpose(0, 1)  # [in, out, 3, 3]
    kernel = mirrored.new_zeros(*mirrored.shape[:2], 4, 4)
    for row in range(2):
        for column in range(2):
            kernel[:, :, row : row + 3, column : column + 3] += mirrored
    return kernel


def normed_projection(adapter: NormedConv, x: Tensor) -> Tensor:
    """Projection and norm of one image as one affine map: x `[1, C, h, w]` -> `[out, C + 1]`, whose last
    column is the constant."""
    projection, norm = adapter.weight[:, :, 0, 0], adapter.norm  # [out, C]
    cells = x[0].flatten(1)  # [C, N]
    mean = x[0].mean(dim=2).mean(dim=1)  # in two steps, for runtimes that sum float32 in order
    centred = cells - mean[:, None]
    covariance = centred @ centred.T / cells.shape[1]
    means, variances = projection @ mean, ((projection @ covariance) * projection).sum(dim=1)  # [out]
    group_mean = means.view(norm.num_groups, -1).mean(dim=1, keepdim=True)
    spread = variances.view(norm.num_groups, -1) + (means.view(norm.num_groups, -1) - group_mean) ** 2
    rate = (spread.mean(dim=1, keepdim=True) + norm.eps).rsqrt()  # [groups, 1]
    scale = norm.weight.view(norm.num_groups, -1) * rate  # [groups, out / groups]
    constant = norm.bias.view(norm.num_groups, -1) - group_mean * scale
    return torch.cat([projection * scale.flatten()[:, None], constant.flatten()[:, None]], dim=1)


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)
