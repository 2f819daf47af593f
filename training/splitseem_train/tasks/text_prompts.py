"""Text prompts for training: which objects are named in words, in which words, and the vectors of these."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from splitseem_model.network import SegmentationModel
from splitseem_model.text.minilm import MiniLm
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.crops import CroppedObject
from splitseem_train.recipe import Recipe


@dataclass(frozen=True)
class Sentences:
    """Sentence vectors of all texts of a vocabulary.

    Attributes:
        vectors: `[N, S]`; the first `num_names` are those of the class names, in their order.
        rows: by text.
    """

    vectors: Tensor
    rows: dict[str, int]
    num_names: int

    def class_matrix(self, model: SegmentationModel) -> Tensor:
        """The names in the joint space, `[K, E]`."""
        assert model.sentence_projection is not None
        matrix: Tensor = model.sentence_projection.meaning(self.vectors[: self.num_names])
        return matrix


@dataclass(frozen=True)
class TextPrompts:
    """Of every sample: tokens `[B, 1, D]`, meaning `[B, E]`; given, and given alone, bool `[B]`."""

    tokens: Tensor
    meaning: Tensor
    given: Tensor
    alone: Tensor


def read_sentences(model: SegmentationModel, vocabulary: Vocabulary, file: Path) -> Sentences | None:
    """The vectors of names and wordings, from `file` or else by the frozen encoder into it; None for a model
    without text.

    A machine without the encoder can continue a run whose folder has the file.

    Raises:
        TextTowerError: the encoder is needed and not installed.
    """
    if model.sentence_projection is None:
        return None
    texts = vocabulary.names + vocabulary.wordings
    wanted = json.dumps(texts)
    if _texts_in(file) != wanted:
        save_file({"vectors": MiniLm.load().encode(texts)}, file, metadata={"texts": wanted})
    vectors = load_file(file)["vectors"].to(model.class_matrix.device)
    return Sentences(vectors, {text: row for row, text in enumerate(texts)}, len(vocabulary.names))


def _texts_in(file: Path) -> str | None:
    if not file.exists():
        return None
    with safe_open(file, framework="pt") as opened:
        return (opened.metadata() or {}).get("texts")


def draw_text_prompts(
    model: SegmentationModel,
    sentences: Sentences | None,
    batch: Batch,
    recipe: Recipe,
    rng: np.random.Generator,
) -> TextPrompts | None:
    """Name some of the objects in words; None when for none."""
    if sentences is None or model.sentence_projection is None:
        return None
    named, is_only = np.array([(entry.label is not None, entry.is_only) for entry in batch.objects]).T
    dice, kinds, which = rng.random((3, len(named)))
    alone = named & is_only & (dice < recipe.text_only)
    given = named & (alone | ((dice >= recipe.text_only) & (dice < recipe.text_only + recipe.text)))
    if not given.any():
        return None
    device = sentences.vectors.device
    rows = [
        sentences.rows[draw_wording(entry, kind, one, recipe)] if asked else 0
        for entry, kind, one, asked in zip(batch.objects, kinds, which, given, strict=True)
    ]
    vectors = sentences.vectors[rows]
    return TextPrompts(
        model.sentence_projection.token(vectors)[:, None],
        model.sentence_projection.meaning(vectors),
        torch.from_numpy(given).to(device),
        torch.from_numpy(alone).to(device),
    )


def draw_wording(entry: CroppedObject, kind: float, which: float, recipe: Recipe) -> str:
    """The text by which an object is prompted: a caption, another name, or its name.

    Args:
        kind, which: random numbers in 0..1, for the choice between these and of one of several.
    """
    assert entry.label is not None
    if entry.captions and kind < recipe.caption:
        return entry.captions[int(which * len(entry.captions))]
    if entry.other_names and 0 <= kind - recipe.caption < recipe.synonym:
        return entry.other_names[int(which * len(entry.other_names))]
    return entry.label
