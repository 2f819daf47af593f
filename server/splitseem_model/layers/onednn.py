"""Linear layers and 1 x 1 convolutions by oneDNN, for inference on a CPU.

Torch gives float32 matrix products to MKL and convolutions to oneDNN, but those of 1 x 1 on a single thread
to MKL too. On AMD processors MKL reaches half the speed of oneDNN (`benchmarks/encoder.py` prints both). The
results differ by rounding.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class OneDnnLinear(nn.Linear):
    """A linear layer that oneDNN runs where it can, see `_can_run`."""

    def forward(self, x: Tensor) -> Tensor:
        return _linear(x, self.weight, self.bias) if _can_run(x) else super().forward(x)


class OneDnnPointwise(nn.Conv2d):
    """A 1 x 1 convolution that oneDNN runs where it can, as a linear layer on channel-last cells."""

    def forward(self, x: Tensor) -> Tensor:
        if not _can_run(x):
            return super().forward(x)
        return _linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias).permute(0, 3, 1, 2)


def linear_gelu(layer: nn.Linear, x: Tensor) -> Tensor:
    """GELU (exact) of a linear layer: in one go where oneDNN runs it, which spares a pass over the widest map
    of a block."""
    if isinstance(layer, OneDnnLinear) and _can_run(x):
        return _linear(x, layer.weight, layer.bias, "gelu")
    return functional.gelu(layer(x))


def use_onednn(module: nn.Module) -> None:
    """Let oneDNN run such layers inside; names, weights and training stay as they are."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return
    for part in module.modules():
        if type(part) is nn.Linear:
            part.__class__ = OneDnnLinear
        elif type(part) is nn.Conv2d and _is_pointwise(part):
            part.__class__ = OneDnnPointwise


def _is_pointwise(conv: nn.Conv2d) -> bool:
    return (conv.kernel_size, conv.stride, conv.padding, conv.groups) == ((1, 1), (1, 1), (0, 0), 1)


def _can_run(x: Tensor) -> bool:
    """float32 on a CPU, without autocast and gradients."""
    plain = not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
    return plain and x.dtype == torch.float32 and x.device.type == "cpu"


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None, then: Literal["none", "gelu"] = "none") -> Tensor:
    """A linear layer and what follows it; the last argument of the operator says how GELU is computed."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, then, [], "none")
    return out
