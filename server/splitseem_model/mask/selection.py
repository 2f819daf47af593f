"""Which query answers a prompt. `splitseem_train.selection` has the rules with gradients."""

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import DecoderConfig, StepConfig
from splitseem_model.decode.calls import Head
from splitseem_model.layers.arrays import Array, Floats, cosines
from splitseem_model.prompt.prompts import PointLabel

CLICK_LOGIT_LIMIT = 10.0
"""A point counts at most this much in the "quality" rule, so that one far-off logit cannot decide alone."""

TEXT_WEIGHT = 5.0
"""How much a perfect agreement with a text counts beside the mean logit at the clicks."""

MAX_TEXT_SCALE = 100.0
"""Upstream limits the temperature of text matching, though not that of class logits."""


def answer_scores(
    config: StepConfig,
    head: Head[Array],
    point_mask_features: Floats,
    point_labels: NDArray[np.int64],
    sentences: Floats | None,
    *,
    by_text: bool,
) -> Floats:
    """Score of every query row that may answer a prompt; the highest does.

    Args:
        point_mask_features: `[1, P, C]` and point_labels: `[1, P]`, padding where there is no point.
        sentences: `[T, E]`, a vector a text, or None; several count for their mean agreement.
        by_text: upstream's texts and points do not add up: which of them chooses.
    Returns:
        `[1, Q]`.
    """
    if by_text and sentences is not None and config.decoder.selection == "points":
        return _agreement(config, head, sentences)
    scores = selection_scores(
        config.decoder, head.mask_embed, head.quality, point_mask_features, point_labels
    )
    if sentences is None or config.decoder.selection == "points":
        return scores
    return scores + _agreement(config, head, sentences)


def _agreement(config: StepConfig, head: Head[Array], sentences: Floats) -> Floats:
    """With the texts (Eq. 6), `[1, Q]`."""
    fit = cosines(head.class_embed, sentences).mean(-1)
    return np.asarray(text_weight(config) * fit, np.float32)


def text_weight(config: StepConfig) -> float:
    """What a cosine of one between a query and a text scores."""
    return TEXT_WEIGHT if config.decoder.selection == "quality" else min(config.logit_scale, MAX_TEXT_SCALE)


def selection_scores(
    config: DecoderConfig,
    mask_embed: Floats,
    quality: Floats,
    point_mask_features: Floats,
    point_labels: NDArray[np.int64],
) -> Floats:
    """Score of every query row for the given points; the highest answers.

    Args:
        mask_embed: `[B, Q, C]`; quality: `[B, Q]`.
        point_mask_features: `[B, P, C]`, the mask features sampled at the points; point_labels: `[B, P]`.
    Returns:
        `[B, Q]`. Rule "points": mean mask logit at the positive points, which equals upstream's product with
        the pooled mask feature (Eq. 5). Rule "quality": learned quality plus the mean clamped logit at the
        points, negative ones turned round.
    """
    logits = mask_embed @ point_mask_features.transpose(0, 2, 1)  # [B, Q, P]
    if config.selection == "points":
        return _mean(logits, point_labels == PointLabel.POSITIVE)
    negative = point_labels == PointLabel.NEGATIVE
    signed = np.where(negative[:, None, :], -logits, logits)
    limited = np.clip(signed, -CLICK_LOGIT_LIMIT, CLICK_LOGIT_LIMIT)
    return quality + _mean(limited, negative | (point_labels == PointLabel.POSITIVE))


def _mean(logits: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Mean over the counted points, 0 where there is none."""
    total = (logits * counted[:, None, :]).sum(-1)
    return np.asarray(total / np.maximum(counted.sum(-1, keepdims=True), 1), np.float32)
