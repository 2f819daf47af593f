"""Several objects of one image in one run of the decoder.

In a wiring whose rows belong to objects (v1) they share a pass: each has query rows and points of its own,
and sees no other; the memories are dealt out among them. In the others each object has its place in the
batch. Both answer as one run an object would, except that the memories of a shared pass are fewer for each.
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.decoder import Head
from splitseem_model.decode.query_choice import QueryChoice
from splitseem_model.decode.step_rows import Asked, lay_out
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.prompt.prompts import PointLabel
from splitseem_model.step.asking import (
    Candidates,
    LaidPoints,
    ObjectPrompt,
    decoder_inputs,
    previous_mask,
    run_rows,
    sampled_masks,
)
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime


def ask_together(
    config: DecoderConfig,
    runtime: DecoderRuntime,
    image: PreparedImage,
    prompts: Sequence[ObjectPrompt],
    queries: QueryChoice | None = None,
) -> list[Candidates]:
    """Run the decoder once for objects that have nothing but points and memories."""
    if WIRINGS[config.wiring].per_object:
        chosen = None if queries is None else queries(len(prompts))
        return _ask_in_one_pass(config, runtime, image, prompts, chosen)
    return _ask_as_batch(config, runtime, image, prompts)


def most_together(config: DecoderConfig) -> int:
    """Objects that a run may hold: in a shared pass each needs a memory."""
    return config.num_memories


def _ask_in_one_pass(
    config: DecoderConfig,
    runtime: DecoderRuntime,
    image: PreparedImage,
    prompts: Sequence[ObjectPrompt],
    queries: tuple[int, ...] | None,
) -> list[Candidates]:
    sizes = [len(prompt.points.labels) for prompt in prompts]
    points = LaidPoints(
        torch.cat([torch.from_numpy(prompt.points.coords) for prompt in prompts])[None],
        torch.cat([torch.from_numpy(prompt.points.labels) for prompt in prompts])[None],
        torch.arange(len(prompts)).repeat_interleave(torch.tensor(sizes)),
    )
    has_memory = torch.tensor([[prompt.memory is not None for prompt in prompts]])
    rows = lay_out(config, Asked((points.slots,), has_memory, queries=queries))
    masks = torch.cat([previous_mask(image, prompt.memory) for prompt in prompts], dim=1)
    inputs = decoder_inputs(config, image, points, rows, masks[:, rows.memory_objects])
    head = run_rows(runtime, image, inputs, rows)
    own_rows = zip(*(tensor.chunk(len(prompts), dim=1) for tensor in head), strict=True)
    sampled = torch.split(sampled_masks(config, image, points), sizes, dim=1)
    return [
        Candidates(Head(*own), rows.by_text, prompt, features)
        for own, prompt, features in zip(own_rows, prompts, sampled, strict=True)
    ]


def _ask_as_batch(
    config: DecoderConfig, runtime: DecoderRuntime, image: PreparedImage, prompts: Sequence[ObjectPrompt]
) -> list[Candidates]:
    sizes = [len(prompt.points.labels) for prompt in prompts]
    longest = max(sizes)
    coords = [torch.from_numpy(prompt.points.coords) for prompt in prompts]
    labels = [torch.from_numpy(prompt.points.labels) for prompt in prompts]
    points = LaidPoints(
        torch.stack([pad(one, (0, 0, 0, longest - len(one))) for one in coords]),
        torch.stack([pad(one, (0, longest - len(one)), value=PointLabel.PADDING) for one in labels]),
    )
    has_memory = torch.tensor([[prompt.memory is not None] for prompt in prompts])
    rows = lay_out(config, Asked((points.slots,), has_memory))
    masks = torch.cat([previous_mask(image, prompt.memory) for prompt in prompts])
    head = run_rows(runtime, image, decoder_inputs(config, image, points, rows, masks), rows)
    sampled = sampled_masks(config, image, points)
    return [
        Candidates(
            Head(*(tensor[k : k + 1] for tensor in head)), rows.by_text, prompt, sampled[k : k + 1, :size]
        )
        for k, (prompt, size) in enumerate(zip(prompts, sizes, strict=True))
    ]
