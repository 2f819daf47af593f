"""An official decoder, exported as upstream wrote it: one graph that computes everything at every click."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_export.graphs import trace
from splitseem_export.io_spec import GraphSpec, TensorSpec, prepare_spec, step_spec
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import preset
from splitseem_model.decode.decoder import PromptDecoder, StepInputs, close_background
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.layers.arrays import CLOSED
from splitseem_model.layers.attention import CrossAttentionLayer
from splitseem_model.layers.levels import NUM_LEVELS
from splitseem_model.layers.position import sine_position

PRESET = "focalt-v1"


def drawn_decoder(name: str = PRESET) -> PromptDecoder:
    """The decoder of an official preset with golden weights."""
    decoder = PromptDecoder(preset(name).decoder)
    fill_with_golden_weights(decoder, prefix="sem_seg_head.predictor.")
    return decoder.eval()


class AsWritten(nn.Module):
    """The upstream forward of one click: rows of the object group and of the spatial group, memories and
    point tokens; keys and values projected at every layer; after every layer the full-size masks of all
    queries, from which the next layer's attention mask is resized.

    Source: upstream `modeling/interface/seem_v1.py`, branch v1.0, commit 7b2e76d.
    Deviation: point tokens are keys only, which changes nothing: upstream makes them again at each layer.
    """

    index: Tensor

    def __init__(self, decoder: PromptDecoder) -> None:
        super().__init__()
        self.decoder = decoder
        config = decoder.config
        spatial = WIRINGS[config.wiring].interactive_queries(config.num_queries)
        self.register_buffer("index", torch.tensor([*range(config.num_queries), *spatial]))

    def forward(
        self,
        level0: Tensor,
        level1: Tensor,
        level2: Tensor,
        mask_features: Tensor,
        point_features0: Tensor,
        point_features1: Tensor,
        point_features2: Tensor,
        point_coords: Tensor,
        point_labels: Tensor,
        previous_mask: Tensor,
        attention_bias: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns masks `[1, Q, H/4, W/4]` of all queries, class embeddings and mask embeddings."""
        decoder, config = self.decoder, self.decoder.config
        levels = (level0, level1, level2)
        points = StepInputs(
            (point_features0, point_features1, point_features2), point_coords, point_labels, attention_bias
        )
        tokens, token_positions = decoder.point_tokens(points)
        memories = decoder.spatial_featured.weight[None]
        rows = torch.cat([decoder.query_feat.weight[self.index][None], memories], dim=1)
        position = torch.cat(
            [decoder.query_embed.weight[self.index][None], decoder.spatial_embed.weight[None]], dim=1
        )
        sources = [
            (level + decoder.level_embed.weight[i][:, None, None]).flatten(2).transpose(1, 2)
            for i, level in enumerate(levels)
        ]
        placed = [source + _sine_code(level) for source, level in zip(sources, levels, strict=True)]
        remembered = previous_mask.expand(-1, config.num_memories, -1, -1)
        num_queries = len(self.index)
        head = decoder.head(rows[:, :num_queries])
        masks = _masks(head.mask_embed, mask_features)
        for i in range(config.num_layers):
            level = i % NUM_LEVELS
            closed = _closed(torch.cat([masks, remembered], dim=1), levels[level])
            cross = decoder.transformer_cross_attention_layers[i]
            assert isinstance(cross, CrossAttentionLayer)
            attention = cross.multihead_attn
            key, value = attention.project_key(placed[level]), attention.project_value(sources[level])
            rows = cross(rows, position, key, value, closed)
            rows = decoder.transformer_self_attention_layers[i](
                rows, position, tokens[level], token_positions[level], attention_bias
            )
            rows = decoder.transformer_ffn_layers[i](rows)
            head = decoder.head(rows[:, :num_queries])
            masks = _masks(head.mask_embed, mask_features)
        return masks, head.class_embed, head.mask_embed


def _closed(masks: Tensor, level: Tensor) -> Tensor:
    """The attention bias `[1, R, N]` of a level: closed where the mask of a row is not."""
    resized = functional.interpolate(masks, size=level.shape[2:], mode="bilinear")
    return close_background(resized.flatten(2)).to(torch.float32) * CLOSED


def _sine_code(level: Tensor) -> Tensor:
    """Of every cell of a level `[1, D, h, w]`: `[1, N, D]`."""
    height, width = level.shape[2:]
    code = sine_position(height, width, level.shape[1], level.device, level.dtype)
    return code.flatten(2).transpose(1, 2)


def _masks(mask_embed: Tensor, mask_features: Tensor) -> Tensor:
    """`[1, Q, C]` and `[1, C, H/4, W/4]` -> `[1, Q, H/4, W/4]`."""
    flat = mask_embed @ mask_features.flatten(2)
    return flat.reshape(*flat.shape[:2], *mask_features.shape[2:])


def as_written_spec(decoder: PromptDecoder) -> GraphSpec:
    """Inputs and outputs of `AsWritten`: those of `prepare`, then those of the click."""
    config = decoder.config
    of_step = {tensor.name: tensor for tensor in step_spec(config).inputs}
    wiring = WIRINGS[config.wiring]
    queries = config.num_queries + len(wiring.interactive_queries(config.num_queries))
    rows = queries + config.num_memories
    click = ["point_features0", "point_features1", "point_features2", "point_coords", "point_labels"]
    return GraphSpec(
        (
            *prepare_spec(config).inputs,
            *(of_step[name] for name in (*click, "previous_mask")),
            TensorSpec("attention_bias", "float32", (1, rows, f"{rows}+points")),
        ),
        (
            TensorSpec("masks", "float32", (1, queries, "h4", "w4")),
            TensorSpec("class_embed", "float32", (1, queries, config.class_dim)),
            TensorSpec("mask_embed", "float32", (1, queries, config.mask_dim)),
        ),
    )


def trace_as_written(decoder: PromptDecoder) -> bytes:
    """The graph's bytes."""
    with torch.no_grad():
        return trace(AsWritten(decoder), as_written_spec(decoder))
