"""The panoptic task: without a prompt, every query finds an object of its own, or none.

The queries see each other and nothing else, which is the object group of the official wirings: copies of the
same learned queries.

Source: SEEM section 3.3, whose panoptic loss is that of X-Decoder and Mask2Former (arXiv 2112.01527):
matching one to one by class, binary cross-entropy and dice.
Deviations: no class stands for nothing; instead the quality, which chooses among queries, is held to the IoU
of a query's mask, 0 for one without an object. All layers are matched as the last one is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from splitseem_model.network import SegmentationModel
from splitseem_train.batches import Vocabulary
from splitseem_train.encoding import EncodedPhotos, decode, stack_points
from splitseem_train.losses import MaskTarget, mask_losses
from splitseem_train.recipe import LossWeights
from splitseem_train.supervision import class_targets, mask_iou
from splitseem_train.tasks.prompts_sampler import NO_POINTS
from splitseem_train.tasks.scenes import Scene


@dataclass(frozen=True)
class PanopticResult:
    """The loss, a scalar, and IoU `[M]` at stride 8 of every object that has a query."""

    loss: Tensor
    ious: Tensor


class _Answers(NamedTuple):
    """What the queries say after a layer: mask logits `[B, Q, N]` at stride 8, class logits `[B, Q, K]`,
    quality `[B, Q]`."""

    mask_logits: Tensor
    class_logits: Tensor
    quality: Tensor


@dataclass(frozen=True)
class _SceneTargets:
    """B scenes, padded to T objects.

    Attributes:
        masks: of `[B * T, h, w]`; class_logit_bias: `[B, T, K]`; class_index: `[B, T]`, -1 without a name.
        counts: objects of each; complete: `[B]` bool.
    """

    masks: MaskTarget
    class_logit_bias: Tensor
    class_index: Tensor
    counts: tuple[int, ...]
    complete: Tensor


class _Pairs(NamedTuple):
    """M queries with their objects: photo, query and object, int64 `[M]` each."""

    photo: Tensor
    query: Tensor
    object: Tensor


def find_everything(
    model: SegmentationModel,
    photos: EncodedPhotos,
    scenes: Sequence[Scene | None],
    vocabulary: Vocabulary,
    class_matrix: Tensor,
    weights: LossWeights,
) -> PanopticResult | None:
    """Decode the photos that have a scene without prompt, and hold the queries to it.

    Args:
        scenes: one a photo; class_matrix: `[K, E]`.
    Returns:
        None where no photo has a scene. The loss counts by the share of photos that have one.
    """
    shown = [(number, scene) for number, scene in enumerate(scenes) if scene is not None]
    if not shown:
        return None
    device = class_matrix.device
    photos = photos.chosen(torch.tensor([number for number, _ in shown], device=device))
    targets = _stacked([scene for _, scene in shown], vocabulary, device)
    answers = _answers(model, photos, class_matrix)
    pairs = _matched(answers[-1], targets, weights)
    *early, (last, ious) = (_layer_loss(answer, targets, pairs, weights) for answer in answers)
    total = last + weights.early_layers * sum((loss for loss, _ in early), start=torch.zeros_like(last))
    return PanopticResult(weights.panoptic * total * len(shown) / len(scenes), ious)


def _answers(model: SegmentationModel, photos: EncodedPhotos, class_matrix: Tensor) -> list[_Answers]:
    """Those of every layer."""
    coords, labels = stack_points([NO_POINTS] * len(photos.mask_features))
    coarse = photos.prepared.level_mask_features[-1].float()
    return [
        _Answers(head.mask_embed @ coarse, model.class_logits(head.class_embed, class_matrix), head.quality)
        for head in decode(model, photos, coords.to(coarse.device), labels.to(coarse.device))
    ]


def _stacked(scenes: Sequence[Scene], vocabulary: Vocabulary, device: torch.device) -> _SceneTargets:
    classes = [class_targets(scene.kinds, vocabulary) for scene in scenes]
    share, counted, bias, index = (
        pad_sequence(parts, batch_first=True).to(device)
        for parts in (
            [torch.from_numpy(scene.share) for scene in scenes],
            [torch.from_numpy(scene.counted) for scene in scenes],
            [bias for bias, _ in classes],
            [index for _, index in classes],
        )
    )
    return _SceneTargets(
        MaskTarget(share.flatten(0, 1), counted.flatten(0, 1)),
        bias,
        index,
        tuple(len(scene.kinds) for scene in scenes),
        torch.tensor([scene.complete for scene in scenes], device=device),
    )


@torch.no_grad()
def _matched(answers: _Answers, targets: _SceneTargets, weights: LossWeights) -> _Pairs:
    """For every photo the pairs whose masks fit and whose names are right (Eq. 6 and its IoU term)."""
    batch, objects = targets.class_index.shape
    bce, dice = mask_losses(answers.mask_logits.repeat_interleave(objects, 0), targets.masks)  # [B * T, Q]
    biased = answers.class_logits[:, None] + targets.class_logit_bias[:, :, None]  # [B, T, Q, K]
    wanted = targets.class_index.clamp(min=0)[:, :, None, None].expand(-1, -1, biased.shape[2], 1)
    wrong = 1 - biased.softmax(-1).gather(-1, wanted)[..., 0]  # [B, T, Q]
    named = targets.class_index[..., None] >= 0
    cost = (weights.mask_bce * bce + weights.mask_dice * dice).view(batch, objects, -1)
    cost = (cost + weights.label * wrong * named).nan_to_num().double().cpu()
    pairs = [
        (photo, query, number)
        for photo, count in enumerate(targets.counts)
        for number, query in zip(*linear_sum_assignment(cost[photo, :count].numpy()), strict=True)
    ]
    return _Pairs(*torch.tensor(pairs, device=answers.quality.device).T)


def _layer_loss(
    answers: _Answers, targets: _SceneTargets, pairs: _Pairs, weights: LossWeights
) -> tuple[Tensor, Tensor]:
    """Loss of one layer, a scalar, and the IoU `[M]` of every pair."""
    queries, objects = (pairs.photo, pairs.query), (pairs.photo, pairs.object)
    flat = pairs.photo * targets.class_index.shape[1] + pairs.object
    masks = MaskTarget(targets.masks.share[flat], targets.masks.counted[flat])
    logits = answers.mask_logits[queries]  # [M, N]
    bce, dice = mask_losses(logits[:, None], masks)
    index = targets.class_index[objects]
    label = functional.cross_entropy(
        answers.class_logits[queries] + targets.class_logit_bias[objects],
        index,
        ignore_index=-1,
        reduction="sum",
    ) / (index >= 0).sum().clamp(min=1)
    ious = mask_iou(logits.detach().view_as(masks.share), masks)
    loss = (
        (weights.mask_bce * bce + weights.mask_dice * dice).mean()
        + weights.label * label
        + weights.quality * _quality_loss(answers.quality, ious, queries, targets.complete)
    )
    return loss, ious


def _quality_loss(quality: Tensor, ious: Tensor, queries: tuple[Tensor, Tensor], complete: Tensor) -> Tensor:
    """How far the quality is from the IoU of the matched queries; from 0 for the others, where what has no
    object is nothing."""
    wanted, counted = (
        torch.zeros_like(quality),
        complete[:, None].expand_as(quality).to(quality.dtype).clone(),
    )
    wanted[queries], counted[queries] = ious, 1.0
    loss = functional.binary_cross_entropy_with_logits(quality, wanted, reduction="none")
    return (loss * counted).sum() / counted.sum()
