"""Class matrices from any text encoder, and how they are kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from splitseem_model.layers.arrays import Floats, unit
from splitseem_model.text.coco_names import COCO_PANOPTIC, NUM_THINGS, OFFICIAL_VOCABULARY
from splitseem_model.text.names import spoken_name
from splitseem_model.text.tower import TextEncoding
from splitseem_model.text.vocabulary import cache_folder, cached_class_matrix, class_matrix

pytestmark = pytest.mark.unit


class CountingTower:
    """Sentence vectors that follow from the letters of a text; counts the texts it was asked for."""

    templates = ("{}.", "a photo of a {}.")
    digest = "d1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[TextEncoding]:
        return [TextEncoding(row[None], row) for row in self.sentences(texts)]

    def sentences(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        counts = [[text.count(c) + 0.1 for c in "aeiou"] for text in texts]
        return np.array(counts, np.float32).reshape(-1, 5)


def test_a_class_is_the_mean_direction_of_its_sentences() -> None:
    tower = CountingTower()
    matrix = class_matrix(tower, ["cat", "tree-merged"])
    assert tower.asked == ["cat.", "a photo of a cat.", "tree.", "a photo of a tree."]
    parts = unit(CountingTower().sentences(["tree.", "a photo of a tree."]))
    np.testing.assert_allclose(matrix[1], unit(parts.mean(0)), rtol=1e-6)


def test_no_names_give_no_rows() -> None:
    assert class_matrix(CountingTower(), []).shape == (0, 5)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("sky-other-merged", "sky"),
        ("door-stuff", "door"),
        ("wall-brick", "wall-brick"),
        ("hot dog", "hot dog"),
    ],
)
def test_suffixes_of_merged_classes_are_not_spoken(name: str, spoken: str) -> None:
    assert spoken_name(name) == spoken


def test_a_matrix_is_made_once(tmp_path: Path) -> None:
    tower = CountingTower()
    first = cached_class_matrix(tower, ["cat", "dog"], tmp_path)
    again = cached_class_matrix(tower, ["cat", "dog"], tmp_path)
    assert len(tower.asked) == 4
    np.testing.assert_array_equal(first, again)


def test_other_names_and_other_encoders_are_kept_apart(tmp_path: Path) -> None:
    tower, other = CountingTower(), CountingTower()
    other.digest = "d2"
    for asked, names in ((tower, ["cat"]), (tower, ["dog"]), (other, ["cat"])):
        cached_class_matrix(asked, names, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    tower = CountingTower()
    first = cached_class_matrix(tower, ["cat"], tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    np.testing.assert_array_equal(cached_class_matrix(tower, ["cat"], tmp_path), first)
    assert len(tower.asked) == 4


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    matrix = cached_class_matrix(CountingTower(), ["cat"], tmp_path / "file" / "folder")
    assert matrix.shape == (1, 5)


def test_the_users_cache_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cached_class_matrix(CountingTower(), ["cat"])
    assert len(list(cache_folder().iterdir())) == 1
    assert cache_folder().is_relative_to(tmp_path)


def test_official_names_are_things_then_stuff_then_the_background() -> None:
    assert len(COCO_PANOPTIC) == 133
    assert COCO_PANOPTIC[NUM_THINGS - 1 : NUM_THINGS + 1] == ("toothbrush", "banner")
    assert OFFICIAL_VOCABULARY[-2:] == ("rug-merged", "background")
    assert len(set(OFFICIAL_VOCABULARY)) == 134
