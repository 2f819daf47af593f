"""Class names -> class matrix, once for a text encoder and a list of names."""

import hashlib
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from splitseem_model.layers.arrays import Floats, unit
from splitseem_model.text.coco_names import OFFICIAL_VOCABULARY
from splitseem_model.text.names import Vocabulary, spoken_name
from splitseem_model.text.tower import TextTower

if TYPE_CHECKING:
    from splitseem_model.text.towers import TextModel

log = logging.getLogger(__name__)

_MATRIX = "class_matrix"


def vocabulary_of(model: "TextModel", tower: TextTower | None) -> Vocabulary | None:
    """The classes of a model: those it was saved with, else the official ones; None when it has neither."""
    if model.config.vocabulary:
        own = model.class_matrix if model.semantic is None else model.semantic.names
        return Vocabulary(model.config.vocabulary, unit(own.detach().cpu().numpy()))
    if model.text is None or tower is None:
        return None
    return Vocabulary(OFFICIAL_VOCABULARY, cached_class_matrix(tower, OFFICIAL_VOCABULARY))


def class_matrix(tower: TextTower, names: Sequence[str]) -> Floats:
    """The classes in the joint space.

    Source: SEEM, section 3.1 (Eq. 3); upstream `get_text_embeddings` in evaluation mode.

    Returns:
        `[K, E]` float32, rows of length one: the mean of the sentence vectors of all templates, each brought
        to length one before.
    """
    spoken = [spoken_name(name) for name in names]
    texts = [template.replace("{}", name) for name in spoken for template in tower.templates]
    vectors = unit(tower.sentences(texts))  # [K * templates, E]
    of_names = vectors.reshape(len(names), len(tower.templates), vectors.shape[1])
    return unit(np.asarray(of_names.mean(axis=1), np.float32))


def cached_class_matrix(tower: TextTower, names: Sequence[str], folder: Path | None = None) -> Floats:
    """`class_matrix`, kept on disk: with an official encoder a name takes more than half a second.

    Args:
        folder: where it is kept; `cache_folder()` when None. One that cannot be written is no error.
    """
    path = (cache_folder() if folder is None else folder) / f"{_key(tower, names)}.safetensors"
    stored = _stored(path)
    if stored is not None:
        return stored
    # A warning, to be seen in programs that configure no log: this may take minutes.
    log.warning("encoding %d class names; the result is kept in %s", len(names), path)
    started = time.monotonic()
    matrix = class_matrix(tower, names)
    log.info("%d class names took %.0f s", len(names), time.monotonic() - started)
    _store(path, matrix)
    return matrix


def cache_folder() -> Path:
    """`splitseem/vocabulary` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`)."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "splitseem" / "vocabulary"


def _key(tower: TextTower, names: Sequence[str]) -> str:
    parts = [tower.digest, *tower.templates, "", *map(spoken_name, names)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _stored(path: Path) -> Floats | None:
    """A matrix that an earlier run left; a damaged file counts as none."""
    try:
        matrix: Floats = load_file(path)[_MATRIX]
        return matrix
    except (OSError, SafetensorError, KeyError):
        return None


def _store(path: Path, matrix: Floats) -> None:
    """Written beside its place and moved there, so that a run that is cut never leaves half of one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({_MATRIX: np.ascontiguousarray(matrix)}, partial)
        partial.replace(path)
    except OSError as error:
        log.warning("the class matrix is not kept: %s", error)
