"""The panoptic task: matching, what is held against the queries, and that it is learnt."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor

from splitseem_model.config import TINY
from splitseem_model.network import SegmentationModel
from splitseem_train.batches import Batch, Vocabulary
from splitseem_train.crops import CroppedObject
from splitseem_train.encoding import encode_photos
from splitseem_train.recipe import RECIPES, LossWeights
from splitseem_train.tasks import panoptic
from splitseem_train.tasks.panoptic import PanopticResult, find_everything
from splitseem_train.tasks.scenes import Scene
from splitseem_train.training_step import training_step

pytestmark = pytest.mark.unit
SIDE = 64
CELLS = SIDE // 8
NAMES = ("disk", "square")
VOCABULARY = Vocabulary(
    NAMES,
    {name: i for i, name in enumerate(NAMES)},
    {"toys": torch.ones(2, dtype=torch.bool)},
    torch.zeros(2),
)
WEIGHTS = LossWeights()
CPU = torch.device("cpu")


def scene(*labels: str | None, complete: bool = True) -> Scene:
    """Every object one column of cells, from the left."""
    share = np.zeros((len(labels), CELLS, CELLS), dtype=np.float32)
    for column, mask in enumerate(share):
        mask[:, column] = 1
    return Scene(share, np.ones_like(share), tuple(("toys", label) for label in labels), complete)


def answers_for(columns: list[int], names: list[int], quality: float = 0.0) -> Any:
    """One photo whose queries answer with a column of cells each, and a name."""
    masks = torch.full((1, len(columns), CELLS, CELLS), -9.0)
    for query, column in enumerate(columns):
        masks[0, query, :, column] = 9.0
    logits = torch.full((1, len(names), len(NAMES)), -9.0)
    logits[0, torch.arange(len(names)), names] = 9.0
    return panoptic._Answers(masks.flatten(2), logits, torch.full((1, len(columns)), quality))


def pairs_of(answers: Any, *scenes: Scene) -> list[tuple[int, int]]:
    """(query, object) of the first photo."""
    pairs = panoptic._matched(answers, panoptic._stacked(scenes, VOCABULARY, CPU), WEIGHTS)
    return sorted(zip(pairs.query.tolist(), pairs.object.tolist(), strict=True))


def test_a_query_is_matched_to_the_object_whose_mask_it_has() -> None:
    assert pairs_of(answers_for([2, 0, 1], [0, 0, 0]), scene("disk", "disk")) == [(1, 0), (2, 1)]


def test_of_two_queries_with_the_same_mask_the_one_with_the_right_name_is_matched() -> None:
    assert pairs_of(answers_for([0, 0], [0, 1]), scene("square")) == [(1, 0)]


def test_an_object_without_a_name_is_matched_by_its_mask() -> None:
    assert pairs_of(answers_for([1, 0], [0, 1]), scene(None)) == [(1, 0)]


def test_more_objects_than_queries_leave_objects_over() -> None:
    assert pairs_of(answers_for([1, 2], [0, 0]), scene("disk", "disk", "disk")) == [(0, 1), (1, 2)]


def test_a_smaller_scene_of_a_batch_is_matched_as_alone() -> None:
    one, two = answers_for([1, 0], [0, 1]), answers_for([0, 1], [0, 0])
    both = panoptic._Answers(*(torch.cat(pair) for pair in zip(one, two, strict=True)))
    scenes = (scene("square"), scene("disk", "disk"))
    targets = panoptic._stacked(scenes, VOCABULARY, CPU)
    pairs = panoptic._matched(both, targets, WEIGHTS)
    assert torch.stack(pairs, 1).tolist() == [[0, 1, 0], [1, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize("complete", [True, False])
def test_a_query_without_an_object_is_held_to_no_quality_where_the_scene_is_complete(complete: bool) -> None:
    answers = answers_for([0, 5], [0, 0])
    answers.quality.requires_grad_()
    targets = panoptic._stacked((scene("disk", complete=complete),), VOCABULARY, CPU)
    loss, ious = panoptic._layer_loss(answers, targets, panoptic._matched(answers, targets, WEIGHTS), WEIGHTS)
    torch.autograd.backward(loss)
    assert ious.tolist() == [1.0]
    assert answers.quality.grad is not None
    matched, other = answers.quality.grad[0].tolist()
    assert matched < 0  # downhill is up
    assert (other > 0) == complete


def photo_and_scene() -> tuple[Tensor, Scene]:
    """A dark photo with a red left and a blue right edge, pixels `[1, 3, S, S]`."""
    pixels = torch.full((1, 3, SIDE, SIDE), 60, dtype=torch.uint8)
    pixels[:, 0, :, :24] = 230
    pixels[:, 2, :, 40:] = 230
    share = np.zeros((2, CELLS, CELLS), dtype=np.float32)
    share[0, :, :3], share[1, :, 5:] = 1, 1
    return pixels, Scene(share, np.ones_like(share), (("toys", "disk"), ("toys", "square")), True)


@pytest.fixture
def model() -> SegmentationModel:
    torch.manual_seed(0)
    return SegmentationModel(replace(TINY, vocabulary=NAMES))


def found(model: SegmentationModel, pixels: Tensor, *scenes: Scene | None) -> PanopticResult | None:
    photos = encode_photos(model, pixels)
    return find_everything(model, photos, scenes, VOCABULARY, model.class_matrix, WEIGHTS)


def test_photos_without_a_scene_are_not_decoded(model: SegmentationModel) -> None:
    assert found(model, photo_and_scene()[0], None) is None


def test_the_task_counts_by_the_share_of_photos_that_have_a_scene(model: SegmentationModel) -> None:
    model.eval()
    pixels, truth = photo_and_scene()
    alone = found(model, pixels, truth)
    beside = found(model, pixels.expand(4, -1, -1, -1), None, truth, None, None)
    assert alone is not None
    assert beside is not None
    torch.testing.assert_close(beside.loss, alone.loss / 4, rtol=0.05, atol=0)  # bfloat16 encoder


def test_objects_are_learnt_without_a_prompt(model: SegmentationModel) -> None:
    pixels, truth = photo_and_scene()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    result: PanopticResult | None = None
    for _ in range(12):
        result = found(model, pixels, truth)
        assert result is not None
        optimizer.zero_grad()
        torch.autograd.backward(result.loss)
        optimizer.step()
    assert result is not None
    assert result.ious.min() > 0.9


def test_a_step_encodes_its_photos_once_for_all_tasks(
    model: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = Mock(side_effect=model.encode)
    monkeypatch.setattr(model, "encode", encode)
    pixels, truth = photo_and_scene()
    mask = np.zeros((SIDE, SIDE), dtype=np.bool_)
    mask[:, :24] = True
    batch = Batch(pixels, (CroppedObject(mask, None, "disk", "toys", True),), (truth,))
    result = training_step(model, batch, VOCABULARY, RECIPES["smoke"], np.random.default_rng(0))
    encode.assert_called_once()
    assert result.panoptic is not None
    torch.testing.assert_close(result.loss, result.interactive.loss + result.panoptic.loss)
