"""The decoder core itself behind the interface of `runtime.py`."""

from typing import NamedTuple

import torch
from torch import Tensor

from splitseem_model.decode import calls
from splitseem_model.decode.decoder import Prepared, StepInputs
from splitseem_model.encode.mask_features import MaskMap
from splitseem_model.layers.arrays import Array, Floats
from splitseem_model.mask.refiner import RefinerFeatures
from splitseem_model.mask.refiner_scale import RefinerMaps
from splitseem_model.network import SegmentationModel
from splitseem_model.step.runtime import Levels


class TorchPrepared(NamedTuple):
    """An image as the torch core wants it: prepared for all learned queries, in their order."""

    decoder: Prepared
    refiner: RefinerFeatures | None


class TorchRuntime:
    """The decoder core itself, on the device where the model is; arrays go in and out."""

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
        features = None
        if self._refiner is not None and refiner_maps is not None:
            features = self._refiner.prepare(*map(self._tensor, refiner_maps))
        averages = masks.level_averages
        masks_there = self._tensor(masks.full()) if averages is None else tuple(map(self._tensor, averages))
        prepared = self._decoder.prepare(tuple(map(self._tensor, levels)), masks_there, self._learned)
        return TorchPrepared(prepared, features)

    @torch.inference_mode()
    def step(
        self, prepared: TorchPrepared, inputs: calls.StepInputs[Array], query_index: tuple[int, ...]
    ) -> calls.Head[Array]:
        """Per interaction."""
        index = torch.tensor(query_index)
        of_rows = prepared.decoder._replace(query_state=prepared.decoder.query_state[:, index])
        head = self._decoder.step(of_rows, self._step_inputs(inputs), index)
        return calls.Head(*(tensor.cpu().numpy() for tensor in head))

    @torch.inference_mode()
    def refine(self, prepared: TorchPrepared, inputs: calls.RefinerInputs[Array]) -> Floats:
        """Per interaction, after the query is selected."""
        if self._refiner is None or prepared.refiner is None:
            raise ValueError("this model has no refiner")
        refined: Floats = self._refiner(prepared.refiner, *map(self._tensor, inputs)).cpu().numpy()
        return refined

    def _step_inputs(self, inputs: calls.StepInputs[Array]) -> StepInputs:
        mask, tokens = inputs.previous_mask, inputs.text_tokens
        return StepInputs(
            tuple(map(self._tensor, inputs.point_features)),
            self._tensor(inputs.point_coords),
            self._tensor(inputs.point_labels),
            self._tensor(inputs.attention_bias),
            None if mask is None else self._tensor(mask),
            None if tokens is None else self._tensor(tokens),
        )

    def _tensor(self, array: Array) -> Tensor:
        return torch.from_numpy(array).to(self._device)
