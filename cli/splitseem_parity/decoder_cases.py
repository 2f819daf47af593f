"""Checker of decoder cases through the torch core: inputs of the case -> states, attention masks, results."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights, golden_value
from splitseem_model.config import DecoderConfig
from splitseem_model.decode.decoder import Head, PromptDecoder, StepInputs, Trace
from splitseem_model.layers.unit import unit
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_prompts import PADDING, DecoderCase
from splitseem_parity.decoder_results import Results
from splitseem_parity.golden_set import GoldenSet

CONFIG = DecoderConfig("v0")
"""Shape and rules of the decoder; the same for all official wirings."""

_LOGIT_SCALE = "sem_seg_head.predictor.lang_encoder.logit_scale"
_CHANNEL_STEP = 16
_NUM_LEVELS = 3

# Golden row and column groups by our group names.
_GOLDEN_GROUP = {
    "object": "queries_object",
    "grounding": "queries_grounding",
    "spatial": "queries_spatial",
    "memory": "memories_spatial",
    "text": "tokens_grounding",
    "audio": "tokens_audio",
    "point": "tokens_spatial",
    "visual": "tokens_visual",
}


@cache
def golden_decoder(seed_offset: int, wiring: str = CONFIG.wiring) -> PromptDecoder:
    """The official decoder, filled by the weight rule."""
    decoder = PromptDecoder(replace(CONFIG, wiring=wiring)).eval()
    fill_with_golden_weights(decoder, prefix="decoder.", seed_offset=seed_offset)
    return decoder


@torch.inference_mode()
def check_decoder(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """A decoder case: intermediates, then results."""
    decoder = golden_decoder(golden.seed_offset)
    case = DecoderCase.read(golden, name, CONFIG.num_queries)
    inputs, trace = step_inputs(case), Trace()
    features = case.target.batch(case.batch)
    prepared = decoder.prepare(features.levels, features.mask_features, case.query_index, trace)
    head = decoder.step(prepared, inputs, case.query_index, trace)

    _check_states(decoder, case, trace, comparison)
    _check_tokens(case, trace, comparison)
    _check_cross_masks(case, trace, comparison)
    _check_self_masks(case, inputs.attention_bias, comparison)
    check_results(golden, case, head, comparison)


@torch.inference_mode()
def answer_in_torch(golden: GoldenSet, case: DecoderCase) -> Head:
    """The prediction of all query rows of a case."""
    decoder, features = golden_decoder(golden.seed_offset), case.target.batch(case.batch)
    prepared = decoder.prepare(features.levels, features.mask_features, case.query_index)
    return decoder.step(prepared, step_inputs(case), case.query_index)


def check_results(golden: GoldenSet, case: DecoderCase, head: Head, comparison: Comparison) -> None:
    """Compare what follows from the prediction of all query rows of the case."""
    Results(case, CONFIG, head, *_classes(golden)).check(comparison)


def class_logits(golden: GoldenSet, class_embed: Tensor) -> Tensor:
    """`[..., E]` -> `[..., K]`: logits of the set's classes."""
    matrix, scale = _classes(golden)
    return torch.tensor(scale).exp() * unit(class_embed) @ matrix.T


def _classes(golden: GoldenSet) -> tuple[Tensor, float]:
    """Class matrix `[K, E]` and the exponent of the temperature."""
    scale = float(golden_value(_LOGIT_SCALE, (), golden.seed_offset))
    return torch.from_numpy(golden.arrays("vocab")["text_embeddings"]), scale


def step_inputs(case: DecoderCase) -> StepInputs:
    """The case's prompt as decoder inputs; a padding point where it has none."""
    width, height = case.target.padded_hw[1], case.target.padded_hw[0]
    batch = case.batch
    coords = [group.coords / torch.tensor([width, height]) for group in case.points]
    texts = list(case.texts.values())
    return StepInputs(
        point_features=tuple(
            torch.cat(
                [torch.zeros(batch, 0, CONFIG.dim)] + [group.sampled(level) for group in case.points], dim=1
            )
            for level in range(_NUM_LEVELS)
        ),
        point_coords=torch.cat([torch.zeros(batch, 0, 2), *coords], dim=1),
        point_labels=torch.cat(
            [torch.zeros(batch, 0, dtype=torch.int64), *(group.labels for group in case.points)], dim=1
        ),
        attention_bias=case.bias(CONFIG.num_memories),
        previous_mask=case.previous_mask,
        text_tokens=torch.cat(texts, dim=1) if texts else None,
    )


