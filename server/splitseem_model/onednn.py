"""Linear layers by oneDNN, for inference on a CPU.

Torch gives float32 matrix products to MKL and convolutions to oneDNN. On AMD processors the former reach half
the speed of the latter (`benchmarks/encoder.py` prints both). The results differ by rounding.
"""

import torch
from torch import Tensor, nn


class OneDnnLinear(nn.Linear):
    """A linear layer that oneDNN runs where it can: float32 on a CPU, without autocast and gradients."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype != torch.float32 or x.device.type != "cpu" or torch.is_grad_enabled():
            return super().forward(x)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return out


def use_onednn(module: nn.Module) -> None:
    """Let oneDNN run the linear layers inside; names, weights and training stay as they are."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return
    for part in module.modules():
        if type(part) is nn.Linear:
            part.__class__ = OneDnnLinear
