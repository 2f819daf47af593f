"""What runs the calls of the decoder: torch here, ONNX Runtime in `splitseem_export.runtime`."""

from typing import Any, NamedTuple, Protocol

import torch

from splitseem_model.decode.decoder import Head, Prepared, StepInputs
from splitseem_model.encode.mask_map import MaskMap
from splitseem_model.mask.refiner import RefinerFeatures, RefinerInputs
from splitseem_model.mask.refiner_scale import RefinerMaps
from splitseem_model.network import SegmentationModel

Levels = tuple[torch.Tensor, ...]


class DecoderRuntime(Protocol):
    """The calls of the decoder, and of the refiner where the model has one."""

    def prepare(self, levels: Levels, masks: MaskMap, refiner_maps: RefinerMaps | None = None) -> Any:
        """Per image; the result goes to the other calls unseen."""

    def step(self, prepared: Any, inputs: StepInputs, query_index: tuple[int, ...]) -> Head:
        """Per interaction; `query_index` is the learned query of every query row."""

    def refine(self, prepared: Any, inputs: RefinerInputs) -> torch.Tensor:
        """The selected mask redrawn, `[1, 1, H/4, W/4]`; only for models with a refiner."""


class TorchPrepared(NamedTuple):
    """An image as the torch core wants it: prepared for all learned queries, in their order."""

    decoder: Prepared
    refiner: RefinerFeatures | None


class TorchRuntime:
    """The decoder core itself, on the device where the model is; what goes in and out is on the CPU."""

    def __init__(self, model: SegmentationModel) -> None:
        self._decoder = model.decoder.eval()
        self._refiner = None if model.refiner is None else model.refiner.eval()
        self._learned = torch.arange(model.config.decoder.num_queries)
        self._device = model.decoder.query_feat.weight.device

    @torch.inference_mode()
    def prepare(
        self, levels: Levels, masks: MaskMap, refiner_maps: RefinerMaps | None = None
    ) -> TorchPrepared:
        """Per image."""
        levels = tuple(level.to(self._device) for level in levels)
        features = None
        if self._refiner is not None and refiner_maps is not None:
            features = self._refiner.prepare(*(x.to(self._device) for x in refiner_maps))
        averages = tuple(level.to(self._device) for level in masks.level_averages())
        return TorchPrepared(self._decoder.prepare(levels, averages, self._learned), features)

    @torch.inference_mode()
    def step(self, prepared: TorchPrepared, inputs: StepInputs, query_index: tuple[int, ...]) -> Head:
        """Per interaction."""
        index = torch.tensor(query_index)
        of_rows = prepared.decoder._replace(query_state=prepared.decoder.query_state[:, index])
        head = self._decoder.step(of_rows, inputs.to(self._device), index)
        return Head(*(tensor.cpu() for tensor in head))

    @torch.inference_mode()
    def refine(self, prepared: TorchPrepared, inputs: RefinerInputs) -> torch.Tensor:
        """Per interaction, after the query is selected."""
        if self._refiner is None or prepared.refiner is None:
            raise ValueError("this model has no refiner")
        refined: torch.Tensor = self._refiner(prepared.refiner, *(x.to(self._device) for x in inputs))
        return refined.cpu()
