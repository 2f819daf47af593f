"""CLIP's byte-pair tokenizer.

Source: CLIP (arXiv 2103.00020), `openai/clip-vit-base-patch32`. `clip_merges.txt.gz` holds the 48,894 merges
in use, of the 262,144 that were published; licence and origin in `clip_merges.LICENSE`.
Deviations: text is brought to Unicode's form C, as the reimplementations do, not repaired by a library; the
name of a special token in a text is read as plain text.
"""

import gzip
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

CONTEXT = 77
"""Tokens of a text at most, start and end included."""
START, END = 49406, 49407

_MERGES = Path(__file__).with_name("clip_merges.txt.gz")
_WORD_END = "</w>"
_CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
_WORDS_REMEMBERED = 16384

Merge = tuple[str, str]


class ClipTokenizer:
    """Text -> token ids."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        """`merges` in the order in which they are applied."""
        self._letters = _letters_of_bytes()
        letters = self._letters.values()
        tokens = [*letters, *(letter + _WORD_END for letter in letters), *(a + b for a, b in merges)]
        self._id_of = {token: number for number, token in enumerate(tokens)}
        self._rank_of = {pair: rank for rank, pair in enumerate(merges)}
        self._ids_of_word = lru_cache(_WORDS_REMEMBERED)(self._merge_word)

    @classmethod
    @cache
    def load(cls) -> "ClipTokenizer":
        """The published tokenizer; read once."""
        lines = gzip.decompress(_MERGES.read_bytes()).decode("utf-8").splitlines()
        return cls([(first, second) for first, _, second in (line.partition(" ") for line in lines)])

    def encode(self, text: str) -> list[int]:
        """Ids of a text with start and end token; what does not fit into `CONTEXT` is cut off before the
        end."""
        ids = [number for word in split_words(text) for number in self._ids_of_word(word)]
        return [START, *ids[: CONTEXT - 2], END]

    def _merge_word(self, word: str) -> tuple[int, ...]:
        """Ids of a word: its bytes, the pair of lowest rank merged again and again."""
        parts = [self._letters[byte] for byte in word.encode("utf-8", "replace")]
        parts[-1] += _WORD_END
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda pair: self._rank_of.get(pair, len(self._rank_of)))
            if best not in self._rank_of:
                break
            parts = _merged(parts, best)
        return tuple(self._id_of[part] for part in parts)


def split_words(text: str) -> Iterator[str]:
    """Lower-cased words: runs of letters, single digits, runs of other marks, English contractions."""
    text = unicodedata.normalize("NFC", text).lower()
    start = 0
    while start < len(text):
        end = _end_of_word(text, start)
        if not text[start].isspace():
            yield text[start:end]
        start = end


def _end_of_word(text: str, start: int) -> int:
    for ending in _CONTRACTIONS:
        if text.startswith(ending, start):
            return start + len(ending)
    kind, end = _kind(text[start]), start + 1
    while kind != "number" and end < len(text) and _kind(text[end]) == kind:
        end += 1
    return end


def _kind(character: str) -> str:
    if character.isspace():
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(character)[0], "mark")


def _merged(parts: Sequence[str], pair: Merge) -> list[str]:
    """Every occurrence of a pair joined, from left to right."""
    joined: list[str] = []
    place = 0
    while place < len(parts):
        hit = tuple(parts[place : place + 2]) == pair
        joined.append(pair[0] + pair[1] if hit else parts[place])
        place += 2 if hit else 1
    return joined


def _letters_of_bytes() -> dict[int, str]:
    """A visible character for each byte, in the order of the first 256 ids: printable bytes first, as
    themselves."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
