"""Panoptic, semantic and instance segmentation from the answers of the object queries."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from splitseem_model.tasks import resampling, semantic
from splitseem_model.tasks.instance import instance, instances
from splitseem_model.tasks.panoptic import Thresholds, panoptic, panoptic_map, thresholds_of
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.text.coco_names import NUM_THINGS, OFFICIAL_VOCABULARY
from splitseem_proto import ImageGeometry, decode_rle

pytestmark = pytest.mark.unit

OFFICIAL = np.load(Path(__file__).parents[1] / "data" / "golden_postprocess.npz")
CLASSES = TaskClasses.of(OFFICIAL_VOCABULARY)
HALF = ImageGeometry((40, 60), (10, 4, 32, 24), (48, 64), (64, 64))
"""The right lower part of an image, seen at twice its size."""


@pytest.fixture(scope="module")
def official() -> tuple[ObjectQueries, ImageGeometry]:
    queries = ObjectQueries(
        *(torch.from_numpy(OFFICIAL[key]).float() for key in ("pred_logits", "pred_masks"))
    )
    sizes = (tuple(OFFICIAL[key].tolist()) for key in ("out_size", "image_size", "padded_size"))
    return queries, ImageGeometry.whole_image(*sizes)


def test_classes_of_the_official_vocabulary() -> None:
    assert CLASSES.things == frozenset(range(NUM_THINGS))
    assert CLASSES.background == 133
    assert CLASSES.rows == list(range(133))
    assert TaskClasses.of(["sand", "a red kite"]).things == {1}
    assert TaskClasses.of(["sand", "a red kite"]).background is None


@pytest.mark.parametrize("wiring", ["demo", "v0"])
def test_panoptic_is_that_of_the_official_code(
    official: tuple[ObjectQueries, ImageGeometry], wiring: str
) -> None:
    ids, found = panoptic_map(*official, CLASSES, thresholds_of(wiring))
    assert np.array_equal(ids.numpy(), OFFICIAL[f"{wiring}_panoptic"])
    assert [one.id for one in found] == OFFICIAL[f"{wiring}_seg_id"].tolist()
    assert [one.category for one in found] == OFFICIAL[f"{wiring}_seg_cat"].tolist()


def test_semantic_is_that_of_the_official_code(official: tuple[ObjectQueries, ImageGeometry]) -> None:
    found = semantic.semantic(*official, CLASSES)
    assert np.array_equal(found.ids - 1, OFFICIAL["semseg_argmax"])
    scores = torch.cat([part for _, part in semantic.semantic_scores(*official, CLASSES)], dim=2)
    np.testing.assert_allclose(scores[90, ::4, ::4], OFFICIAL["semseg_class90_every4"], atol=1e-5)


def test_instances_are_those_of_the_official_code(official: tuple[ObjectQueries, ImageGeometry]) -> None:
    found = instances(*official, CLASSES)
    np.testing.assert_allclose([one.score for one in found], OFFICIAL["inst_scores_sorted"], atol=1e-5)
    seen = OFFICIAL["inst_mask_area_sorted"] > 0  # empty ones all score 0 and have no order
    assert [one.category for one in found if one.area] == OFFICIAL["inst_classes_sorted"][seen].tolist()
    assert [one.area for one in found] == OFFICIAL["inst_mask_area_sorted"].tolist()


def random_queries(seed: int = 0) -> ObjectQueries:
    generator = torch.Generator().manual_seed(seed)
    return ObjectQueries(
        3 * torch.randn(20, 6, generator=generator), 4 * torch.randn(20, 16, 16, generator=generator)
    )


def resized(queries: ObjectQueries) -> Tensor:
    """All masks at once, by the resizes of the official code."""
    padded = interpolate(queries.mask_logits[None], size=(64, 64), mode="bilinear", align_corners=False)
    return interpolate(padded[:, :, :48, :64], size=(24, 32), mode="bicubic", antialias=True)[0]


def test_slices_of_columns_are_the_whole() -> None:
    queries = random_queries()
    parts = list(resampling.column_slices(queries.mask_logits, HALF, most_values=20 * 24 * 5))
    assert [place.stop - place.start for place, _ in parts] == [5, 5, 5, 5, 5, 5, 2]
    assert torch.equal(torch.cat([part for _, part in parts], dim=2), resized(queries))
    assert torch.equal(resampling.to_image(queries.mask_logits, HALF), resized(queries))


NAMES = ("cat", "dog", "sand", "sea", "kite", "background")


def test_panoptic_gives_every_pixel_of_the_region_to_the_surest_query() -> None:
    queries, classes = random_queries(), TaskClasses.of(NAMES)
    found = panoptic(queries, HALF, classes, Thresholds(0.3, overlap=0.0))
    scores, rows = queries.probabilities.max(-1)
    kept = (rows != 5) & (scores > 0.3)
    products = torch.where(kept[:, None, None], scores[:, None, None] * resized(queries).sigmoid(), -1.0)
    winner = products.argmax(0)
    seen = resized(queries).sigmoid().gather(0, winner[None])[0] >= 0.5
    names = [s.label for s in found.segments]
    assert {"sand", "sea"} <= set(names)
    assert names.count("sand") == names.count("sea") == 1
    labels = {0: "", **{s.id: s.label for s in found.segments}}
    ours = [labels[number] for number in found.ids[4:28, 10:42].flatten().tolist()]
    expected = [NAMES[rows[q]] if s else "" for q, s in zip(winner.flatten(), seen.flatten(), strict=True)]
    assert ours == expected
    outside = found.ids.copy()
    outside[4:28, 10:42] = 0
    assert not outside.any()


def test_a_query_that_is_hardly_seen_is_no_segment() -> None:
    mask = torch.full((2, 16, 16), 5.0)
    mask[1, :, 4:] = 20.0  # the second claims all but a strip of what the first claims
    mask[1, :, :4] = -20.0
    queries = ObjectQueries(torch.tensor([[9.0, 0.0], [0.0, 9.0]]), mask)
    classes = TaskClasses.of(["cat", "dog"])
    strict = panoptic(queries, HALF, classes, Thresholds(0.5, 0.8))
    lenient = panoptic(queries, HALF, classes, Thresholds(0.5, 0.1))
    assert [s.label for s in strict.segments] == ["dog"]
    assert [s.label for s in lenient.segments] == ["cat", "dog"]
    assert sum(s.area for s in lenient.segments) == 24 * 32


def test_nothing_sure_gives_no_segment() -> None:
    queries = ObjectQueries(torch.zeros(3, 4), torch.ones(3, 16, 16))
    classes = TaskClasses.of(["cat", "dog", "sand", "background"])
    found = panoptic(queries, HALF, classes, Thresholds(0.4))
    assert found.segments == ()
    assert found.ids.shape == (40, 60)
    assert not found.ids.any()


def test_semantic_in_slices_is_that_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, classes = random_queries(), TaskClasses.of(NAMES)
    at_once = semantic.semantic(queries, HALF, classes)
    votes = torch.einsum("qc,qhw->chw", queries.probabilities[:, :5], resized(queries).sigmoid())
    assert np.array_equal(at_once.ids[4:28, 10:42] - 1, votes.argmax(0).numpy())
    monkeypatch.setattr(semantic, "_MOST_VALUES", 2000)
    assert np.array_equal(semantic.semantic(queries, HALF, classes).ids, at_once.ids)


def test_background_may_stand_anywhere_in_a_vocabulary() -> None:
    queries = random_queries()
    order = [5, 0, 1, 2, 3, 4]
    moved = ObjectQueries(queries.class_logits[:, order], queries.mask_logits)
    names = [s.label for s in semantic.semantic(queries, HALF, TaskClasses.of(NAMES)).segments]
    others = TaskClasses.of([NAMES[k] for k in order])
    assert {s.label for s in semantic.semantic(moved, HALF, others).segments} == set(names)
    assert "background" not in names


def test_instances_overlap_and_the_surest_is_on_top() -> None:
    found = instance(random_queries(), HALF, TaskClasses.of(NAMES))
    scores = [s.score or 0.0 for s in found.segments]
    assert scores == sorted(scores, reverse=True)
    assert {s.label for s in found.segments} == {"cat", "dog", "kite"}
    assert sum(s.area for s in found.segments) > 24 * 32
    for segment in found.segments[:3]:
        above = np.isin(found.ids, np.arange(1, segment.id))
        assert ((found.ids == segment.id) == decode_rle(segment.mask) & ~above).all()
    sure = instance(random_queries(), HALF, TaskClasses.of(NAMES), min_score=scores[2])
    assert len(sure.segments) == 3
