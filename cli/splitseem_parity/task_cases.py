"""Checkers of panoptic, semantic and instance segmentation: from stored queries, or from features.

Maps of labels are compared pixel by pixel, except where two labels score the same up to rounding: either may
win there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.decode.decoder import Head
from splitseem_model.tasks.instance import instances
from splitseem_model.tasks.panoptic import kept_queries, panoptic_map, thresholds_of
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.resampling import to_image
from splitseem_model.tasks.semantic import semantic_scores
from splitseem_model.text.coco_names import OFFICIAL_VOCABULARY
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_cases import CONFIG, answer_in_torch, class_logits
from splitseem_parity.decoder_prompts import DecoderCase, Features
from splitseem_parity.golden_set import Arrays, GoldenSet
from splitseem_proto import ImageGeometry

Answer = Callable[[GoldenSet, DecoderCase], Head]

_CLASSES = TaskClasses.of(OFFICIAL_VOCABULARY)


@dataclass(frozen=True)
class Rounding:
    """How far apart two scores, two mask logits, must be for the larger to be surely the larger."""

    score: float
    mask_logit: float


_OF_RESIZING = Rounding(score=1e-5, mask_logit=1e-4)
_OF_THE_DECODER = Rounding(score=1e-4, mask_logit=2e-3)


def check_postprocess(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """Stored predictions of the queries -> segments, under both sets of thresholds."""
    arrays = golden.arrays(name)
    queries = ObjectQueries(*(torch.from_numpy(arrays[key]).float() for key in ("pred_logits", "pred_masks")))
    geometry = ImageGeometry.whole_image(
        *(_pair(arrays[key]) for key in ("out_size", "image_size", "padded_size"))
    )
    tasks = _Tasks(queries, geometry, _OF_RESIZING, comparison)
    tasks.check_resized()
    for variant in ("demo", "v0", "v1"):
        tasks.check_panoptic(variant, f"{variant}_panoptic", f"{variant}_seg_", ("id", "cat", "thing"))
    tasks.check_semantic("semseg_argmax")
    tasks.check_instances()
    comparison.skip(r"pred_logits|pred_masks|padded_size|image_size|out_size")


def check_generic(
    golden: GoldenSet, name: str, comparison: Comparison, answer: Answer = answer_in_torch
) -> None:
    """Features of the target image, without a prompt -> segments by the thresholds of the case's wiring."""
    variant = name.removeprefix("generic_")
    arrays = golden.arrays(name)
    target = Features.of(image := golden.arrays("encoder_focalt_target"))
    geometry = ImageGeometry.whole_image(
        _pair(arrays["out_size"]), image["image_u8"].shape[1:], target.padded_hw
    )
    tasks = _Tasks(_queries(golden, variant, target, answer), geometry, _OF_THE_DECODER, comparison)
    tasks.check_panoptic(variant, "panoptic_seg", "segments_", ("id", "category", "isthing"))
    tasks.check_semantic("sem_seg_argmax")
    tasks.check_instances()
    comparison.skip("out_size")


def _queries(golden: GoldenSet, variant: str, target: Features, answer: Answer) -> ObjectQueries:
    entry = {"variant": variant, "batch": 1, "cross_groups": {"queries_object": [0, CONFIG.num_queries]}}
    head = answer(golden, DecoderCase(entry, {}, target, None, CONFIG.num_queries))
    masks = torch.einsum("qc,chw->qhw", head.mask_embed[0], target.mask_features[0])
    return ObjectQueries(class_logits(golden, head.class_embed[0]), masks)


