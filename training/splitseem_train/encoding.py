"""A batch of photos, encoded once; every task of a training step decodes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from splitseem_model.config import PIXEL_MEAN_RGB, PIXEL_STD_RGB
from splitseem_model.decode.decoder import Head, Prepared, StepInputs, Trace
from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.layers.sampling import sample_points
from splitseem_model.mask.refiner import RefinerFeatures
from splitseem_model.network import SegmentationModel
from splitseem_train.tasks.prompts_sampler import PointList
from splitseem_train.tasks.text_prompts import TextPrompts


@dataclass(frozen=True)
class EncodedPhotos:
    """What the decoder needs of B photos.

    Attributes:
        mask_features: `[B, C, S/4, S/4]`; levels: `[B, D, h_l, w_l]`, coarse to fine; both float32.
        prepared, looks: made of them for the decoder and for the refiner, in the precision of autocast; looks
            is None for a model without one.
        side_hw: S twice, the size of the crops, pixels.
    """

    mask_features: Tensor
    levels: tuple[Tensor, ...]
    prepared: Prepared
    looks: RefinerFeatures | None
    side_hw: tuple[int, int]

    def repeated(self, times: int) -> Self:
        """Every photo repeated in a row, once for each of its objects."""
        return self._mapped(lambda tensor: tensor.repeat_interleave(times, 0))

    def chosen(self, photos: Tensor) -> Self:
        """Some of the photos, int64 `[b]`."""
        return self._mapped(lambda tensor: tensor[photos])

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> Self:
        prepared = self.prepared
        return type(self)(
            change(self.mask_features),
            tuple(map(change, self.levels)),
            Prepared(
                tuple(map(change, prepared.keys)),
                tuple(map(change, prepared.values)),
                tuple(map(change, prepared.level_mask_features)),
                change(prepared.query_state),
            ),
            None if self.looks is None else RefinerFeatures(*map(change, self.looks)),
            self.side_hw,
        )


def encode_photos(model: SegmentationModel, pixels: Tensor) -> EncodedPhotos:
    """Encode crops, `[B, 3, S, S]` uint8 RGB on any device."""
    normalised = _normalised(pixels.to(model.class_matrix.device))
    with torch.autocast(normalised.device.type, dtype=torch.bfloat16):
        mask_features, levels = model.encode(normalised)
        prepared = model.decoder.prepare(levels, mask_features, _learned_queries(model))
        looks = None if model.refiner is None else model.refiner.prepare(mask_features, *levels[1:])
    return EncodedPhotos(
        mask_features.float(),
        tuple(level.float() for level in levels),
        prepared,
        looks,
        (pixels.shape[2], pixels.shape[3]),
    )


def stack_points(prompts: list[PointList]) -> tuple[Tensor, Tensor]:
    """Prompts of different lengths -> coordinates `[B, P, 2]` and labels `[B, P]`, padded with label -1."""
    longest = max(1, max(len(points) for points in prompts))
    padded = np.zeros((len(prompts), longest, 3), dtype=np.float32)
    padded[..., 2] = -1
    for row, points in zip(padded, prompts, strict=True):
        row[: len(points)] = points
    return torch.from_numpy(padded[..., :2]), torch.from_numpy(padded[..., 2]).long()


def decode(
    model: SegmentationModel,
    photos: EncodedPhotos,
    coords: Tensor,
    labels: Tensor,
    *,
    memory: Tensor | None = None,
    texts: TextPrompts | None = None,
) -> list[Head]:
    """What the queries say to one prompt a photo, float32, after every layer.

    Args:
        coords: `[B, P, 2]` (x, y) in the crop, pixels; labels: `[B, P]`; memory: mask logits `[B, 1, S/4,
            S/4]` of the round before.
    """
    inputs, trace = _step_inputs(model, photos, coords, labels, memory, texts), Trace()
    with torch.autocast(coords.device.type, dtype=torch.bfloat16):
        model.decoder.step(photos.prepared, inputs, _learned_queries(model), trace)
    return [Head(*(tensor.float() for tensor in head)) for head in trace.heads]


def _learned_queries(model: SegmentationModel) -> Tensor:
    """The index of every learned query, int64 `[Q]`: a training step uses them all."""
    return torch.arange(model.config.decoder.num_queries, device=model.class_matrix.device)


def _step_inputs(
    model: SegmentationModel,
    photos: EncodedPhotos,
    coords: Tensor,
    labels: Tensor,
    memory: Tensor | None,
    texts: TextPrompts | None,
) -> StepInputs:
    config = model.config.decoder
    batch, points = labels.shape
    rows = [Slots("spatial", config.num_queries)]
    if memory is not None:
        rows.append(Slots("memory", config.num_memories))
    if texts is not None:
        rows.append(Slots("text", 1, valid=texts.given[:, None].cpu().numpy()))
    keys = [Slots("point", points, valid=labels.cpu().numpy() >= 0)]
    bias = attention_bias(WIRINGS[config.wiring], rows, keys, batch)
    side_hw = photos.side_hw
    return StepInputs(
        point_features=tuple(
            sample_points(level, coords, side_hw, config.point_sampling) for level in photos.levels
        ),
        point_coords=coords / coords.new_tensor([side_hw[1], side_hw[0]]),
        point_labels=labels,
        attention_bias=torch.from_numpy(bias).to(labels.device),
        previous_mask=memory,
        text_tokens=None if texts is None else texts.tokens,
    )


def _normalised(pixels: Tensor) -> Tensor:
    """uint8 `[B, 3, H, W]` -> float32, as `preprocess` does."""
    mean, std = (
        torch.tensor(rgb, device=pixels.device)[:, None, None] for rgb in (PIXEL_MEAN_RGB, PIXEL_STD_RGB)
    )
    return ((pixels.float() - mean) / std).contiguous(memory_format=torch.channels_last)
