"""Names that masks may have."""

from dataclasses import dataclass

from splitseem_model.layers.arrays import Floats

_SUFFIXES = ("-other", "-merged", "-stuff")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Class names and their matrix `[K, E]`, rows of length one.

    They lie where class embeddings do, or, for a model that names masks by a semantic map, where the vectors
    of sentences do.
    """

    names: tuple[str, ...]
    matrix: Floats


def spoken_name(name: str) -> str:
    """A COCO class name without the suffixes that tell merged classes apart."""
    for suffix in _SUFFIXES:
        name = name.replace(suffix, "")
    return name
