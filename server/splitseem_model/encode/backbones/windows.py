"""Cutting channel-last maps into square windows and putting them together again."""

from torch import Tensor
from torch.nn import functional


def split_windows(x: Tensor, window: int) -> Tensor:
    """`[B, H, W, C]` -> `[B * n, window, window, C]`, row by row; zeros beyond the edges."""
    batch, height, width, dim = x.shape
    rows, columns = -(-height // window), -(-width // window)
    x = functional.pad(x, (0, 0, 0, -width % window, 0, -height % window))
    x = x.view(batch, rows, window, columns, window, dim).transpose(2, 3)
    return x.reshape(-1, window, window, dim)


def merge_windows(windows: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """The inverse of `split_windows` for maps of H x W cells."""
    height, width = size_hw
    window, dim = windows.shape[2:]
    rows, columns = -(-height // window), -(-width // window)
    x = windows.view(-1, rows, columns, window, window, dim).transpose(2, 3)
    return x.reshape(-1, rows * window, columns * window, dim)[:, :height, :width]