@dataclass(frozen=True)
class _Tasks:
    """The tasks on one set of queries, compared with what the case holds."""

    queries: ObjectQueries
    geometry: ImageGeometry
    rounding: Rounding
    comparison: Comparison

    def check_resized(self) -> None:
        for name, query, every in self._sampled(r"resized_masks_q(\d+)_every(\d+)"):
            logits = to_image(self.queries.mask_logits[query : query + 1], self.geometry)[0]
            self.comparison.check(name, logits[::every, ::every])

    def check_panoptic(self, variant: str, map_name: str, prefix: str, fields: tuple[str, str, str]) -> None:
        """The map, and of every segment its number, class and whether it is a thing."""
        if map_name not in self.comparison.golden:
            return
        thresholds = thresholds_of(variant)
        ids, found = panoptic_map(self.queries, self.geometry, _CLASSES, thresholds)
        kept = kept_queries(self.queries, _CLASSES, thresholds)
        self._check_map(map_name, ids, self._surely_of_one(kept))
        columns = (
            [one.id for one in found],
            [one.category for one in found],
            [one.category in _CLASSES.things for one in found],
        )
        for field, column in zip(fields, columns, strict=True):
            self.comparison.check(f"{prefix}{field}", np.array(column))

    def _surely_of_one(self, kept: list[int]) -> Tensor:
        """Pixels whose segment does not hang on rounding."""
        scores = self.queries.probabilities.amax(-1)[kept]
        masks = to_image(self.queries.mask_logits[kept], self.geometry).sigmoid() if kept else None
        if masks is None:
            return torch.ones(self.geometry.original_hw, dtype=torch.bool)
        products = scores[:, None, None] * masks
        own = masks.gather(0, products.argmax(0, keepdim=True))[0]
        return _clear_winner(products, self.rounding.score) & ((own - 0.5).abs() > self.rounding.score)

    def check_semantic(self, map_name: str) -> None:
        scores = self._semantic_scores
        self._check_map(map_name, scores.argmax(0), _clear_winner(scores, self.rounding.score))
        for name, row, every in self._sampled(r"semseg_class(\d+)_every(\d+)"):
            self.comparison.check(name, scores[_CLASSES.rows.index(row), ::every, ::every])
        for name, every in self._sampled(r"sem_seg_max_every(\d+)"):
            self.comparison.check(name, scores.amax(0)[::every, ::every])

    @cached_property
    def _semantic_scores(self) -> Tensor:
        slices = semantic_scores(self.queries, self.geometry, _CLASSES)
        return torch.cat([scores for _, scores in slices], dim=2)

    def check_instances(self) -> None:
        """Both lists by class and score: instances that score the same up to rounding have no order."""
        found = instances(self.queries, self.geometry, _CLASSES)
        scores = np.array([one.score for one in found], dtype=np.float32)
        self.comparison.check("inst_scores_sorted", scores)
        stored = self.comparison.golden
        if len(found) != len(stored["inst_scores_sorted"]):
            return
        ours = np.lexsort((-scores, np.array([one.category for one in found])))
        theirs = np.lexsort((-stored["inst_scores_sorted"], stored["inst_classes_sorted"]))
        classes = np.array([found[k].category for k in ours])
        areas = np.array([found[k].area for k in ours], dtype=np.float32)
        self.comparison.check_against("inst_classes_sorted", classes, stored["inst_classes_sorted"][theirs])
        expected = stored["inst_mask_area_sorted"][theirs]
        undecided = self._undecided_pixels()[[found[k].query for k in ours]]
        within = np.where(np.abs(areas - expected) <= undecided, expected, areas)
        self.comparison.check_against("inst_mask_area_sorted", within, expected)

    def _undecided_pixels(self) -> NDArray[np.int64]:
        """Of every query, the pixels that may be in its mask or not."""
        logits = to_image(self.queries.mask_logits, self.geometry)
        return (logits.abs() < self.rounding.mask_logit).flatten(1).sum(1).numpy()

    def _check_map(self, name: str, ours: Tensor, sure: Tensor) -> None:
        expected = self.comparison.golden[name]
        if ours.shape != expected.shape:
            self.comparison.check(name, ours)
        else:
            self.comparison.check_against(name, ours.numpy()[sure.numpy()], expected[sure.numpy()])

    def _sampled(self, pattern: str) -> list[tuple[Any, ...]]:
        """Arrays of the case with such a name, each with the numbers in it."""
        matches = (re.fullmatch(pattern, name) for name in self.comparison.golden)
        return [(match.string, *map(int, match.groups())) for match in matches if match]


def _clear_winner(scores: Tensor, apart: float) -> Tensor:
    """`[n, h, w]` -> where the largest is that much above the second, bool `[h, w]`."""
    if len(scores) < 2:
        return torch.ones(scores.shape[1:], dtype=torch.bool)
    first, second = scores.topk(2, dim=0).values
    clear: Tensor = first - second > apart
    return clear


def _pair(numbers: Arrays | NDArray[Any]) -> tuple[int, int]:
    height, width = (int(number) for number in numbers)
    return height, width
