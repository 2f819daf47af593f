"""The decoder core with a flat tensor signature, as the exporter wants it. Adds nothing else."""

import torch
from torch import Tensor, nn

from splitseem_export.io_spec import has_memory
from splitseem_model.decode.decoder import Prepared, PromptDecoder, StepInputs
from splitseem_model.layers.levels import NUM_LEVELS


class PrepareGraph(nn.Module):
    """`prepare` as a graph: inputs and outputs in the order of `io_spec.prepare_spec`."""

    query_index: Tensor

    def __init__(self, decoder: PromptDecoder, query_index: tuple[int, ...]) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("query_index", torch.tensor(query_index))

    def forward(
        self, level0: Tensor, level1: Tensor, level2: Tensor, mask_features: Tensor
    ) -> tuple[Tensor, ...]:
        """Tensors per image."""
        return flatten(self.decoder.prepare((level0, level1, level2), mask_features, self.query_index))


class StepGraph(nn.Module):
    """`step` as a graph: inputs and outputs in the order of `io_spec.step_spec`."""

    query_index: Tensor

    def __init__(self, decoder: PromptDecoder, query_index: tuple[int, ...]) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("query_index", torch.tensor(query_index))

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Tensors per interaction."""
        prepared, rest = unflatten(tensors, self.decoder.config.num_layers)
        point_features, (coords, labels) = rest[:NUM_LEVELS], rest[NUM_LEVELS : NUM_LEVELS + 2]
        previous_mask = rest[-2] if has_memory(self.decoder.config) else None
        inputs = StepInputs(point_features, coords, labels, rest[-1], previous_mask)
        return tuple(self.decoder.step(prepared, inputs, self.query_index))


class GeneralStepGraph(nn.Module):
    """`step` with any rows as a graph: inputs and outputs in the order of `io_spec.general_step_spec`."""

    def __init__(self, decoder: PromptDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Tensors per interaction."""
        learned, (query_index, *rest) = unflatten(tensors, self.decoder.config.num_layers)
        prepared = learned._replace(query_state=learned.query_state[:, query_index])
        *points, text_tokens, attention_bias = rest
        previous_mask = points.pop() if has_memory(self.decoder.config) else None
        *point_features, coords, labels = points
        inputs = StepInputs(tuple(point_features), coords, labels, attention_bias, previous_mask, text_tokens)
        return tuple(self.decoder.step(prepared, inputs, query_index))


def flatten(prepared: Prepared) -> tuple[Tensor, ...]:
    """In the order of the graphs."""
    return (*prepared.keys, *prepared.values, *prepared.level_mask_features, prepared.query_state)


def unflatten(tensors: tuple[Tensor, ...], layers: int) -> tuple[Prepared, tuple[Tensor, ...]]:
    """The inverse of `flatten`, and what follows it."""
    ends = (layers, 2 * layers, 2 * layers + NUM_LEVELS)
    keys, values, maps = tensors[: ends[0]], tensors[ends[0] : ends[1]], tensors[ends[1] : ends[2]]
    return Prepared(keys, values, maps, tensors[ends[2]]), tensors[ends[2] + 1 :]
