"""Matching of queries to objects and the loss, for every decoder layer.

Source: SEEM section 3.3: one query per prompt is matched by its mask embedding for points (Eq. 5), by its
class embedding for texts (Eq. 6), both in the selection scores, plus how well its mask fits. It is trained
with binary cross-entropy and dice; the label by its class embedding. All tensors: B samples, Q queries, P
points.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.decode.decoder import Head
from splitseem_train.recipe import LossWeights
from splitseem_train.selection import signed_point_logits


@dataclass(frozen=True)
class MaskTarget:
    """What a mask should be.

    Attributes:
        share: `[B, h, w]` float in 0..1, share of each cell that is object; counted: `[B, h, w]` float, 0
            where ignored.
    """

    share: Tensor
    counted: Tensor


@dataclass(frozen=True)
class Targets:
    """What the queries should say.

    Attributes:
        fine: the mask at stride 4; coarse: the same at stride 8, which every layer but the last is held to,
            since the masks of all queries at stride 4 are most of the time of a step.
        class_logit_bias: `[B, K]`, the logarithm of its frequency for a class that the sample is told from,
            a large negative number for others.
        class_index: `[B]` int64, -1 where the object has no name.
    """

    fine: MaskTarget
    coarse: MaskTarget
    class_logit_bias: Tensor
    class_index: Tensor


@dataclass(frozen=True)
class Points:
    """The clicks of a round: mask_features `[B, P, C]` sampled there, labels `[B, P]`."""

    mask_features: Tensor
    labels: Tensor


def mask_losses(logits: Tensor, target: MaskTarget, focus: float = 0.0) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy and dice of every query.

    Args:
        logits: `[B, Q, N]`, N = h * w of the target; focus: see `LossWeights`, for Q = 1.
    Returns:
        two `[B, Q]` tensors.
    """
    weight, truth = target.counted.flatten(1), target.share.flatten(1)
    total = weight.sum(1).clamp(min=1)
    counts = weight if focus == 0 else _focused(logits[:, 0], truth, weight, focus)
    # sum of BCE = sum of softplus(x) - x * t, without materialising the target for every query
    bce = torch.einsum("bqn,bn->bq", functional.softplus(logits), counts)
    bce = (bce - torch.einsum("bqn,bn->bq", logits, truth * counts)) / total[:, None]
    probability = logits.sigmoid()
    overlap = torch.einsum("bqn,bn->bq", probability, truth * weight)
    size = torch.einsum("bqn,bn->bq", probability, weight) + (truth * weight).sum(1)[:, None]
    dice = 1 - (2 * overlap + 1) / (size + 1)
    return bce, dice


@torch.no_grad()
def _focused(logits: Tensor, truth: Tensor, weight: Tensor, focus: float) -> Tensor:
    """Weights `[B, N]` by the error of a mask `[B, N]` at every cell, with the same sum as `weight`."""
    by_error = weight * (logits.sigmoid() - truth).abs().clamp(min=1e-3) ** focus
    return by_error * (weight.sum(1) / by_error.sum(1).clamp(min=1e-6))[:, None]


def layer_loss(
    head: Head,
    coarse_mask_features: Tensor,
    points: Points,
    scores: Tensor,
    class_logits: Tensor,
    targets: Targets,
    weights: LossWeights,
) -> tuple[Tensor, Tensor]:
    """Loss of one decoder layer, a scalar, and the matched query `[B]` of every sample.

    Args:
        coarse_mask_features: `[B, C, N]` at stride 8; scores: `[B, Q]` selection scores; class_logits: `[B,
            Q, K]`.
    """
    bce, dice = mask_losses((head.mask_embed @ coarse_mask_features).float(), targets.coarse)
    mask_cost = weights.mask_bce * bce + weights.mask_dice * dice  # [B, Q]
    with torch.no_grad():
        matched = (mask_cost - 0.5 * scores.log_softmax(-1)).argmin(-1)
    chosen = torch.arange(len(matched), device=matched.device), matched
    signed, counted = signed_point_logits(head.mask_embed, points.mask_features, points.labels)
    point = (functional.softplus(1 - signed[chosen]) * counted).sum(-1) / counted.sum(-1).clamp(min=1)
    selection = functional.cross_entropy(scores, matched)
    named = targets.class_index >= 0
    label = functional.cross_entropy(
        (class_logits[chosen] + targets.class_logit_bias)[named], targets.class_index[named], reduction="sum"
    ) / named.sum().clamp(min=1)
    loss = (
        mask_cost[chosen].mean()
        + weights.all_queries * mask_cost.mean()
        + weights.point * point.mean()
        + weights.selection * selection
        + weights.label * label
    )
    return loss, matched


def answer_loss(
    logits: Tensor, point_logits: Tensor, labels: Tensor, target: MaskTarget, weights: LossWeights
) -> Tensor:
    """Loss of the one mask that answers, at stride 4, a scalar.

    Args:
        logits: `[B, 1, h, w]`; point_logits: `[B, P]` the same sampled at the clicks; labels: `[B, P]`.
    """
    bce, dice = mask_losses(logits.flatten(2), target, weights.focus)
    sign = torch.where(labels == 0, -1.0, 1.0)
    counted = ((labels == 0) | (labels == 1)).to(logits.dtype)
    point = (functional.softplus(1 - sign * point_logits) * counted).sum(-1) / counted.sum(-1).clamp(min=1)
    return (weights.mask_bce * bce + weights.mask_dice * dice).mean() + weights.point * point.mean()
