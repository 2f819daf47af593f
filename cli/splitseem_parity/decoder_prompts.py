"""Decoder cases as the decoder wants them: arrays -> query rows, points, text rows, memories, bias."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from splitseem_model.decode.wiring import WIRINGS, Slots, Wiring, attention_bias
from splitseem_model.layers.sampling import sample_points
from splitseem_model.prompt.strokes import clicks_of_stroke
from splitseem_parity.golden_set import Arrays, GoldenSet

PADDING = -1
_STRIDE4 = 4

# (wiring of the case, evaluation hook) -> our wiring
_WIRINGS = {
    ("demo", None): "demo",
    ("v0", None): "v0",
    ("v0", "REF.INPUT.SPATIAL"): "v0-grounding-sees-points",
    ("v0", "STROKE_SAMPLER.EVAL.GROUNDING"): "v0-spatial-sees-text",
    ("v1", None): "v1",
}


@dataclass(frozen=True)
class Features:
    """Features of one image: levels `[1, D, h_l, w_l]`, mask_features `[1, C, H/4, W/4]`."""

    levels: tuple[Tensor, ...]
    mask_features: Tensor

    @staticmethod
    def of(arrays: Arrays) -> "Features":
        """From the arrays of an encoder case."""
        levels = tuple(torch.from_numpy(arrays[f"ms_{level}"]) for level in range(3))
        return Features(levels, torch.from_numpy(arrays["mask_features"]))

    @property
    def padded_hw(self) -> tuple[int, int]:
        """Height and width of the padded model input in pixels."""
        h, w = self.mask_features.shape[2:]
        return h * _STRIDE4, w * _STRIDE4

    def batch(self, size: int) -> "Features":
        """The same image `size` times."""
        levels = tuple(level.expand(size, -1, -1, -1) for level in self.levels)
        return Features(levels, self.mask_features.expand(size, -1, -1, -1))


@dataclass(frozen=True)
class PointGroup:
    """Points of one key group, with the image they lie on.

    Attributes:
        coords: `[B, P, 2]` (x, y) in the padded frame, pixels; labels: `[B, P]` int64; objects: `[P]` int64.
    """

    group: str
    features: Features
    coords: Tensor
    labels: Tensor
    objects: Tensor

    @property
    def slots(self) -> Slots:
        """As columns of the attention bias."""
        return Slots(
            self.group,
            self.labels.shape[1],
            valid=self.labels.numpy() != PADDING,
            objects=self.objects.numpy(),
        )

    def sampled(self, level: int) -> Tensor:
        """A level of the image sampled at the points, `[B, P, D]`."""
        return self._sample(self.features.levels[level])

    def sampled_mask_features(self) -> Tensor:
        """The mask features sampled at the points, `[B, P, C]`."""
        return self._sample(self.features.mask_features)

    def labels_of_object(self, index: int) -> Tensor:
        """`[B, P]` labels with the points of other objects turned into padding."""
        return torch.where(self.objects == index, self.labels, PADDING)

    def pooled(self, label: int, num_objects: int, empty: float) -> Tensor:
        """Mean mask feature at the points with a label, `[B, objects, C]`; `empty` where there is none."""
        features = self.sampled_mask_features()
        means = []
        for index in range(num_objects):
            counted = (self.labels_of_object(index) == label).to(features.dtype).unsqueeze(-1)  # [B, P, 1]
            number = counted.sum(1)  # [B, 1]
            mean = (features * counted).sum(1) / number.clamp(min=1)
            means.append(torch.where(number > 0, mean, torch.full_like(mean, empty)))
        return torch.stack(means, dim=1)

    def _sample(self, feature_map: Tensor) -> Tensor:
        batch = self.coords.shape[0]
        return sample_points(
            feature_map.expand(batch, -1, -1, -1), self.coords, self.features.padded_hw, "corner"
        )


@dataclass(frozen=True)
class DecoderCase:
    """One decoder case: what the manifest says of it, its arrays, and the features of both images."""

    entry: dict[str, Any]
    arrays: Arrays
    target: Features
    reference: Features | None
    num_queries: int

    @classmethod
    def read(cls, golden: GoldenSet, name: str, num_queries: int) -> Self:
        """Read a case and the shared files it needs; `num_queries` is the number of learned queries."""
        arrays = golden.arrays(name)
        target = Features.of(golden.arrays("encoder_focalt_target"))
        uses_reference = "in_ref_pos_mask" in arrays
        reference = Features.of(golden.arrays("encoder_focalt_ref")) if uses_reference else None
        return cls(golden.decoder_case(name), arrays, target, reference, num_queries)

    @property
    def variant(self) -> str:
        """demo, v0 or v1."""
        return str(self.entry["variant"])

    @property
    def batch(self) -> int:
        """B."""
        return int(self.entry["batch"])

    @property
    def wiring(self) -> Wiring:
        """Our wiring for the case's variant and hook."""
        return WIRINGS[_WIRINGS[self.variant, self.entry.get("hook")]]

    @property
    def num_objects(self) -> int:
        """Objects per batch element: v1 takes several in one pass, the others one."""
        masks = self.arrays.get("in_pos_mask")
        return 1 if masks is None else masks.shape[1]

    @cached_property
    def query_groups(self) -> dict[str, Tensor]:
        """Group -> the learned queries it starts from, int64, in row order."""
        groups = {}
        for name in self.entry["cross_groups"]:
            kind, _, group = name.partition("_")
            if kind == "queries":
                groups[group] = self._learned_queries(group)
        return groups

    @property
    def query_index(self) -> Tensor:
        """`[Q]` the learned query of every query row."""
        return torch.cat(list(self.query_groups.values()))

    @cached_property
    def points(self) -> list[PointGroup]:
        """Key groups in column order."""
        groups = []
        if "in_pos_mask" in self.arrays:
            masks = ((self.arrays["in_pos_mask"], 1), (self.arrays["in_neg_mask"], 0))
            groups.append(_points_of_masks("point", self.target, masks))
        if self.reference is not None:
            group = "visual" if self.variant == "demo" else "point"
            groups.append(_points_of_masks(group, self.reference, ((self.arrays["in_ref_pos_mask"], 1),)))
        return groups

    @property
    def texts(self) -> dict[str, Tensor]:
        """Row group -> its tokens `[B, T, D]`, in row order."""
        stored = {"text": "in_grounding_tokens", "audio": "in_audio_tokens"}
        return {
            group: torch.from_numpy(self.arrays[name]).transpose(0, 1)
            for group, name in stored.items()
            if name in self.arrays
        }

    @property
    def memory_objects(self) -> NDArray[np.int64] | None:
        """`[M]` object of each memory; None when they all remember the same one."""
        return self.arrays.get("in_memory_assign")

    @property
    def previous_mask(self) -> Tensor | None:
        """`[B, 1 or M, H/4, W/4]` mask logits that the memories remember."""
        if "in_prev_mask" not in self.arrays:
            return None
        masks = torch.from_numpy(self.arrays["in_prev_mask"])
        return masks if self.memory_objects is None else masks[:, self.memory_objects]

    def row_slots(self, num_memories: int) -> list[Slots]:
        """All rows in the decoder's order: queries, memories, text."""
        return self._query_slots() + self._memory_slots(num_memories) + self._text_slots()

    def bias(self, num_memories: int) -> Tensor:
        """`[B, R, R + P]` additive self-attention bias."""
        keys = [group.slots for group in self.points]
        return torch.from_numpy(attention_bias(self.wiring, self.row_slots(num_memories), keys, self.batch))

    def _learned_queries(self, group: str) -> Tensor:
        drawn = self.arrays.get("in_query_idx") if group == "spatial" else None
        return torch.arange(self.num_queries) if drawn is None else torch.from_numpy(drawn)

    def _query_slots(self) -> list[Slots]:
        groups = self.query_groups.items()
        return [Slots(group, len(index), objects=self._objects_of(group)) for group, index in groups]

    def _memory_slots(self, count: int) -> list[Slots]:
        if self.previous_mask is None:
            return []
        return [Slots("memory", count, objects=self.memory_objects)]

    def _text_slots(self) -> list[Slots]:
        return [Slots(group, tokens.shape[1]) for group, tokens in self.texts.items()]

    def _objects_of(self, group: str) -> NDArray[np.int64] | None:
        per_object = self.wiring.queries_per_object
        if group != "spatial" or per_object is None:
            return None
        return np.arange(self.num_objects).repeat(per_object)


def _points_of_masks(
    group: str, features: Features, labelled_masks: Sequence[tuple[NDArray[np.bool_], int]]
) -> PointGroup:
    """Points of prompt masks `[B, objects, h, w]`: by label, then by object, then in reading order."""
    per_element = []
    for element in range(len(labelled_masks[0][0])):
        per_element.append(
            [
                (click.x, click.y, label, index)
                for masks, label in labelled_masks
                for index, mask in enumerate(masks[element])
                for click in clicks_of_stroke(mask, label)
            ]
        )
    longest = max(len(points) for points in per_element)
    padded = [points + [(0.5, 0.5, PADDING, 0)] * (longest - len(points)) for points in per_element]
    table = torch.tensor(padded, dtype=torch.float64).reshape(len(padded), longest, 4)
    return PointGroup(
        group,
        features,
        coords=table[:, :, :2].float(),
        labels=table[:, :, 2].long(),
        objects=table[0, :, 3].long(),
    )
