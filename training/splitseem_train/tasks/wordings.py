"""Other texts for an object than the name of its class: synonyms, its breed, captions of its photo."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """What else each class is called, by its common name (see `class_name`); not all classes have some."""
    table = files(__package__).joinpath("synonyms.txt").read_text(encoding="utf-8")
    rows = (line.partition(":") for line in table.splitlines() if not line.startswith("#"))
    return MappingProxyType({name: tuple(map(str.strip, words.split(","))) for name, _, words in rows})


def other_names(label: str, fine_label: str | None) -> tuple[str, ...]:
    """What else an object of a class may be called: synonyms, and its breed where that is known."""
    breed = () if fine_label is None else (fine_label, f"{fine_label} {label}")
    return synonyms().get(label, ()) + breed


def captions_by_label(labels: Iterable[str | None], captions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The captions of a photo that say which of its objects is meant, by the label of that object.

    A caption means the object that it names first, if the photo has no other with that label; what it says
    of the rest only tells where that object is.

    Args:
        labels: of all objects of the photo.
    """
    known = [label for label in labels if label is not None]
    found: dict[str, tuple[str, ...]] = {}
    for caption in captions:
        label = _first_named(caption, set(known))
        if label is not None and known.count(label) == 1:
            found[label] = (*found.get(label, ()), caption.strip())
    return found


def _first_named(caption: str, labels: set[str]) -> str | None:
    """The label that a caption names first; of two that begin at the same word, that with the longer name."""
    text = _plain(caption)
    places = [
        (place, -len(word), label)
        for label in labels
        for word in (label, *synonyms().get(label, ()))
        if (place := text.find(_plain(word))) >= 0
    ]
    return min(places)[2] if places else None


def _plain(text: str) -> str:
    """Lower-case words between single blanks, one before the first and one after the last."""
    return " " + " ".join(re.findall(r"[a-z0-9']+", text.lower())) + " "
