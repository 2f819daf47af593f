"""Parts left out and labels held to a set's: the answer changes, the model that is measured does not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_eval.data import DataImage, DataObject, RunLengths
from splitseem_eval.variants import WITHOUT, classes_of, held_to_classes, without_parts
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.mask.photo.snapping import SNAP
from splitseem_model.predictor import Predictor
from splitseem_model.step.answering import STAGES
from splitseem_model.step.options import AGAIN
from splitseem_proto import Click

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """The tiny model with a refiner that changes masks, as a trained one does."""
    model = load_model("tiny")
    assert model.refiner is not None
    generator = torch.Generator().manual_seed(0)
    for parameter in model.refiner.parameters():
        parameter.data.normal_(std=0.3, generator=generator)
    return Predictor(model)


PIXELS = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)


def first_mask_logits(predictor: Predictor) -> NDArray[np.float32]:
    clicks = [
        Click(40.5, 30.5),
        Click(44.5, 30.5, 0),
    ]  # so near each other that not both are obeyed without it
    return predictor.step(predictor.encode(PIXELS), clicks).mask_logits


@pytest.mark.parametrize("part", ["correction", "refiner"])
def test_without_a_part_the_mask_is_another(predictor: Predictor, part: str) -> None:
    whole = first_mask_logits(predictor)
    assert not np.array_equal(first_mask_logits(without_parts(predictor, [part])), whole)
    assert np.array_equal(first_mask_logits(predictor), whole)


def test_without_all_parts_the_decoder_answers(predictor: Predictor) -> None:
    plain = without_parts(predictor, WITHOUT)
    step = plain.step(plain.encode(PIXELS), [Click(40.5, 30.5)])
    assert step.fine is None
    assert set(WITHOUT.values()) == (STAGES.keys() | {AGAIN, SNAP}) - {"label"}
    with pytest.raises(KeyError):
        without_parts(predictor, ["mask"])


def label_of(predictor: Predictor) -> tuple[str | None, float | None]:
    step = predictor.step(predictor.encode(PIXELS), [Click(40.5, 30.5)])
    return step.label, step.label_score


@pytest.mark.parametrize("name", ["cat", "dog", "tree"])
def test_label_is_the_best_of_the_classes_of_the_set(predictor: Predictor, name: str) -> None:
    assert label_of(held_to_classes(predictor, frozenset({name, "unknown thing"}))) == (name, 1.0)


@pytest.mark.parametrize("classes", [frozenset[str](), frozenset({"unknown thing"})], ids=["none", "unknown"])
def test_model_that_knows_no_class_of_the_set_is_left_as_it_is(
    predictor: Predictor, classes: frozenset[str]
) -> None:
    assert label_of(held_to_classes(predictor, classes)) == label_of(predictor)


def test_holding_to_classes_does_not_change_the_predictor(predictor: Predictor) -> None:
    before = label_of(predictor)
    held_to_classes(predictor, frozenset({"cat"}))
    assert label_of(predictor) == before


def image_with(dataset: str, *labels: str | None) -> DataImage:
    empty = RunLengths((1, 1), np.array([1], np.int32))
    objects = tuple(DataObject(label, empty, None, None) for label in labels)
    return DataImage(Path("a.png"), "a.png", dataset, (1, 1), objects, (), ())


def test_classes_of_a_set_are_its_labels_by_their_common_names() -> None:
    records = [image_with("toys", "sofa", None), image_with("toys", "grass-merged", "couch")]
    assert classes_of(records) == {"couch", "grass"}
    assert classes_of([image_with("toys", None)]) == frozenset()


def test_sample_of_coco_has_all_things_as_classes() -> None:
    classes = classes_of([image_with("coco_mval", "dog")])
    assert len(classes) == 80
    assert {"dog", "hair drier"} <= classes
