"""Text prompts for training: which objects are named, and the vectors of their names."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from splitseem_model.segmentation import SegmentationModel
from splitseem_model.text.minilm import MiniLm
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.recipe import Recipe


@dataclass(frozen=True)
class Sentences:
    """Sentence vectors of all class names: `[K, S]`, in the order of the vocabulary."""

    vectors: Tensor

    def class_matrix(self, model: SegmentationModel) -> Tensor:
        """The names in the joint space, `[K, E]`."""
        assert model.sentence_projection is not None
        matrix: Tensor = model.sentence_projection.meaning(self.vectors)
        return matrix


@dataclass(frozen=True)
class TextPrompts:
    """Of every sample: tokens `[B, 1, D]`, meaning `[B, E]`; given, and given alone, bool `[B]`."""

    tokens: Tensor
    meaning: Tensor
    given: Tensor
    alone: Tensor


def read_sentences(model: SegmentationModel, vocabulary: Vocabulary, file: Path) -> Sentences | None:
    """The names' vectors, from `file` or else by the frozen encoder into it; None for a model without text.

    A machine without the encoder can go on with a run whose folder has the file.

    Raises:
        TextTowerError: the encoder is needed and not installed.
    """
    if model.sentence_projection is None:
        return None
    names = json.dumps(vocabulary.names)
    if _names_in(file) != names:
        save_file({"vectors": MiniLm.load().encode(vocabulary.names)}, file, metadata={"names": names})
    return Sentences(load_file(file)["vectors"].to(model.class_matrix.device))


def _names_in(file: Path) -> str | None:
    if not file.exists():
        return None
    with safe_open(file, framework="pt") as opened:
        return (opened.metadata() or {}).get("names")


def draw_text_prompts(
    model: SegmentationModel,
    sentences: Sentences | None,
    batch: Batch,
    vocabulary: Vocabulary,
    recipe: Recipe,
    rng: np.random.Generator,
) -> TextPrompts | None:
    """Name some of the objects; None when no object is named."""
    if sentences is None or model.sentence_projection is None:
        return None
    rows = np.array([vocabulary.index.get(entry.label or "", -1) for entry in batch.objects])
    dice = rng.random(len(rows))
    alone = (rows >= 0) & (dice < recipe.text_only) & np.array([entry.is_only for entry in batch.objects])
    given = (rows >= 0) & (alone | ((dice >= recipe.text_only) & (dice < recipe.text_only + recipe.text)))
    if not given.any():
        return None
    device = sentences.vectors.device
    vectors = sentences.vectors[torch.from_numpy(np.maximum(rows, 0)).to(device)]
    return TextPrompts(
        model.sentence_projection.token(vectors)[:, None],
        model.sentence_projection.meaning(vectors),
        torch.from_numpy(given).to(device),
        torch.from_numpy(alone).to(device),
    )
