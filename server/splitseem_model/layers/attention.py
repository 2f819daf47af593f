"""Attention and feed-forward layers of the decoder, in plain matrix products that export to ONNX.

Source: SEEM (arXiv 2304.06718), Apache-2.0; upstream `modeling/interface/modules.py` (branch v1.0, commit
7b2e76d).
All layers are post-norm. Parameter names equal the upstream ones, so that official checkpoints load.
Deviation: keys and values can be projected apart from the queries, so that those of an image are computed
once.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class MultiheadAttention(nn.Module):
    """Multi-head attention whose three projections can be called one by one."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.dim = dim
        self.num_heads = num_heads
        self.scale = float(dim // num_heads) ** -0.5
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def _part(self, part: int) -> tuple[Tensor, Tensor]:
        """Weight `[D, D]` and bias `[D]` of the part-th third of the input projection."""
        # Cut by plain numbers: sizes asked of a tensor would make every exported step cut its weights again.
        rows = slice(part * self.dim, (part + 1) * self.dim)
        return self.in_proj_weight[rows], self.in_proj_bias[rows]

    def _project(self, x: Tensor, part: int) -> Tensor:
        """`[B, N, D] -> [B, h, N, D/h]` by the part-th third of the input projection."""
        return self._heads(linear(x, *self._part(part)))

    def _heads(self, projected: Tensor) -> Tensor:
        heads = (self.num_heads, self.dim // self.num_heads)
        return projected.reshape(*projected.shape[:2], *heads).transpose(1, 2)

    def project_query(self, x: Tensor) -> Tensor:
        """`[B, N, D] -> [B, h, N, D/h]`, scaled by (D/h)^-1/2."""
        weight, bias = self._part(0)
        return self._heads(linear(x, weight * self.scale, bias * self.scale))

    def project_key(self, x: Tensor) -> Tensor:
        """`[B, N, D] -> [B, h, D/h, N]`."""
        return self._project(x, 1).transpose(2, 3)

    def project_value(self, x: Tensor) -> Tensor:
        """`[B, N, D] -> [B, h, N, D/h]`."""
        return self._project(x, 2)

    def project_map_key(self, x: Tensor) -> Tensor:
        """`[B, D, N] -> [B, h, D/h, N]`: channels first as the map lies, so that nothing is transposed."""
        weight, bias = self._part(1)
        heads = (self.num_heads, self.dim // self.num_heads)
        return (weight @ x + bias[:, None]).reshape(len(x), *heads, -1)

    def project_map_value(self, x: Tensor, shift: Tensor) -> Tensor:
        """`[B, N, D] -> [B, h, N, D/h]`, of `x + shift`, `[D]`; one product a head, so that no head moves."""
        weight, bias = self._part(2)
        of_heads = weight.reshape(self.num_heads, -1, self.dim).transpose(1, 2)  # [h, D, D/h]
        constant = (weight @ shift + bias).reshape(self.num_heads, 1, -1)
        values: Tensor = x.unsqueeze(1) @ of_heads + constant
        return values

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Softmax attention over projected heads.

        Args:
            query: `[B, h, R, D/h]`; key: `[B, h, D/h, N]`; value: `[B, h, N, D/h]`.
            bias: `[B, R, N]` added to the scores of every head: 0 open, `CLOSED` closed.
        Returns:
            `[B, R, D]`.
        """
        weights = (query @ key + bias.unsqueeze(1)).softmax(dim=-1)  # [B, h, R, N]
        mixed = (weights @ value).transpose(1, 2)  # [B, R, h, D/h]
        output: Tensor = self.out_proj(mixed.reshape(*mixed.shape[:2], self.dim))
        return output


class CrossAttentionLayer(nn.Module):
    """Masked cross-attention of the rows to one level of the image."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.multihead_attn = MultiheadAttention(dim, num_heads)
        self.norm = nn.LayerNorm(dim)

    def forward(self, rows: Tensor, position: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """rows, position `[B, R, D]`, projected key and value, bias `[B, R, N]` -> `[B, R, D]`."""
        query = self.multihead_attn.project_query(rows + position)
        output: Tensor = self.norm(rows + self.multihead_attn.attend(query, key, value, bias))
        return output


class SelfAttentionLayer(nn.Module):
    """Self-attention of the rows, which also see the tokens: keys and values that are never rows."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(dim, num_heads)
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, rows: Tensor, position: Tensor, tokens: Tensor, token_position: Tensor, bias: Tensor
    ) -> Tensor:
        """rows, position `[B, R, D]`, tokens and their position `[B, P, D]`, bias `[B, R, R + P]` -> rows."""
        placed = rows + position
        query = self.self_attn.project_query(placed)
        key = self.self_attn.project_key(torch.cat([placed, tokens + token_position], dim=1))
        value = self.self_attn.project_value(torch.cat([rows, tokens], dim=1))
        output: Tensor = self.norm(rows + self.self_attn.attend(query, key, value, bias))
        return output


class FeedForwardLayer(nn.Module):
    """Two linear layers with a ReLU between, residual, norm."""

    def __init__(self, dim: int, ffn_dim: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(dim, ffn_dim)
        self.linear2 = nn.Linear(ffn_dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, rows: Tensor) -> Tensor:
        """`[B, R, D] -> [B, R, D]`."""
        output: Tensor = self.norm(rows + self.linear2(self.linear1(rows).relu()))
        return output


class Mlp(nn.Module):
    """Linear layers with ReLU between them; the mask head."""

    def __init__(self, dims: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(dims))

    def forward(self, x: Tensor) -> Tensor:
        """`[..., dims[0]] -> [..., dims[-1]]`."""
        for i, layer in enumerate(self.layers):
            x = layer(x) if i == len(self.layers) - 1 else layer(x).relu()
        return x
