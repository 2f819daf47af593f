"""One training step: encode the photos once, then every task on them."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from splitseem_model.network import SegmentationModel
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.encoding import encode_photos
from splitseem_train.recipe import Recipe
from splitseem_train.supervision import make_targets
from splitseem_train.tasks.panoptic import PanopticResult, find_everything
from splitseem_train.tasks.rounds import RoundResult, play_rounds
from splitseem_train.tasks.text_prompts import Sentences, draw_text_prompts


@dataclass(frozen=True)
class StepResult:
    """What one step yields: the loss of all tasks, and how each of them went."""

    loss: Tensor
    interactive: RoundResult
    panoptic: PanopticResult | None


def training_step(
    model: SegmentationModel,
    batch: Batch,
    vocabulary: Vocabulary,
    recipe: Recipe,
    rng: np.random.Generator,
    sentences: Sentences | None = None,
) -> StepResult:
    """All tasks of a batch.

    Args:
        sentences: of the vocabulary, for a model with text.
    """
    photos = encode_photos(model, batch.pixels)
    class_matrix = model.class_matrix if sentences is None else sentences.class_matrix(model)
    targets = make_targets(batch, vocabulary, class_matrix.device)
    texts = draw_text_prompts(model, sentences, batch, recipe, rng)
    played = play_rounds(
        model, photos, batch, targets, class_matrix, recipe, rng, rounds=recipe.rounds, texts=texts
    )
    found = find_everything(model, photos, batch.scenes, vocabulary, class_matrix, recipe.loss)
    return StepResult(played.loss if found is None else played.loss + found.loss, played, found)


def validation_step(
    model: SegmentationModel,
    batch: Batch,
    vocabulary: Vocabulary,
    recipe: Recipe,
    rng: np.random.Generator,
    rounds: int,
) -> StepResult:
    """The same for clicks at centres, without words."""
    photos = encode_photos(model, batch.pixels)
    targets = make_targets(batch, vocabulary, model.class_matrix.device)
    played = play_rounds(
        model, photos, batch, targets, model.class_matrix, recipe, rng, rounds=rounds, centre_clicks=True
    )
    found = find_everything(model, photos, batch.scenes, vocabulary, model.class_matrix, recipe.loss)
    return StepResult(played.loss, played, found)
