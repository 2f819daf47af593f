"""Which query answers a prompt, and what it is called."""

from torch import Tensor
from torch.nn import functional

from splitseem_model.config import DecoderConfig, ModelConfig
from splitseem_model.decode.decoder import Head
from splitseem_model.layers.sampling import signed_point_logits

CLICK_LOGIT_LIMIT = 10.0
"""A point counts at most this much in the "quality" rule, so that one far-off logit cannot decide alone."""

TEXT_WEIGHT = 5.0
"""How much a perfect agreement with a text counts beside the mean logit at the clicks."""

MAX_TEXT_SCALE = 100.0
"""Upstream limits the temperature of text matching, though not that of class logits."""


def answer_scores(
    config: ModelConfig,
    head: Head,
    point_mask_features: Tensor,
    point_labels: Tensor,
    sentences: Tensor | None,
    *,
    by_text: bool,
) -> Tensor:
    """Score of every query row that may answer a prompt; the highest does.

    Args:
        point_mask_features: `[1, P, C]` and point_labels: `[1, P]`, padding where there is no point.
        sentences: `[T, E]`, a vector a text, or None; several count for their mean agreement.
        by_text: upstream's texts and points do not add up: which of them chooses.
    Returns:
        `[1, Q]`.
    """
    if by_text and sentences is not None and config.decoder.selection == "points":
        return text_weight(config) * text_cosines(head.class_embed, sentences).mean(-1)
    scores = selection_scores(
        config.decoder, head.mask_embed, head.quality, point_mask_features, point_labels
    )
    if sentences is None or config.decoder.selection == "points":
        return scores
    return scores + text_weight(config) * text_cosines(head.class_embed, sentences).mean(-1)


def text_weight(config: ModelConfig) -> float:
    """What a cosine of one between a query and a text scores."""
    return TEXT_WEIGHT if config.decoder.selection == "quality" else min(config.logit_scale, MAX_TEXT_SCALE)


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
        `[B, Q]`. Rule "points": mean mask logit at the positive points, which equals upstream's product with
        the pooled mask feature (Eq. 5). Rule "quality": learned quality plus the mean clamped logit at the
        points, negative ones turned round.
    """
    logits, counted = signed_point_logits(mask_embed, point_mask_features, point_labels)
    if config.selection == "points":
        counted = (point_labels == 1).to(logits.dtype)
        return _mean(logits, counted)
    return quality + _mean(logits.clamp(-CLICK_LOGIT_LIMIT, CLICK_LOGIT_LIMIT), counted)


def _mean(logits: Tensor, counted: Tensor) -> Tensor:
    """Mean over the counted points, 0 where there is none."""
    return (logits * counted[:, None, :]).sum(-1) / counted.sum(-1, keepdim=True).clamp(min=1)
