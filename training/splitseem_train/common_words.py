"""`python -m splitseem_train.common_words`: chooses the bundled words and encodes them.

The words are names of COCO and of ImageNet, the names of the training sets with their synonyms, and nouns of
WordNet for what can be seen: those that the sentence encoder has a token for, and those that its tagged texts
have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.errors import ModelError
from splitseem_model.text.coco_names import COCO_PANOPTIC
from splitseem_model.text.common_words import FILE, CommonWords
from splitseem_model.text.minilm import MiniLm, package_folder
from splitseem_model.text.names import spoken_name
from splitseem_train.tasks.wordings import synonyms

SEEN = {"05": 2, "06": 3, "08": 2, "13": 2, "17": 3, "18": 5, "20": 2}
"""Kinds of nouns by the number of their file in WordNet (animals, artefacts, parts of bodies, food, natural
objects, people, plants), and how often the tagged texts must have one that the encoder has no token for."""
_OFFENSIVE = ("slur", "offensive", "disparag", "derogat", "slang", "vulgar", "obscene", "pejorative", "taboo")


@dataclass(frozen=True)
class Synset:
    """One meaning: its kind, its words as they are written, and what it is."""

    kind: str
    words: tuple[str, ...]
    gloss: str


def read_synsets(wordnet: Path) -> dict[str, Synset]:
    """Meanings of nouns by their number in WordNet 3.0, from a folder with its `data.noun`."""
    synsets = {}
    for line in _rows(wordnet / "data.noun"):
        facts, _, gloss = line.partition("|")
        parts = facts.split()
        words = tuple(parts[4 + 2 * k] for k in range(int(parts[3], 16)))
        synsets[parts[0]] = Synset(parts[1], words, gloss)
    return synsets


def imagenet_words(synsets: dict[str, Synset], ids: Iterable[str]) -> set[str]:
    """All names of ImageNet's classes; ids are `n` and the number of a meaning."""
    return {spoken(word) for number in ids for word in synsets[number.removeprefix("n")].words}


def common_nouns(wordnet: Path, synsets: dict[str, Synset], tokens: set[str]) -> set[str]:
    """Nouns whose first meaning can be seen, and that are common; no names, nothing offensive."""
    counts = _counts(wordnet)
    chosen = set()
    for line in _rows(wordnet / "index.noun"):
        parts = line.split()
        meanings = [synsets[number] for number in parts[4 + int(parts[3]) + 2 :]]
        lemma, first = parts[0], meanings[0]
        written = [word for word in first.words if word.lower() == lemma]
        if first.kind not in SEEN or not written or written[0] != lemma or len(lemma) < 3:
            continue
        if any(word in meaning.gloss for meaning in meanings for word in _OFFENSIVE):
            continue
        if (lemma in tokens and first.kind != "18") or counts.get(lemma, 0) >= SEEN[first.kind]:
            chosen.add(spoken(lemma))
    return chosen


def spoken(word: str) -> str:
    """A word of WordNet as people write it, in lower case."""
    return word.replace("_", " ").lower()


def _counts(wordnet: Path) -> dict[str, int]:
    """How often the tagged texts have a noun in its first meaning."""
    counts = {}
    for line in (wordnet / "cntlist.rev").read_text(encoding="ascii").splitlines():
        key, sense, count = line.split()
        lemma, _, rest = key.partition("%")
        if rest.startswith("1:") and sense == "1":
            counts[lemma] = int(count)
    return counts


def _rows(file: Path) -> Iterator[str]:
    lines = file.read_text(encoding="ascii").splitlines()
    return (line for line in lines if not line.startswith("  "))


def trained_names(weights: str) -> set[str]:
    """What the training sets and COCO call their objects, and synonyms."""
    names = {spoken_name(name) for name in (*COCO_PANOPTIC, *load_model(weights).config.vocabulary)}
    return names | {word for words in synonyms().values() for word in words}


@click.command(context_settings={"show_default": True})
@click.option(
    "--wordnet", type=click.Path(path_type=Path, exists=True), required=True, help="Its `dict` folder."
)
@click.option(
    "--imagenet",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Ids of its classes, one a line.",
)
@click.option(
    "--weights", default="nano", help="Whose names are among them: before a release, all of the sets."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=FILE)
def main(wordnet: Path, imagenet: Path, weights: str, out: Path) -> None:
    """Choose the words, encode them, and write OUT."""
    try:
        encoder = MiniLm.load()
        names = trained_names(weights)
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    synsets = read_synsets(wordnet)
    tokens = set((package_folder() / "vocab.txt").read_text(encoding="utf-8").split("\n"))
    words = names | imagenet_words(synsets, imagenet.read_text(encoding="ascii").split())
    words |= common_nouns(wordnet, synsets, tokens)
    chosen = sorted(word.lower() for word in words if word.isascii() and word.strip())
    CommonWords.of(chosen, encoder.encode(chosen)).write(out)
    click.echo(f"{out}: {len(chosen)} words, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
