"""Proposals: answers to a grid of clicks, scored, made unique, and made into segments."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.config import TINY, SemanticConfig
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.answering import Step
from splitseem_model.step.proposals import grid_of, likelihood, propose
from splitseem_model.tasks.proposed import Proposed, instances, panoptic, semantic
from splitseem_model.tasks.queries import TaskClasses
from splitseem_proto import Click, ImageGeometry, decode_rle

pytestmark = pytest.mark.unit
GEOMETRY = ImageGeometry((60, 90), (10, 5, 80, 40), (48, 96), (64, 96))
CLASSES = TaskClasses.of(["cat", "sky", "dog"])


def logits(*boxes: tuple[int, int, int, int], inside: float = 8.0) -> NDArray[np.float32]:
    """`[16, 24]`, boxes of rows and columns inside, 8 below zero elsewhere."""
    values = np.full((16, 24), -8.0, np.float32)
    for top, left, bottom, right in boxes:
        values[top:bottom, left:right] = inside
    return values


def test_the_grid_covers_the_region_evenly() -> None:
    clicks = grid_of(GEOMETRY, side=8)
    assert len(clicks) == 32
    assert (clicks[0].x, clicks[0].y) == (15.0, 10.0)
    assert (clicks[-1].x, clicks[-1].y) == (85.0, 40.0)
    thin = ImageGeometry((4, 400), (0, 0, 400, 4), (1, 96), (32, 96))
    assert {click.y for click in grid_of(thin, side=8)} == {2.0}


def test_answers_that_are_nearly_the_same_are_one_and_the_best_comes_first() -> None:
    answers = {
        1.0: Step(logits((0, 0, 6, 10)), 1.0, 0),
        2.0: Step(logits((0, 0, 6, 11)), 5.0, 0),
        3.0: Step(logits((6, 12, 12, 20)), 3.0, 0),
        4.0: Step(logits(), 9.0, 0),
    }
    clicks = [Click(x, 1.0) for x in answers]

    def find(most: int) -> list[float]:
        found = propose(clicks, lambda click: answers[click.x], likelihood, GEOMETRY, most)
        return [one.click.x for one in found]

    assert find(most=9) == [2.0, 3.0]
    assert find(most=1) == [2.0]


def test_a_mask_that_hangs_on_the_threshold_is_less_likely_an_object() -> None:
    steady, unsteady = (Step(logits((0, 0, 6, 10), inside=inside), 3.0, 0) for inside in (8.0, 0.5))
    assert 1 > likelihood(steady) > likelihood(unsteady) >= 0


def test_an_empty_answer_is_given_where_there_is_no_other() -> None:
    found = propose([Click(1, 1)], lambda _: Step(logits(), 0.0, 0), likelihood, GEOMETRY)
    assert len(found) == 1


def box(top: int, left: int, bottom: int, right: int) -> NDArray[np.bool_]:
    mask = np.zeros((60, 90), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


CAT, SKY, HIDDEN, MORE_SKY = (
    Proposed(box(10, 10, 30, 40), 0, 0.9),
    Proposed(box(5, 10, 20, 90), 1, 0.8),
    Proposed(box(10, 10, 28, 38), 2, 0.7),
    Proposed(box(35, 60, 45, 90), 1, 0.6),
)


def test_panoptic_segments_do_not_overlap_and_stuff_is_one() -> None:
    found = panoptic([CAT, SKY, HIDDEN, MORE_SKY], CLASSES, GEOMETRY)
    assert [(one.label, one.thing, one.score) for one in found.segments] == [
        ("cat", True, 0.9),
        ("sky", False, 0.8),
    ]
    cat, sky = (decode_rle(one.mask) for one in found.segments)
    assert (cat == CAT.mask).all()
    assert (sky == (SKY.mask | MORE_SKY.mask) & ~CAT.mask).all()
    assert (found.ids == cat + 2 * sky).all()


def test_instances_are_things_that_are_sure_enough() -> None:
    found = instances([CAT, SKY, HIDDEN, MORE_SKY], CLASSES, GEOMETRY, min_score=0.75)
    assert [one.label for one in found.segments] == ["cat"]
    assert [one.label for one in instances([CAT, HIDDEN], CLASSES, GEOMETRY, 0.0).segments] == ["cat", "dog"]


def test_every_pixel_has_a_class_where_proposals_leave_gaps_that_of_its_cell() -> None:
    rows = np.array([[2, 2], [0, 2]])
    found = semantic([CAT], rows, CLASSES, GEOMETRY)
    assert [one.label for one in found.segments] == ["cat", "dog"]
    cat = decode_rle(found.segments[0].mask)
    assert (cat == CAT.mask | box(25, 10, 45, 50)).all()
    assert (found.ids[:5] == 0).all()
    assert (found.ids[5:45, 10:] > 0).all()


def test_a_proposal_is_the_answer_to_its_click() -> None:
    torch.manual_seed(0)
    predictor = Predictor(SegmentationModel(replace(TINY, semantic=SemanticConfig(4), sentence_dim=4)).eval())
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    image = predictor.encode(pixels, roi_xywh=(10, 5, 70, 50))
    for one in predictor.decoder.everything(image, most=5)[:3]:
        again = predictor.step(image, [one.click])
        np.testing.assert_array_equal(again.mask_logits, one.step.mask_logits)
