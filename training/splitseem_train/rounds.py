"""One training step: encode the photos once, then play several interactive rounds on their objects.

Source: SEEM section 3.3 and Table 3 (iterative training): the clicks of a round fall on the errors of the
round before, whose mask comes back as memory prompt.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import PIXEL_MEAN_RGB, PIXEL_STD_RGB
from splitseem_model.decoder import Head, Prepared, StepInputs, Trace
from splitseem_model.sampling import sample_points
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.selection import selection_scores
from splitseem_model.wiring import WIRINGS, Slots, attention_bias
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.losses import Targets, layer_loss
from splitseem_train.prompts_sampler import Points, first_prompt, next_click
from splitseem_train.recipe import Recipe

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
    """Masks averaged to stride 4, labels as rows of the class matrix."""
    masks = torch.from_numpy(np.stack([entry.mask for entry in batch.objects])).float()
    ignored = torch.from_numpy(
        np.stack([np.zeros_like(e.mask) if e.ignore is None else e.ignore for e in batch.objects])
    ).float()
    own = torch.stack([vocabulary.of_set[dataset] for dataset in batch.datasets])
    classes = torch.tensor([vocabulary.index.get(entry.label or "", -1) for entry in batch.objects])
    return Targets(
        mask=functional.avg_pool2d(masks[:, None], 4)[:, 0].to(device),
        counted=(functional.avg_pool2d(ignored[:, None], 4)[:, 0] < 0.5).float().to(device),
        class_logit_bias=torch.where(own, 0.0, OTHER_CLASS_BIAS).to(device),
        class_index=classes.to(device),
    )


def stack_points(prompts: list[Points]) -> tuple[Tensor, Tensor]:
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
    first_clicks_only: bool = False,
) -> RoundResult:
    """Encode the batch, then prompt, decode and correct `rounds` times; every round and layer adds to the
    loss."""
    device = model.class_matrix.device
    pixels = normalise(batch.pixels.to(device))
    side_hw = (pixels.shape[2], pixels.shape[3])
    query_index = torch.arange(model.config.decoder.num_queries, device=device)
    repeats = len(batch.objects) // len(pixels)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        encoded, encoded_levels = model.encode(pixels)
        prepared = _repeat(model.decoder.prepare(encoded_levels, encoded, query_index), repeats)
    mask_features = encoded.float().repeat_interleave(repeats, 0)
    levels = [level.float().repeat_interleave(repeats, 0) for level in encoded_levels]
    targets = make_targets(batch, vocabulary, device)

    prompts = [_first(entry.mask, rng, centre_click=first_clicks_only) for entry in batch.objects]
    result = RoundResult(mask_features.new_zeros(()), [], 0.0)
    previous: Tensor | None = None
    for number in range(rounds):
        if previous is not None:
            prompts = _with_next_clicks(batch, prompts, previous, recipe)
        coords, labels = (t.to(device) for t in stack_points(prompts))
        keep = number > 0 and (first_clicks_only or rng.random() < recipe.keep_memory)
        inputs = _step_inputs(model, levels, coords, labels, side_hw, previous if keep else None)
        point_mask_features = sample_points(
            mask_features, coords, side_hw, model.config.decoder.point_sampling
        )
        trace = Trace()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            model.decoder.step(prepared, inputs, query_index, trace)
        heads = [Head(*(t.float() for t in head)) for head in trace.heads]
        for depth, head in enumerate(heads):
            scores = selection_scores(
                model.config.decoder, head.mask_embed, head.quality, point_mask_features, labels
            )
            loss = layer_loss(
                head,
                mask_features,
                point_mask_features,
                labels,
                scores,
                model.class_logits(head.class_embed),
                targets,
                recipe.loss,
            )
            last = depth == len(heads) - 1
            result.loss = result.loss + loss * (1.0 if last else recipe.loss.early_layers) / rounds
        previous = _selected_logits(heads[-1], scores, mask_features)
        result.ious.append(_low_resolution_iou(previous, targets))
    result.label_hits = _label_hits(model, heads[-1], scores, targets)
    return result


def _first(
    mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], rng: np.random.Generator, *, centre_click: bool
) -> Points:
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
) -> StepInputs:
    config = model.config.decoder
    batch, points = labels.shape
    rows = [Slots("spatial", config.num_queries)]
    if previous is not None:
        rows.append(Slots("memory", config.num_memories))
    bias = attention_bias(WIRINGS[config.wiring], rows, [Slots("point", points, valid=labels >= 0)], batch)
    return StepInputs(
        point_features=tuple(
            sample_points(level, coords, side_hw, config.point_sampling) for level in levels
        ),
        point_coords=coords / coords.new_tensor([side_hw[1], side_hw[0]]),
        point_labels=labels,
        attention_bias=bias.to(labels.device),
        previous_mask=previous,
    )


def _selected_logits(head: Head, scores: Tensor, mask_features: Tensor) -> Tensor:
    """Mask logits `[B, 1, h, w]` of the query with the best score, without gradient."""
    with torch.no_grad():
        best = head.mask_embed[torch.arange(len(scores)), scores.argmax(-1)]
        return torch.einsum("bc,bchw->bhw", best, mask_features)[:, None]


def _with_next_clicks(batch: Batch, prompts: list[Points], previous: Tensor, recipe: Recipe) -> list[Points]:
    predicted = (functional.interpolate(previous, scale_factor=4.0, mode="bilinear")[:, 0] > 0).cpu().numpy()
    clicks = [next_click(e.mask, p, e.ignore) for e, p in zip(batch.objects, predicted, strict=True)]
    return [
        np.concatenate([old, new])[-recipe.max_prompt_points :]
        for old, new in zip(prompts, clicks, strict=True)
    ]


def _low_resolution_iou(logits: Tensor, targets: Targets) -> Tensor:
    predicted, truth = logits[:, 0] > 0, targets.mask > 0.5
    counted = targets.counted > 0
    overlap = (predicted & truth & counted).flatten(1).sum(1)
    union = ((predicted | truth) & counted).flatten(1).sum(1)
    return overlap / union.clamp(min=1)


def _label_hits(model: SegmentationModel, head: Head, scores: Tensor, targets: Targets) -> float:
    """Share of named objects whose selected query says the right name among those of the sample's set."""
    with torch.no_grad():
        best = head.class_embed[torch.arange(len(scores)), scores.argmax(-1)]
        guess = (model.class_logits(best) + targets.class_logit_bias).argmax(-1)
        named = targets.class_index >= 0
        return float((guess == targets.class_index)[named].float().mean()) if named.any() else 0.0
