"""Sine position codes: of every cell of a feature map, and of single points.

Source: the position embedding of DETR (arXiv 2005.12872) as MaskFormer and SEEM use it.
"""

import math

import torch
from torch import Tensor

_TEMPERATURE = 10000.0
_EPSILON = 1e-6  # upstream adds it to the map size before dividing


def sine_position(h: int, w: int, dim: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Encode the place of each cell of an h x w map; depends on the size only.

    The first half of the channels tells the row, the second the column. A row at the fraction f of the height
    has the angle 2 pi f, the rows being at 1/h, 2/h ... 1; channel c of a half holds the sine (even c) or
    cosine (odd c) of angle / 10000^(2 floor(c / 2) / (dim / 2)).

    Args:
        h, w: map size in cells, at least 1.
        dim: number of channels, a multiple of 4.
        device, dtype: of the result; the code itself is computed in float32.
    Returns:
        `[1, dim, h, w]`, values in -1..1.
    """
    rows = _axis_code(_fractions(h, device), dim // 2).unsqueeze(1).expand(h, w, dim // 2)
    columns = _axis_code(_fractions(w, device), dim // 2).unsqueeze(0).expand(h, w, dim // 2)
    code = torch.cat((rows, columns), dim=2)  # [h, w, dim]
    return code.permute(2, 0, 1).unsqueeze(0).to(dtype)  # [1, dim, h, w]


def sine_at(coords_xy: Tensor, dim: int) -> Tensor:
    """Encode single points with the same code.

    Args:
        coords_xy: float `[B, P, 2]`, (x, y) in 0..1 of the padded size; a cell has the code of its
            far corner.
        dim: number of channels, a multiple of 4.
    Returns:
        `[B, P, dim]`, values in -1..1.
    """
    return torch.cat(
        (_axis_code(coords_xy[..., 1], dim // 2), _axis_code(coords_xy[..., 0], dim // 2)), dim=-1
    )


def _fractions(length: int, device: torch.device) -> Tensor:
    """1/length, 2/length ... 1."""
    steps = torch.arange(1, length + 1, dtype=torch.float32, device=device)
    return steps / (steps[-1:] + _EPSILON)


def _axis_code(fraction: Tensor, dim: int) -> Tensor:
    """Code of one axis, `[...] -> [..., dim]`, sine and cosine interleaved."""
    exponent = torch.arange(dim // 2, dtype=torch.float32, device=fraction.device) * 2 / dim
    phase = (fraction * (2 * math.pi)).unsqueeze(-1) / _TEMPERATURE**exponent  # [..., dim / 2]
    return torch.stack((phase.sin(), phase.cos()), dim=-1).flatten(-2)  # [..., dim]
