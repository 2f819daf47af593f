"""The scores of `splitseem_model.mask.selection` with gradients, and what they are made of."""

import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import DecoderConfig
from splitseem_model.mask.selection import CLICK_LOGIT_LIMIT


def signed_point_logits(
    mask_embed: Tensor, point_mask_features: Tensor, point_labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Mask logits of every query at the clicked points, turned so that larger is better.

    Args:
        mask_embed: `[B, Q, C]`; point_mask_features: `[B, P, C]`; point_labels: `[B, P]`.
    Returns:
        `[B, Q, P]` logits, negated at negative points, and `[B, P]` float, 1 where the label is 1 or 0 and 0
        elsewhere.
    """
    logits = mask_embed @ point_mask_features.transpose(1, 2)
    sign = torch.where(point_labels == 0, -1.0, 1.0)
    counted = ((point_labels == 0) | (point_labels == 1)).to(logits.dtype)
    return logits * sign[:, None, :], counted


def text_cosines(class_embed: Tensor, sentences: Tensor) -> Tensor:
    """Agreement of every query with every text (Eq. 6), in -1..1.

    Args:
        class_embed: `[B, Q, E]`; sentences: `[T, E]`, or `[B, T, E]` where each sample has its own.
    Returns:
        `[B, Q, T]`.
    """
    return functional.normalize(class_embed, dim=-1) @ functional.normalize(sentences, dim=-1).mT


def selection_scores(
    config: DecoderConfig,
    mask_embed: Tensor,
    quality: Tensor,
    point_mask_features: Tensor,
    point_labels: Tensor,
) -> Tensor:
    """Score of every query row for the given points; the highest answers.

    Args:
        mask_embed: `[B, Q, C]`; quality: `[B, Q]`.
        point_mask_features: `[B, P, C]`, the mask features sampled at the points; point_labels: `[B, P]`.
    Returns:
        `[B, Q]`, by either rule.
    """
    logits, counted = signed_point_logits(mask_embed, point_mask_features, point_labels)
    if config.selection == "points":
        counted = (point_labels == 1).to(logits.dtype)
        return _mean(logits, counted)
    return quality + _mean(logits.clamp(-CLICK_LOGIT_LIMIT, CLICK_LOGIT_LIMIT), counted)


def _mean(logits: Tensor, counted: Tensor) -> Tensor:
    """Mean over the counted points, 0 where there is none."""
    return (logits * counted[:, None, :]).sum(-1) / counted.sum(-1, keepdim=True).clamp(min=1)
