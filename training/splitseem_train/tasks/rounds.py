"""The interactive task: several rounds of prompts, answers and clicks on their errors.

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

from splitseem_model.decode.decoder import Head
from splitseem_model.layers.sampling import sample_points
from splitseem_model.mask.selection import TEXT_WEIGHT
from splitseem_model.network import SegmentationModel
from splitseem_train.batches import Batch
from splitseem_train.encoding import EncodedPhotos, decode, stack_points
from splitseem_train.losses import Points, Targets, answer_loss, layer_loss
from splitseem_train.recipe import LossWeights, Recipe
from splitseem_train.selection import selection_scores, text_cosines
from splitseem_train.supervision import label_hits, mask_iou
from splitseem_train.tasks.nearly_right import nearly_right
from splitseem_train.tasks.prompts_sampler import NO_POINTS, PointList, first_prompt, next_click
from splitseem_train.tasks.text_prompts import TextPrompts


@dataclass
class RoundResult:
    """The loss of all rounds, and IoU `[samples]` of the selected mask after each."""

    loss: Tensor
    ious: list[Tensor]
    label_hits: float


@dataclass(frozen=True)
class _Asked:
    """One round's prompts: coordinates `[B, P, 2]`, what lies there, memory `[B, 1, S/4, S/4]` and texts."""

    coords: Tensor
    points: Points
    memory: Tensor | None
    texts: TextPrompts | None


@dataclass(frozen=True)
class _Judged:
    """What the queries said: selection scores `[B, Q]`, class logits `[B, Q, K]` of the last layer, the query
    `[B]` whose mask was right, and the loss of all layers."""

    scores: Tensor
    class_logits: Tensor
    matched: Tensor
    loss: Tensor


