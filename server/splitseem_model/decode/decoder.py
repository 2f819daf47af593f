"""The prompt decoder in two calls: `prepare` once per image, `step` once per interaction.

Source: SEEM (arXiv 2304.06718) equations 1 to 7; upstream `modeling/interface/seem_{demo,v0,v1}.py`,
Apache-2.0 (branch v1.0, commit 7b2e76d). One core serves all wirings: which groups of rows exist and who
sees whom are arguments.

Deviations, all exact up to rounding: keys and values of the image, the mask features at level size, and layer
0's cross-attention of the learned queries are computed once per image; points are sampled outside and act
only as keys and values; the mask at stride 4 is left to the caller, who needs it for one query only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_model.config import DecoderConfig
from splitseem_model.decode import calls
from splitseem_model.layers.arrays import CLOSED
from splitseem_model.layers.attention import (
    CrossAttentionLayer,
    FeedForwardLayer,
    Mlp,
    SelfAttentionLayer,
)
from splitseem_model.layers.levels import NUM_LEVELS, average_to_levels
from splitseem_model.layers.position import sine_at, sine_position

INDICATOR_OF_LABEL = (1, 0, 2, 3)
"""Row of `pn_indicator` for point label 0 (negative), 1 (positive), 2 and 3 (box corners)."""


class Prepared(NamedTuple):
    """All that a step needs of an image and of the learned queries.

    Attributes:
        keys: per layer `[B, h, D/h, N]`; values: per layer `[B, h, N, D/h]`.
        level_mask_features: per level `[B, C, N_l]`, the mask features averaged to the level.
        query_state: `[B, Q, D]`, the learned queries after layer 0's cross-attention.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    level_mask_features: tuple[Tensor, ...]
    query_state: Tensor


StepInputs = calls.StepInputs[Tensor]
Head = calls.Head[Tensor]


@dataclass
class Trace:
    """Intermediates of one step, filled in when the caller passes one; used for parity and deep supervision.

    Attributes:
        states: before layer 0's self-attention nothing; after each layer `[B, R, D]`.
        heads: the prediction after each layer.
        closed: per layer, the cross-attention mask `[B, Q + M, N]` bool; the queries' part of layer 0's comes
            from `prepare`, so there is none of layer 0 unless it was handed the same trace.
        tokens: per layer, the point tokens `[B, P, D]`.
    """

    states: list[Tensor] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    closed: list[Tensor] = field(default_factory=list)
    tokens: list[Tensor] = field(default_factory=list)

    def add(self, rows: Tensor, head: Head, bias: Tensor | None, tokens: Tensor) -> None:
        """Note one layer; `bias` of its cross-attention."""
        closed = None if bias is None else bias < 0
        if not self.states:
            self.closed = [_stack(queries, closed) for queries in self.closed]
        elif closed is not None:
            self.closed.append(closed)
        self.states.append(rows)
        self.heads.append(head)
        self.tokens.append(tokens)


def close_background(logits: Tensor) -> Tensor:
    """Which cells a row may not look at: those with a negative mask logit, unless that would be all of them.

    Args:
        logits: `[B, R, N]` mask logits at level size.
    Returns:
        `[B, R, N]` bool, True = closed.
    """
    limit = torch.where(logits.amax(dim=-1, keepdim=True) >= 0, 0.0, -torch.inf)
    return logits < limit


def _as_bias(closed: Tensor) -> Tensor:
    return torch.where(closed, CLOSED, 0.0)


