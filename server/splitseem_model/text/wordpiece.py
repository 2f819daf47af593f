"""BERT's lower-casing WordPiece tokenizer.

Source: BERT (arXiv 1810.04805) and the tokenizer published with it, `bert-base-uncased`.
Deviation: the name of a special token in a text, such as "[SEP]", is read as plain text.
"""

import unicodedata
from collections.abc import Iterable, Sequence

CLASSIFY, SEPARATE, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
CONTINUED = "##"
"""What a piece that goes on a word begins with."""
MAX_WORD_CHARACTERS = 100
"""A longer word is unknown."""

# First and last code point of the blocks whose characters are words of their own.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """Text -> ids of word pieces."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """`pieces[k]` is the piece with id k; the three special ones must be among them."""
        self._id_of = {piece: number for number, piece in enumerate(pieces)}
        self._unknown = self._id_of[UNKNOWN]

    def encode(self, text: str, max_tokens: int) -> list[int]:
        """Ids of a text between start and end marker, cut to `max_tokens` with both markers kept."""
        ids = [number for word in split_words(text) for number in self._pieces_of(word)]
        return [self._id_of[CLASSIFY], *ids[: max_tokens - 2], self._id_of[SEPARATE]]

    def _pieces_of(self, word: str) -> list[int]:
        """The longest known piece at each place, from left to right; all or nothing."""
        if len(word) > MAX_WORD_CHARACTERS:
            return [self._unknown]
        ids, start = [], 0
        while start < len(word):
            prefix = CONTINUED if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self._id_of), None)
            if end is None:
                return [self._unknown]
            ids.append(self._id_of[prefix + word[start:end]])
            start = end
        return ids


def split_words(text: str) -> list[str]:
    """Lower-cased words without accents; every punctuation mark and ideograph is a word."""
    cleaned = "".join(_cleaned(text))
    plain = "".join(c for c in unicodedata.normalize("NFD", cleaned) if unicodedata.category(c) != "Mn")
    lowered = "".join(c.lower() for c in plain)
    return "".join(f" {c} " if _is_punctuation(c) else c for c in lowered).split()


def _cleaned(text: str) -> Iterable[str]:
    """Every kind of space as one, control characters left out, ideographs set apart."""
    for character in text:
        if character in "\t\n\r" or unicodedata.category(character) == "Zs":
            yield " "
        elif character == "�" or unicodedata.category(character).startswith("C"):
            continue
        elif any(first <= ord(character) <= last for first, last in _IDEOGRAPHS):
            yield f" {character} "
        else:
            yield character


def _is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and every mark of ASCII: "$", "+" and the like count too."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")
