"""Tensors of an embedding -> what masks are made of, whichever of the three ways they travel."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property

import torch
from torch import nn

from splitseem_model.encode.folded_pyramid import FinestStep
from splitseem_model.encode.mask_features import MaskFeatures, MaskMap
from splitseem_model.encode.mask_map import MaskSource, level_averages, mask_conv
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.layers.arrays import Floats


class MaskReader:
    """Reads embeddings of one model, on the CPU wherever its encoder runs."""

    def __init__(self, pixel_decoder: nn.Module) -> None:
        self._pixel_decoder = pixel_decoder
        self._conv = mask_conv(pixel_decoder).cpu()

    def read(self, tensors: Mapping[str, Floats]) -> MaskMap:
        """The masks of an embedding's tensors: of `mask_features`, of `mask_source` and its averages, or of
        `lateral` and `level2`, from which the source is made again.

        Raises:
            ValueError: a lateral map for a model that makes none.
        """
        if "mask_features" in tensors:
            return MaskFeatures(tensors["mask_features"])
        if "mask_source" in tensors:
            averages = tuple(torch.from_numpy(tensors[f"mask_level{i}"]) for i in range(3))
            return MaskSource(torch.from_numpy(tensors["mask_source"]), averages, self._conv)
        lateral, level2 = (torch.from_numpy(tensors[name]) for name in ("lateral", "level2"))
        source = self._finest_step(lateral, level2)
        return MaskSource(source, level_averages(source, self._conv), self._conv)

    @cached_property
    def _finest_step(self) -> FinestStep:
        fpn = self._pixel_decoder
        if not isinstance(fpn, FPN):
            raise ValueError(f"a {type(fpn).__name__} makes no masks of a lateral map")
        return FinestStep(deepcopy(fpn.adapter_1).cpu(), deepcopy(fpn.layer_1).cpu())
