"""Words and captions that mean an object, and which of them a prompt is drawn from."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from splitseem_eval.names import class_name
from splitseem_model.text.coco_names import COCO_PANOPTIC
from splitseem_train.crops import CroppedObject
from splitseem_train.recipe import RECIPES
from splitseem_train.tasks.text_prompts import draw_wording
from splitseem_train.tasks.wordings import captions_by_label, other_names, synonyms

pytestmark = pytest.mark.unit
RECIPE = replace(RECIPES["smoke"], caption=0.5, synonym=0.25)


def test_every_class_of_coco_has_a_synonym() -> None:
    assert {class_name(name) for name in COCO_PANOPTIC} <= set(synonyms())


def test_a_synonym_stands_for_one_class_and_is_no_class_itself() -> None:
    words = Counter(word for other in synonyms().values() for word in other)
    assert [word for word, count in words.items() if count > 1] == []
    assert set(words) & (set(synonyms()) | {class_name(name) for name in COCO_PANOPTIC}) == set()


def test_a_breed_is_another_name() -> None:
    assert set(other_names("cat", "siamese")) == {*other_names("cat", None), "siamese", "siamese cat"}
    assert other_names("anchor", None) == ()


@pytest.mark.parametrize(
    ("labels", "caption", "meant"),
    [
        pytest.param(["dog"], "A dog on a bed.", "dog", id="its name"),
        pytest.param(["dog"], "Puppy, asleep", "dog", id="a synonym"),
        pytest.param(["dog", "bed"], "A dog on a bed.", "dog", id="what is named first"),
        pytest.param(["bed", "dog"], "On a bed: a dog", "bed", id="what is named first, the other way round"),
        pytest.param(["dog", "dog"], "A dog on a bed.", None, id="one of two"),
        pytest.param(["dog", "dog", "bed"], "A dog on a bed.", None, id="one of two before one of one"),
        pytest.param(["cat"], "A category of cattle", None, id="part of a word"),
        pytest.param(["dog", "hot dog"], "A hot dog.", "hot dog", id="the longer name"),
        pytest.param([None, "cat"], "A kitten", "cat", id="an object without a name"),
        pytest.param(["cat"], "", None, id="no words"),
    ],
)
def test_a_caption_means_the_only_object_of_the_name_it_begins_with(
    labels: list[str | None], caption: str, meant: str | None
) -> None:
    assert captions_by_label(labels, [caption]) == ({} if meant is None else {meant: (caption,)})


def test_captions_of_one_object_stay_together() -> None:
    assert captions_by_label(["cat"], [" A cat ", "A kitten"]) == {"cat": ("A cat", "A kitten")}


@pytest.mark.parametrize(
    ("captions", "others", "drawn"),
    [
        (("a cat sits",), ("kitten", "feline"), {"a cat sits": 50, "kitten": 13, "feline": 12, "cat": 25}),
        ((), ("kitten",), {"kitten": 25, "cat": 75}),
        (("a cat sits",), (), {"a cat sits": 50, "cat": 50}),
        ((), (), {"cat": 100}),
    ],
    ids=["all", "no caption", "no synonym", "the name alone"],
)
def test_a_text_is_drawn_as_often_as_the_recipe_says(
    captions: tuple[str, ...], others: tuple[str, ...], drawn: dict[str, int]
) -> None:
    cat = CroppedObject(np.ones((1, 1), np.bool_), None, "cat", "toys", True, others, captions)
    counts = Counter(
        draw_wording(cat, kind / 100, which, RECIPE) for kind in range(100) for which in (0.1, 0.9)
    )
    assert counts == pytest.approx({text: 2 * count for text, count in drawn.items()}, abs=1)