def _check_states(decoder: PromptDecoder, case: DecoderCase, trace: Trace, comparison: Comparison) -> None:
    """Query and memory rows before layer 0 and after each layer; text rows after each layer."""
    queries = decoder.query_feat.weight[case.query_index]
    memories = decoder.spatial_featured.weight if case.previous_mask is not None else queries[:0]
    first = torch.cat([queries, memories]).expand(case.batch, -1, -1)  # [B, Q + M, D]
    looking = first.shape[1]
    states = torch.stack([first, *(state[:, :looking] for state in trace.states)])
    comparison.check("layer_out", _golden_layout(states))

    stored = comparison.golden.get("token_out")
    if stored is None:
        return
    text_rows = sum(tokens.shape[1] for tokens in case.texts.values())
    if text_rows:
        # Rows of point and visual tokens are set again in every layer; we never compute them.
        columns = np.concatenate([_golden_tokens(case, _GOLDEN_GROUP[group]) for group in case.texts])
        tokens = torch.stack([state[:, looking:] for state in trace.states])
        comparison.check_against("token_out", _golden_layout(tokens), stored[:, columns])
    else:
        comparison.skip("token_out")


def _golden_layout(states: Tensor) -> Tensor:
    """`[L, B, R, D]` -> `[L, R, B, D / 16]`."""
    return states[..., ::_CHANNEL_STEP].transpose(1, 2)


def _golden_tokens(case: DecoderCase, group: str) -> NDArray[np.int64]:
    """Place of a token group in `token_out`, whose groups follow each other from 0."""
    first = min(start for start, _ in case.entry["token_groups"].values())
    start, stop = case.entry["token_groups"][group]
    return np.arange(start - first, stop - first)


def _check_tokens(case: DecoderCase, trace: Trace, comparison: Comparison) -> None:
    """Point and visual tokens of each level, padding left out."""
    stop = 0
    for group in case.points:
        start, stop = stop, stop + group.labels.shape[1]
        valid = (group.labels != PADDING).T  # [P, B]
        for level in range(_NUM_LEVELS):
            tokens = trace.tokens[level][:, start:stop].transpose(0, 1)  # [P, B, D]
            if group.group == "point":
                _check_valid_tokens(f"spatial_tokens_{level}", tokens, valid, comparison)
            if group.features is case.reference:
                for kind in ("visual", "spatial"):
                    _check_valid_tokens(f"out_ref_src_{kind}_queries_{level}", tokens, valid, comparison)


def _check_valid_tokens(name: str, tokens: Tensor, valid: Tensor, comparison: Comparison) -> None:
    stored = comparison.golden.get(name)
    if stored is not None:
        step = tokens.shape[2] // stored.shape[2]
        comparison.check_against(name, tokens[valid][:, ::step], stored[valid.numpy()])


def _check_cross_masks(case: DecoderCase, trace: Trace, comparison: Comparison) -> None:
    """Which cells each query and memory may not look at, layer by layer."""
    for layer, closed in enumerate(trace.closed):
        expected = _unpacked(case, "cross_mask", layer, comparison)
        if expected is not None:
            comparison.check_against(f"cross_mask_{layer}", closed, expected)


def _check_self_masks(case: DecoderCase, bias: Tensor, comparison: Comparison) -> None:
    """Who sees whom: our rows and columns picked out of the stored masks."""
    rows = case.row_slots(CONFIG.num_memories)
    columns = [*rows, *(group.slots for group in case.points)]
    row_place = np.concatenate([_golden_rows(case, slots.group) for slots in rows])
    column_place = np.concatenate([_golden_rows(case, slots.group) for slots in columns])
    for layer in range(_NUM_LEVELS):
        blocked = _unpacked(case, "self_mask", layer, comparison)
        if blocked is None:
            continue
        comparison.check_against(f"self_mask_{layer}", bias < 0, blocked[:, row_place][:, :, column_place])


def _unpacked(case: DecoderCase, kind: str, layer: int, comparison: Comparison) -> NDArray[np.bool_] | None:
    """A mask of a layer, stored as packed bits; None when the case does not have it."""
    stored = comparison.golden.get(f"{kind}_{layer}")
    if stored is None:
        return None
    shape = case.entry[f"{kind}_shape"][layer]
    return np.unpackbits(stored, count=int(np.prod(shape))).reshape(shape).astype(np.bool_)


def _golden_rows(case: DecoderCase, group: str) -> NDArray[np.int64]:
    start, stop = case.entry["self_groups"][_GOLDEN_GROUP[group]]
    return np.arange(start, stop)
