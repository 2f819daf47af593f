"""CLIP's tokenizer against ids of the published implementations."""

import pytest

from splitseem_model.text.clip_bpe import CONTEXT, END, START, ClipTokenizer, split_words

pytestmark = pytest.mark.unit

# By open_clip_torch 3.3.0 (MIT), equal to those of Hugging Face transformers 5.23.
PUBLISHED = {
    "cat": [2368],
    "The corgi.": [518, 31320, 269],
    "": [],
    "Caf\u00e9 au lait, na\u00efve fa\u00e7ade": [
        15304,
        2566,
        572,
        585,
        267,
        1097,
        35689,
        563,
        778,
        10067,
        1928,
    ],
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad and \u4e2d\u6587": [
        39121,
        44353,
        34002,
        252,
        21575,
        2429,
        228,
        3909,
        511,
        537,
        19759,
        255,
        29032,
        485,
    ],
    "it's $5.99 + 10%": [585, 568, 259, 276, 269, 280, 280, 266, 272, 271, 260],
    "\U0001f642 emoji and \u2708 plane": [14860, 16327, 537, 30712, 5363],
    "don't 'state'd we'll '''s": [847, 713, 568, 13295, 1896, 649, 1342, 6, 8445, 338],
    "a  b\t c": [320, 321, 322],
    "_under_score a_b": [318, 1798, 318, 4431, 320, 318, 321],
    "e\u0301 combining": [4166, 23561],
}


@pytest.fixture(scope="module")
def tokenizer() -> ClipTokenizer:
    return ClipTokenizer.load()


@pytest.mark.parametrize("text", PUBLISHED)
def test_ids_equal_the_published_ones(tokenizer: ClipTokenizer, text: str) -> None:
    assert tokenizer.encode(text) == [START, *PUBLISHED[text], END]


def test_a_long_text_is_cut_before_its_end_token(tokenizer: ClipTokenizer) -> None:
    ids = tokenizer.encode("word " * 200)
    assert len(ids) == CONTEXT
    assert (ids[0], ids[-1]) == (START, END)


def test_names_of_special_tokens_are_plain_text(tokenizer: ClipTokenizer) -> None:
    ids = tokenizer.encode("a <|endoftext|> b")
    assert ids.count(END) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ["hello", ",", "world", "!"]),
        ("it's 2024", ["it", "'s", "2", "0", "2", "4"]),
        ("'''s", ["'''", "s"]),
        ("a_b", ["a", "_", "b"]),
        ("x\u00b2 \u00bd", ["x", "\u00b2", "\u00bd"]),
        (" \t\n ", []),
    ],
    ids=["marks", "contraction-and-digits", "run-of-marks", "underscore", "other-numbers", "blank"],
)
def test_text_is_split_into_words(text: str, words: list[str]) -> None:
    assert list(split_words(text)) == words
