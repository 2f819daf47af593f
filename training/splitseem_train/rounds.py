"""One training step: encode the photos once, then play several interactive rounds on their objects.

Source: SEEM section 3.3 and Table 3 (iterative training): the clicks of a round fall on the errors of the
round before, whose mask comes back as memory prompt.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import MASK_STRIDE, PIXEL_MEAN_RGB, PIXEL_STD_RGB
from splitseem_model.decoder import Head, Prepared, StepInputs, Trace
from splitseem_model.refiner import RefinerFeatures
from splitseem_model.sampling import sample_points
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.selection import TEXT_WEIGHT, selection_scores, text_cosines
from splitseem_model.wiring import WIRINGS, Slots, attention_bias
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.losses import MaskTarget, Points, Targets, answer_loss, layer_loss
from splitseem_train.prompts_sampler import PointList, first_prompt, next_click
from splitseem_train.recipe import Recipe
from splitseem_train.text_prompts import Sentences, TextPrompts, draw_text_prompts

OTHER_CLASS_BIAS = -1e4


@dataclass
class RoundResult:
    """What one step yields: the loss, and IoU `[samples]` of the selected mask after each round."""

    loss: Tensor
    ious: list[Tensor]
    label_hits: float


def normalise(pixels: Tensor) -> Tensor:
    """uint8 `[B, 3, H, W]` -> float32, as `preprocess` does."""
    mean = torch.tensor(PIXEL_MEAN_RGB, device=pixels.device)[:, None, None]
    std = torch.tensor(PIXEL_STD_RGB, device=pixels.device)[:, None, None]
    return ((pixels.float() - mean) / std).contiguous(memory_format=torch.channels_last)


def make_targets(batch: Batch, vocabulary: Vocabulary, device: torch.device) -> Targets:
    """Masks averaged to strides 4 and 8, labels as rows of the class matrix."""
    stacks = (
        np.stack([entry.mask for entry in batch.objects]),
        np.stack([np.zeros_like(e.mask) if e.ignore is None else e.ignore for e in batch.objects]),
    )
    masks, ignored = (torch.from_numpy(stack).to(device).float() for stack in stacks)

    def averaged(stride: int) -> MaskTarget:
        share, lost = (functional.avg_pool2d(m[:, None], stride)[:, 0] for m in (masks, ignored))
        return MaskTarget(share, (lost < 0.5).float())

    rivals = torch.stack([vocabulary.rivals(entry.dataset, entry.label) for entry in batch.objects])
    classes = torch.tensor([vocabulary.index.get(entry.label or "", -1) for entry in batch.objects])
    return Targets(
        fine=averaged(MASK_STRIDE),
        coarse=averaged(2 * MASK_STRIDE),
        class_logit_bias=torch.where(rivals, vocabulary.log_prior, OTHER_CLASS_BIAS).to(device),
        class_index=classes.to(device),
    )


def stack_points(prompts: list[PointList]) -> tuple[Tensor, Tensor]:
    """Prompts of different lengths -> coordinates `[B, P, 2]` and labels `[B, P]`, padded with label -1."""
    longest = max(1, max(len(points) for points in prompts))
    padded = np.zeros((len(prompts), longest, 3), dtype=np.float32)
    padded[..., 2] = -1
    for row, points in zip(padded, prompts, strict=True):
        row[: len(points)] = points
    return torch.from_numpy(padded[..., :2]), torch.from_numpy(padded[..., 2]).long()


def play_rounds(
    model: SegmentationModel,
    batch: Batch,
    vocabulary: Vocabulary,
    recipe: Recipe,
    rng: np.random.Generator,
    *,
    rounds: int,
    sentences: Sentences | None = None,
    first_clicks_only: bool = False,
) -> RoundResult:
    """Encode the batch, then prompt, decode and correct `rounds` times; every round and layer adds to the
    loss.

    Args:
        sentences: of the vocabulary, for a model with text.
    """
    device = model.class_matrix.device
    pixels = normalise(batch.pixels.to(device))
    side_hw = (pixels.shape[2], pixels.shape[3])
    query_index = torch.arange(model.config.decoder.num_queries, device=device)
    repeats = len(batch.objects) // len(pixels)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        encoded, encoded_levels = model.encode(pixels)
        prepared = _repeat(model.decoder.prepare(encoded_levels, encoded, query_index), repeats)
        refiner = model.refiner
        looks = None if refiner is None else refiner.prepare(encoded, *encoded_levels[1:])
    mask_features = encoded.float().repeat_interleave(repeats, 0)
    levels = [level.float().repeat_interleave(repeats, 0) for level in encoded_levels]
    if looks is not None:
        looks = RefinerFeatures(*(look.repeat_interleave(repeats, 0) for look in looks))
    targets = make_targets(batch, vocabulary, device)

    class_matrix = model.class_matrix if sentences is None else sentences.class_matrix(model)
    prompts = [_first(entry.mask, rng, centre_click=first_clicks_only) for entry in batch.objects]
    texts = None
    if not first_clicks_only:
        texts = draw_text_prompts(model, sentences, batch, vocabulary, recipe, rng)
    if texts is not None:
        prompts = [
            np.zeros((0, 3), np.float32) if named else points
            for points, named in zip(prompts, texts.alone.tolist(), strict=True)
        ]
    result = RoundResult(mask_features.new_zeros(()), [], 0.0)
    previous: Tensor | None = None
    for number in range(rounds):
        if previous is not None:
            prompts = _with_next_clicks(batch, prompts, previous, recipe)
        coords, labels = (t.to(device) for t in stack_points(prompts))
        keep = number > 0 and (first_clicks_only or rng.random() < recipe.keep_memory)
        memory = previous if keep else None
        inputs = _step_inputs(model, levels, coords, labels, side_hw, memory, texts)
        sampling = model.config.decoder.point_sampling
        points = Points(sample_points(mask_features, coords, side_hw, sampling), labels)
        trace = Trace()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            model.decoder.step(prepared, inputs, query_index, trace)
        heads = [Head(*(t.float() for t in head)) for head in trace.heads]
        for depth, head in enumerate(heads):
            scores = selection_scores(
                model.config.decoder, head.mask_embed, head.quality, points.mask_features, labels
            )
            if texts is not None:
                agreement = text_cosines(head.class_embed, texts.meaning[:, None])[..., 0]
                scores = scores + TEXT_WEIGHT * agreement * texts.given[:, None]
            with torch.autocast(device.type, dtype=torch.bfloat16):
                coarse = prepared.level_mask_features[-1]
                class_logits = model.class_logits(head.class_embed, class_matrix)
                loss, matched = layer_loss(head, coarse, points, scores, class_logits, targets, recipe.loss)
            last = depth == len(heads) - 1
            result.loss = result.loss + loss * (1.0 if last else recipe.loss.early_layers) / rounds
        best = scores.argmax(-1)
        if not first_clicks_only and number == 0:
            # Which of several objects is meant is open yet: half of the masks are those of the right one.
            given_away = torch.from_numpy(rng.random(len(best)) < 0.5).to(device)
            best = torch.where(given_away, matched, best)
        embed = heads[-1].mask_embed[torch.arange(len(best), device=device), best]
        answer = torch.einsum("bc,bchw->bhw", embed, mask_features)[:, None]
        if refiner is not None and looks is not None:
            given = torch.zeros_like(answer) if memory is None else memory
            with torch.autocast(device.type, dtype=torch.bfloat16):
                answer = refiner(looks, answer, given, coords, labels, points.mask_features)
            answer = answer.float()
        at_points = sample_points(answer, coords, side_hw, sampling)[..., 0]
        result.loss = result.loss + answer_loss(answer, at_points, labels, targets.fine, recipe.loss) / rounds
        previous = answer.detach()
        result.ious.append(_low_resolution_iou(previous, targets.fine))
    result.label_hits = _label_hits(model, class_matrix, heads[-1], scores, targets)
    return result


def _first(
    mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], rng: np.random.Generator, *, centre_click: bool
) -> PointList:
    if centre_click:
        return next_click(mask, np.zeros_like(mask), None)
    return first_prompt(mask, rng)


def _repeat(prepared: Prepared, times: int) -> Prepared:
    return Prepared(
        tuple(t.repeat_interleave(times, 0) for t in prepared.keys),
        tuple(t.repeat_interleave(times, 0) for t in prepared.values),
        tuple(t.repeat_interleave(times, 0) for t in prepared.level_mask_features),
        prepared.query_state.repeat_interleave(times, 0),
    )


def _step_inputs(
    model: SegmentationModel,
    levels: list[Tensor],
    coords: Tensor,
    labels: Tensor,
    side_hw: tuple[int, int],
    previous: Tensor | None,
    texts: TextPrompts | None,
) -> StepInputs:
    config = model.config.decoder
    batch, points = labels.shape
    rows = [Slots("spatial", config.num_queries)]
    if previous is not None:
        rows.append(Slots("memory", config.num_memories))
    if texts is not None:
        rows.append(Slots("text", 1, valid=texts.given[:, None]))
    bias = attention_bias(WIRINGS[config.wiring], rows, [Slots("point", points, valid=labels >= 0)], batch)
    return StepInputs(
        point_features=tuple(
            sample_points(level, coords, side_hw, config.point_sampling) for level in levels
        ),
        point_coords=coords / coords.new_tensor([side_hw[1], side_hw[0]]),
        point_labels=labels,
        attention_bias=bias.to(labels.device),
        previous_mask=previous,
        text_tokens=None if texts is None else texts.tokens,
    )


def _with_next_clicks(
    batch: Batch, prompts: list[PointList], previous: Tensor, recipe: Recipe
) -> list[PointList]:
    predicted = (functional.interpolate(previous, scale_factor=4.0, mode="bilinear")[:, 0] > 0).cpu().numpy()
    place = (
        (entry.mask, answer, entry.ignore) for entry, answer in zip(batch.objects, predicted, strict=True)
    )
    clicks = list(_map(recipe.workers)(lambda one: next_click(*one), place))
    return [
        np.concatenate([old, new])[-recipe.max_prompt_points :]
        for old, new in zip(prompts, clicks, strict=True)
    ]


@cache
def _map(workers: int) -> Callable[..., Iterable[Any]]:
    """`map`, by so many threads."""
    return ThreadPoolExecutor(workers).map if workers else map


def _low_resolution_iou(logits: Tensor, target: MaskTarget) -> Tensor:
    predicted, truth = logits[:, 0] > 0, target.share > 0.5
    counted = target.counted > 0
    overlap = (predicted & truth & counted).flatten(1).sum(1)
    union = ((predicted | truth) & counted).flatten(1).sum(1)
    return overlap / union.clamp(min=1)


def _label_hits(
    model: SegmentationModel, class_matrix: Tensor, head: Head, scores: Tensor, targets: Targets
) -> float:
    """Share of named objects whose selected query says the right name among those of the sample's set."""
    with torch.no_grad():
        best = head.class_embed[torch.arange(len(scores), device=scores.device), scores.argmax(-1)]
        guess = (model.class_logits(best, class_matrix) + targets.class_logit_bias).argmax(-1)
        named = targets.class_index >= 0
        return float((guess == targets.class_index)[named].float().mean()) if named.any() else 0.0
