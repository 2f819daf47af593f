"""What masks are made of, as arrays: the mask features, or what stands for them (`mask_map.py`)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from splitseem_model.layers.arrays import Floats, PointSampling, sample_points


class MaskMap(Protocol):
    """What the decoder and the caller want of an image's masks."""

    @property
    def size_hw(self) -> tuple[int, int]:
        """Cells of the map, (H/4, W/4)."""

    @property
    def level_averages(self) -> tuple[Floats, ...] | None:
        """Mask features averaged to the levels, `[1, C, N_l]`; None where `full` is at hand."""

    def at_points(self, coords: Floats, padded_hw: tuple[int, int], rule: PointSampling) -> Floats:
        """Mask features sampled at `coords` `[1, P, 2]`, see `arrays.sample_points`: `[1, P, C]`."""

    def logits(self, mask_embed: Floats) -> Floats:
        """Mask embeddings `[1, n, C]` -> mask logits `[1, n, H/4, W/4]`."""

    def full(self) -> Floats:
        """The mask features `[1, C, H/4, W/4]`, computed if need be."""


@dataclass(frozen=True, eq=False)
class MaskFeatures:
    """The mask features themselves, `[1, C, H/4, W/4]`."""

    features: Floats
    level_averages: tuple[Floats, ...] | None = None

    @property
    def size_hw(self) -> tuple[int, int]:
        return self.features.shape[2], self.features.shape[3]

    def at_points(self, coords: Floats, padded_hw: tuple[int, int], rule: PointSampling) -> Floats:
        return sample_points(self.features, coords, padded_hw, rule)

    def logits(self, mask_embed: Floats) -> Floats:
        cells = self.features[0].reshape(self.features.shape[1], -1)
        return np.asarray(mask_embed[0] @ cells).reshape(1, -1, *self.size_hw)

    def full(self) -> Floats:
        return self.features