def play_rounds(
    model: SegmentationModel,
    photos: EncodedPhotos,
    batch: Batch,
    targets: Targets,
    class_matrix: Tensor,
    recipe: Recipe,
    rng: np.random.Generator,
    *,
    rounds: int,
    texts: TextPrompts | None = None,
    centre_clicks: bool = False,
) -> RoundResult:
    """Prompt, decode and correct `rounds` times; every round and layer adds to the loss.

    Args:
        photos: of the batch; targets: of its objects; class_matrix: `[K, E]`.
        centre_clicks: begin with a click at the centre of every object and always keep the memory, as an
            evaluation does.
    """
    photos = photos.repeated(len(batch.objects) // len(batch.pixels))
    prompts = _first_prompts(batch, texts, rng, centre_clicks=centre_clicks)
    result = RoundResult(photos.mask_features.new_zeros(()), [], 0.0)
    begun = not centre_clicks and recipe.nearly > 0 and rng.random() < recipe.nearly
    previous = _nearly_right(batch, rng).to(photos.mask_features.device) if begun else None
    asks_again = not centre_clicks and not begun and recipe.again > 0 and rng.random() < recipe.again
    for number in range(rounds):
        again = asks_again and number == 1
        if previous is not None and not again:
            prompts = _with_next_clicks(batch, prompts, previous, recipe)
        keep = previous is not None and (again or centre_clicks or rng.random() < recipe.keep_memory)
        asked = _ask(model, photos, prompts, previous if keep else None, texts)
        heads = decode(
            model, photos, asked.coords, asked.points.labels, memory=asked.memory, texts=asked.texts
        )
        judged = _judge(model, photos, asked, heads, targets, class_matrix, recipe.loss)
        best = judged.scores.argmax(-1)
        if not centre_clicks and not begun and number == 0:
            # Which of several objects is meant is open yet: half of the masks are those of the right one.
            given_away = torch.from_numpy(rng.random(len(best)) < 0.5).to(best.device)
            best = torch.where(given_away, judged.matched, best)
        answer, at_points = _draw(model, photos, asked, heads[-1], best)
        drawn = answer_loss(answer, at_points, asked.points.labels, targets.fine, recipe.loss)
        result.loss = result.loss + (judged.loss + drawn) / rounds
        previous = answer.detach()
        result.ious.append(mask_iou(previous[:, 0], targets.fine))
    result.label_hits = label_hits(judged.class_logits, judged.scores.argmax(-1), targets)
    return result


def _nearly_right(batch: Batch, rng: np.random.Generator) -> Tensor:
    """Mask logits `[B, 1, S/4, S/4]` to begin with."""
    return torch.from_numpy(np.stack([nearly_right(entry.mask, rng) for entry in batch.objects]))[:, None]


def _first_prompts(
    batch: Batch, texts: TextPrompts | None, rng: np.random.Generator, *, centre_clicks: bool
) -> list[PointList]:
    """One for each object; none where a text alone says what is meant."""
    if centre_clicks:
        return [next_click(entry.mask, np.zeros_like(entry.mask), None) for entry in batch.objects]
    drawn = [first_prompt(entry.mask, rng) for entry in batch.objects]
    alone = [False] * len(drawn) if texts is None else texts.alone.tolist()
    return [NO_POINTS if named else points for points, named in zip(drawn, alone, strict=True)]


def _ask(
    model: SegmentationModel,
    photos: EncodedPhotos,
    prompts: list[PointList],
    memory: Tensor | None,
    texts: TextPrompts | None,
) -> _Asked:
    coords, labels = (t.to(photos.mask_features.device) for t in stack_points(prompts))
    sampled = sample_points(photos.mask_features, coords, photos.side_hw, model.config.decoder.point_sampling)
    return _Asked(coords, Points(sampled, labels), memory, texts)


def _judge(
    model: SegmentationModel,
    photos: EncodedPhotos,
    asked: _Asked,
    heads: list[Head],
    targets: Targets,
    class_matrix: Tensor,
    weights: LossWeights,
) -> _Judged:
    coarse = photos.prepared.level_mask_features[-1]
    total = photos.mask_features.new_zeros(())
    for depth, head in enumerate(heads):
        scores = _scores(model, asked, head)
        with torch.autocast(scores.device.type, dtype=torch.bfloat16):
            class_logits = model.class_logits(head.class_embed, class_matrix)
            loss, matched = layer_loss(head, coarse, asked.points, scores, class_logits, targets, weights)
        last = depth == len(heads) - 1
        total = total + loss * (1.0 if last else weights.early_layers)
    return _Judged(scores, class_logits, matched, total)


def _scores(model: SegmentationModel, asked: _Asked, head: Head) -> Tensor:
    """Selection scores `[B, Q]`: by mask embedding at the points (Eq. 5), by class embedding for texts (Eq.
    6)."""
    points, texts = asked.points, asked.texts
    scores = selection_scores(
        model.config.decoder, head.mask_embed, head.quality, points.mask_features, points.labels
    )
    if texts is None:
        return scores
    agreement = text_cosines(head.class_embed, texts.meaning[:, None])[..., 0]
    return scores + TEXT_WEIGHT * agreement * texts.given[:, None]


def _draw(
    model: SegmentationModel, photos: EncodedPhotos, asked: _Asked, head: Head, best: Tensor
) -> tuple[Tensor, Tensor]:
    """The answering masks, refined: logits `[B, 1, S/4, S/4]`, and sampled at the points `[B, P]`."""
    embed = head.mask_embed[torch.arange(len(best), device=best.device), best]
    answer = torch.einsum("bc,bchw->bhw", embed, photos.mask_features)[:, None]
    labels = asked.points.labels
    if model.refiner is not None and photos.looks is not None:
        given = torch.zeros_like(answer) if asked.memory is None else asked.memory
        with torch.autocast(answer.device.type, dtype=torch.bfloat16):
            answer = model.refiner(
                photos.looks, answer, given, asked.coords, labels, asked.points.mask_features
            )
        answer = answer.float()
    sampling = model.config.decoder.point_sampling
    return answer, sample_points(answer, asked.coords, photos.side_hw, sampling)[..., 0]


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
    """`map`, by that number of threads."""
    return ThreadPoolExecutor(workers).map if workers else map
