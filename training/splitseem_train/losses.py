"""Matching of queries to objects and the loss, for every decoder layer.

Source: SEEM section 3.3: one query per prompt is matched by its mask embedding (Eq. 5) plus how well its mask
fits, and is trained with binary cross-entropy and dice; the label by its class embedding. All tensors: B
samples, Q queries, P points.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.decoder import Head
from splitseem_model.sampling import signed_point_logits
from splitseem_train.recipe import LossWeights


@dataclass(frozen=True)
class Targets:
    """What the queries should say.

    Attributes:
        mask: `[B, h, w]` float in 0..1, share of each stride-4 cell that is object; counted: `[B, h, w]`
            float, 0 where ignored.
        class_logit_bias: `[B, K]`, 0 for classes of the sample's data set and a large negative number for
            others.
        class_index: `[B]` int64, -1 where the object has no name.
    """

    mask: Tensor
    counted: Tensor
    class_logit_bias: Tensor
    class_index: Tensor


def mask_losses(logits: Tensor, target: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy and dice of every query.

    Args:
        logits: `[B, Q, h, w]`; target, counted: `[B, h, w]`.
    Returns:
        two `[B, Q]` tensors.
    """
    weight = counted.flatten(1)
    total = weight.sum(1).clamp(min=1)
    flat, truth = logits.flatten(2), target.flatten(1)
    # sum of BCE = sum of softplus(x) - x * t, without materialising the target for every query
    bce = torch.einsum("bqn,bn->bq", functional.softplus(flat), weight)
    bce = (bce - torch.einsum("bqn,bn->bq", flat, truth * weight)) / total[:, None]
    probability = flat.sigmoid()
    overlap = torch.einsum("bqn,bn->bq", probability, truth * weight)
    size = torch.einsum("bqn,bn->bq", probability, weight) + (truth * weight).sum(1)[:, None]
    dice = 1 - (2 * overlap + 1) / (size + 1)
    return bce, dice


def layer_loss(
    head: Head,
    mask_features: Tensor,
    point_mask_features: Tensor,
    point_labels: Tensor,
    scores: Tensor,
    class_logits: Tensor,
    targets: Targets,
    weights: LossWeights,
) -> Tensor:
    """Loss of one decoder layer, a scalar.

    Args:
        mask_features: `[B, C, h, w]`; point_mask_features: `[B, P, C]`; point_labels: `[B, P]`.
        scores: `[B, Q]` selection scores; class_logits: `[B, Q, K]`.
    """
    logits = torch.einsum("bqc,bchw->bqhw", head.mask_embed, mask_features)
    bce, dice = mask_losses(logits, targets.mask, targets.counted)
    mask_cost = weights.mask_bce * bce + weights.mask_dice * dice  # [B, Q]
    with torch.no_grad():
        matched = (mask_cost - 0.5 * scores.log_softmax(-1)).argmin(-1)
    chosen = torch.arange(len(matched), device=matched.device), matched
    signed, counted = signed_point_logits(head.mask_embed, point_mask_features, point_labels)
    point = (functional.softplus(1 - signed[chosen]) * counted).sum(-1) / counted.sum(-1).clamp(min=1)
    selection = functional.cross_entropy(scores, matched)
    named = targets.class_index >= 0
    label = functional.cross_entropy(
        (class_logits[chosen] + targets.class_logit_bias)[named], targets.class_index[named], reduction="sum"
    ) / named.sum().clamp(min=1)
    return (
        mask_cost[chosen].mean()
        + weights.all_queries * mask_cost.mean()
        + weights.point * point.mean()
        + weights.selection * selection
        + weights.label * label
    )
