"""Vectors of length one, whose products are cosines."""

import torch
from torch import Tensor


def unit(x: Tensor) -> Tensor:
    """Rows of length one; the small constant is upstream's."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / (length + 1e-7)
