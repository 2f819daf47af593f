"""What goes into the calls of the network and comes out: tensors where it is trained and run in torch, arrays
everywhere else."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class StepInputs(NamedTuple, Generic[T]):
    """One interaction.

    Attributes:
        point_features: per level `[B, P, D or level_dims]`, the level sampled at the points.
        point_coords: `[B, P, 2]` (x, y) in 0..1 of the padded size.
        point_labels: `[B, P]` int64: 1 positive, 0 negative, 2 and 3 box corners, -1 padding.
        attention_bias: `[B, R, R + P]`, rows = queries, memories, text tokens.
        previous_mask: `[B, 1 or M, H/4, W/4]` mask logits of the step before, or None: then there are no
            memory rows.
        text_tokens: `[B, T, D]`, or None.
    """

    point_features: tuple[T, ...]
    point_coords: T
    point_labels: T
    attention_bias: T
    previous_mask: T | None = None
    text_tokens: T | None = None


class Head(NamedTuple, Generic[T]):
    """Prediction of every query: mask_embed `[B, Q, C]`, class_embed `[B, Q, E]`, quality `[B, Q]`."""

    mask_embed: T
    class_embed: T
    quality: T


class RefinerInputs(NamedTuple, Generic[T]):
    """One interaction, as the refiner sees it.

    Attributes:
        mask_logits: `[B, 1, H/4, W/4]` of the selected query; previous_mask: the result of the round before,
            or zeros.
        point_coords: `[B, P, 2]` (x, y) in the padded frame, pixels; point_labels: `[B, P]`, -1 is padding.
        point_mask_features: `[B, P, C]`, the mask features sampled at the points.
    """

    mask_logits: T
    previous_mask: T
    point_coords: T
    point_labels: T
    point_mask_features: T
