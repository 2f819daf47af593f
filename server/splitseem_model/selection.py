"""Which query answers a prompt, and what it is called."""

from torch import Tensor
from torch.nn import functional

from splitseem_model.config import DecoderConfig
from splitseem_model.sampling import signed_point_logits

CLICK_LOGIT_LIMIT = 10.0
"""A point counts at most this much in the "quality" rule, so that one far-off logit cannot decide alone."""

TEXT_WEIGHT = 5.0
"""How much a perfect agreement with a text counts beside the mean logit at the clicks."""


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


def text_scores(class_embed: Tensor, meaning: Tensor) -> Tensor:
    """What a text adds to the score of every query (Eq. 6).

    Args:
        class_embed: `[B, Q, E]`; meaning: `[B, E]` of the text.
    Returns:
        `[B, Q]`: `TEXT_WEIGHT` times the cosine.
    """
    cosine = functional.normalize(class_embed, dim=-1) @ functional.normalize(meaning, dim=-1)[:, :, None]
    scores: Tensor = TEXT_WEIGHT * cosine[..., 0]
    return scores


def _mean(logits: Tensor, counted: Tensor) -> Tensor:
    """Mean over the counted points, 0 where there is none."""
    return (logits * counted[:, None, :]).sum(-1) / counted.sum(-1, keepdim=True).clamp(min=1)
