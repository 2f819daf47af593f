"""Releasing a run's weights keeps the model and cuts its vocabulary."""

import pytest
import torch

from splitseem_model.registry import load_model
from splitseem_train.errors import TrainingError
from splitseem_train.names import class_name
from splitseem_train.release import release

pytestmark = pytest.mark.unit


def test_released_model_keeps_the_rows_of_its_names() -> None:
    model = load_model("tiny")
    released = release(model, ["tree", "cat"], canvas=64)
    assert released.config.vocabulary == ("tree", "cat")
    assert released.config.canvas == 64
    torch.testing.assert_close(released.class_matrix, model.class_matrix[[2, 0]])
    torch.testing.assert_close(released.decoder.class_embed, model.decoder.class_embed)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(TrainingError, match="no class zebra"):
        release(load_model("tiny"), ["zebra"], canvas=64)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("building-other-merged", "building"),
        ("tree-merged", "tree"),
        ("water-other", "water"),
        ("dog", "dog"),
    ],
)
def test_annotation_suffixes_are_removed(name: str, clean: str) -> None:
    assert class_name(name) == clean
