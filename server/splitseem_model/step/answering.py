"""The rows that may answer -> the one that does, its mask and its label."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.config import ModelConfig
from splitseem_model.encode.semantic import SemanticMap, meaning_of
from splitseem_model.layers.unit import unit
from splitseem_model.mask.correction import correct_at_points
from splitseem_model.mask.photo.fine_mask import FineMask, fine_mask
from splitseem_model.mask.refiner import RefinerInputs
from splitseem_model.mask.refiner_scale import enlarged, shrink_factor, shrunk
from splitseem_model.mask.selection import answer_scores
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.thinning import thin
from splitseem_model.step.asking import Candidates, previous_mask
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Step:
    """The answer to one interaction.

    Attributes:
        mask_logits: float32 `[H/4, W/4]` over the padded input, foreground > 0, corrected at the clicks.
        score: selection score of the query that answered; higher is better.
        label, label_score: its best class and the softmax of it; None for a model without vocabulary.
        memory: for the next step of the same object.
        query: row of the query that answered, among those that may.
        fine: what the mask is made of where the photo refines it; None where `mask_logits` are.
    """

    mask_logits: NDArray[np.float32]
    score: float
    label: str | None
    label_score: float | None
    memory: MemoryPrompt
    query: int
    fine: FineMask | None = None


def answer(
    config: ModelConfig,
    runtime: DecoderRuntime,
    image: PreparedImage,
    candidates: Candidates,
    vocabulary: Vocabulary | None,
    sentences: Tensor | None,
    semantic: SemanticMap | None = None,
) -> Step:
    """The best candidate's mask, redrawn and corrected where the model does that, with its label.

    Args:
        sentences: `[T, E]`, what the texts mean that are to be answered; None without a text.
        semantic: the map by which the mask is named; None: by the query that drew it.
    """
    head, points = candidates.head, candidates.prompt.points
    scores = answer_scores(
        config, head, *candidates.deciding_points(), sentences, by_text=candidates.by_text
    )[0]
    best = int(scores.argmax())
    decoded = image.masks.logits(head.mask_embed[:, best : best + 1])[0, 0]
    logits = _refined(config, runtime, image, decoded, candidates).numpy()
    if config.correction is not None and image.spread is not None:
        logits = correct_at_points(
            logits,
            image.mask_features,
            image.spread,
            points.coords,
            points.labels,
            max(image.geometry.input_hw),
            config.correction,
        )
    meant = head.class_embed[0, best]
    if semantic is not None and image.semantic is not None:
        meant = semantic.to_sentence(meaning_of(image.semantic, torch.from_numpy(logits)))
    label, label_score = _label(config, meant, vocabulary)
    fine = None
    if config.photo is not None and image.photo is not None:
        fine = fine_mask(image.photo, logits, points, image.geometry, config.photo)
    return Step(logits, float(scores[best]), label, label_score, MemoryPrompt(logits), best, fine)


def _refined(
    config: ModelConfig,
    runtime: DecoderRuntime,
    image: PreparedImage,
    decoded: Tensor,
    candidates: Candidates,
) -> Tensor:
    """The mask `[H/4, W/4]` of the selected query, redrawn by the refiner where the model has one."""
    if config.refiner is None:
        return decoded
    points = candidates.prompt.points
    used = thin(range(len(points.labels)), config.refiner.max_points)
    factor = shrink_factor(config.refiner, (decoded.shape[0], decoded.shape[1]))
    answered = decoded[None, None]
    inputs = RefinerInputs(
        shrunk(answered, factor),
        shrunk(previous_mask(image, candidates.prompt.memory), factor),
        torch.from_numpy(points.coords[used])[None] / factor,
        torch.from_numpy(points.labels[used])[None],
        candidates.point_mask_features[:, used],
    )
    change = runtime.refine(image.prepared, inputs) - inputs.mask_logits
    size_hw = (answered.shape[2], answered.shape[3])
    return (answered + enlarged(change, factor, size_hw))[0, 0]


def _label(
    config: ModelConfig, class_embed: Tensor, vocabulary: Vocabulary | None
) -> tuple[str | None, float | None]:
    if vocabulary is None:
        return None, None
    logits = config.logit_scale * (unit(class_embed) @ vocabulary.matrix.T)
    probability = logits.softmax(-1)
    best = int(probability.argmax())
    return vocabulary.names[best], float(probability[best])