class PromptDecoder(nn.Module):
    """Learned queries that attend to an image and to prompts."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        dim, layers = config.dim, range(config.num_layers)
        self.query_feat = nn.Embedding(config.num_queries, dim)
        self.query_embed = nn.Embedding(config.num_queries, dim)
        self.spatial_featured = nn.Embedding(config.num_memories, dim)
        self.spatial_embed = nn.Embedding(config.num_memories, dim)
        self.level_embed = nn.Embedding(NUM_LEVELS, dim)
        self.level_widen = nn.ModuleList(nn.Linear(narrow, dim) for narrow in config.level_dims)
        self.pn_indicator = nn.Embedding(config.num_point_labels, dim)
        self.prompt_embed = nn.ParameterList(
            nn.Parameter(torch.randn(dim, dim) * dim**-0.5) for _ in range(NUM_LEVELS)
        )
        self.transformer_cross_attention_layers = nn.ModuleList(
            CrossAttentionLayer(dim, config.num_heads) for _ in layers
        )
        self.transformer_self_attention_layers = nn.ModuleList(
            SelfAttentionLayer(dim, config.num_heads) for _ in layers
        )
        self.transformer_ffn_layers = nn.ModuleList(FeedForwardLayer(dim, config.ffn_dim) for _ in layers)
        self.decoder_norm = nn.LayerNorm(dim)
        self.mask_embed = Mlp((dim, dim, dim, config.mask_dim))
        self.class_embed = nn.Parameter(torch.randn(dim, config.class_dim) * dim**-0.5)
        self.quality_embed = nn.Linear(dim, 1) if config.quality_head else None

    def head(self, state: Tensor) -> Head:
        """Predict from query states `[B, Q, D]`."""
        normed = self.decoder_norm(state)
        quality = (
            self.quality_embed(normed).squeeze(-1) if self.quality_embed else torch.zeros_like(normed[..., 0])
        )
        return Head(self.mask_embed(normed), normed @ self.class_embed, quality)

    def prepare(
        self,
        levels: Sequence[Tensor],
        mask_features: Tensor | tuple[Tensor, ...],
        query_index: Tensor,
        trace: Trace | None = None,
    ) -> Prepared:
        """Compute what depends on the image alone.

        Args:
            levels: three maps `[B, D or level_dims, h_l, w_l]`, strides 32, 16, 8.
            mask_features: `[B, C, H/4, W/4]`, or their averages at the levels, `[B, C, N_l]`.
            query_index: `[Q]` int64, the learned query that each query row starts from.
        """
        levels = [self._widened_map(level, i) for i, level in enumerate(levels)]
        placed = [self._placed(level, i).flatten(2) for i, level in enumerate(levels)]  # [B, D, N_l]
        sources = [level.flatten(2).transpose(1, 2) for level in levels]  # [B, N_l, D]
        keys, values = [], []
        for i in range(self.config.num_layers):
            attention, level = self._cross_attention(i).multihead_attn, i % NUM_LEVELS
            keys.append(attention.project_map_key(placed[level]))
            values.append(attention.project_map_value(sources[level], self.level_embed.weight[level]))
        level_mask_features = (
            mask_features if isinstance(mask_features, tuple) else average_to_levels(mask_features)
        )

        # One set of rows for the whole batch: what follows from them alone is then a constant of the graph.
        state = self.query_feat.weight[query_index][None]
        position = self.query_embed.weight[query_index][None]
        closed = close_background(self.head(state).mask_embed @ level_mask_features[0])
        if trace is not None:
            trace.closed.append(closed)
        state = self._cross_attention(0)(state, position, keys[0], values[0], _as_bias(closed))
        return Prepared(tuple(keys), tuple(values), level_mask_features, state)

    def _cross_attention(self, layer: int) -> CrossAttentionLayer:
        found = self.transformer_cross_attention_layers[layer]
        assert isinstance(found, CrossAttentionLayer)
        return found

    def _widened_map(self, level: Tensor, index: int) -> Tensor:
        """A level as the embedding has it -> `[B, D, h, w]`."""
        if not self.level_widen:
            return level
        widen = self.level_widen[index]
        assert isinstance(widen, nn.Linear)
        return functional.conv2d(level, widen.weight[:, :, None, None], widen.bias)

    def _widened(self, features: Tensor, index: int) -> Tensor:
        """Samples of a level as the embedding has it -> `[B, P, D]`."""
        widened: Tensor = self.level_widen[index](features) if self.level_widen else features
        return widened

    def _placed(self, level: Tensor, index: int) -> Tensor:
        """A level `[B, D, h, w]` with level embedding and sine code. Half of the channels tell the row, half
        the column, so the code is that of one column and of one row of the map."""
        (h, w), dim = level.shape[2:], self.config.dim
        half, embed = dim // 2, self.level_embed.weight[index][:, None, None]
        rows = sine_position(h, 1, dim, level.device, level.dtype)
        columns = sine_position(1, w, dim, level.device, level.dtype)
        return torch.cat(
            (
                level[:, :half] + (rows[:, :half] + embed[:half]),
                level[:, half:] + (columns[:, half:] + embed[half:]),
            ),
            dim=1,
        )

    def point_tokens(self, inputs: StepInputs) -> tuple[list[Tensor], list[Tensor]]:
        """Per level, the point tokens `[B, P, D]` and their positions.

        Deviation: upstream a token is its own position; with `prompt_position = "sine"` it gets the sine code
        of its place, so that two equal objects can be told apart.
        """
        indicator = self._indicator(inputs.point_labels)
        tokens = [
            self._widened(features, i) @ self.prompt_embed[i]
            + (self.level_embed.weight[i] @ self.prompt_embed[i] + indicator)
            for i, features in enumerate(inputs.point_features)
        ]
        if self.config.prompt_position == "token":
            return tokens, tokens
        position = sine_at(inputs.point_coords, self.config.dim)
        return tokens, [position] * NUM_LEVELS

    def _indicator(self, labels: Tensor) -> Tensor:
        """What a label `[B, P]` adds to its point, `[B, P, D]`; padding counts as negative. Chosen by a
        product of floats, since GPUs in browsers compute with no long integers."""
        rows = self.pn_indicator.weight[list(INDICATOR_OF_LABEL[: self.config.num_point_labels])]
        label = labels.to(rows.dtype).clamp(min=0)[:, :, None]
        known = torch.arange(len(rows), device=labels.device, dtype=rows.dtype)
        return (label == known).to(rows.dtype) @ rows

    def step(
        self, prepared: Prepared, inputs: StepInputs, query_index: Tensor, trace: Trace | None = None
    ) -> Head:
        """Answer one interaction: the prediction of every query row.

        `query_index` must be the one that `prepared` was made with. Several interactions may share the
        image: B of the inputs where B of `prepared` is one.
        """
        batch, num_queries = inputs.point_labels.shape[0], prepared.query_state.shape[1]
        tokens, token_positions = self.point_tokens(inputs)
        memory, memory_position, memory_bias = self._memory_rows(inputs.previous_mask, batch)
        text = inputs.text_tokens
        query_position = self.query_embed.weight[query_index].expand(batch, -1, -1)
        looking_position = _stack(query_position, memory_position)
        position = _stack(looking_position, text)

        num_looking = num_queries if memory is None else num_queries + self.config.num_memories
        looking, head = prepared.query_state.expand(batch, -1, -1), None
        for i in range(self.config.num_layers):
            level = i % NUM_LEVELS
            bias = memory_bias[level]
            if head is None:  # layer 0: the queries' part was done in `prepare`
                memory = None if memory is None else self._look(i, memory, memory_position, prepared, bias)
                looking = _stack(looking, memory)
            else:
                closed = close_background(head.mask_embed @ prepared.level_mask_features[level])
                bias = _stack(_as_bias(closed), bias)
                looking = self._look(i, looking, looking_position, prepared, bias)
            rows = self.transformer_self_attention_layers[i](
                _stack(looking, text), position, tokens[level], token_positions[level], inputs.attention_bias
            )
            rows = self.transformer_ffn_layers[i](rows)
            looking = rows if text is None else rows[:, :num_looking]
            text = None if text is None else rows[:, num_looking:]
            head = self.head(rows[:, :num_queries])
            if trace is not None:
                trace.add(rows, head, bias, tokens[level])
        if head is None:
            raise ValueError("the decoder needs at least one layer")
        return head

    def _look(
        self, i: int, rows: Tensor, position: Tensor | None, prepared: Prepared, bias: Tensor | None
    ) -> Tensor:
        """Layer i's cross-attention."""
        assert position is not None
        assert bias is not None
        looked: Tensor = self._cross_attention(i)(rows, position, prepared.keys[i], prepared.values[i], bias)
        return looked

    def _memory_rows(
        self, previous_mask: Tensor | None, batch: int
    ) -> tuple[Tensor | None, Tensor | None, list[Tensor] | list[None]]:
        """State and position `[B, M, D]` of the memories; per level, their bias (Eq. 7)."""
        if previous_mask is None:
            return None, None, [None] * NUM_LEVELS
        state = self.spatial_featured.weight.expand(batch, -1, -1)
        position = self.spatial_embed.weight.expand(batch, -1, -1)
        count = self.config.num_memories
        levels = average_to_levels(previous_mask)
        return (
            state,
            position,
            [_as_bias(close_background(level)).expand(batch, count, -1) for level in levels],
        )


def _stack(rows: Tensor, more: Tensor | None) -> Tensor:
    """Rows of two groups, the second of which may be absent."""
    return rows if more is None else torch.cat([rows, more], dim=1)
