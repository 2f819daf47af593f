"""An embedded image as the decoder wants it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import StepConfig
from splitseem_model.encode.mask_features import MaskMap
from splitseem_model.encode.meaning import SEMANTIC
from splitseem_model.encode.photo_pixels import photo_of_embedding
from splitseem_model.layers.arrays import Floats
from splitseem_model.mask.correction import feature_spread
from splitseem_model.mask.photo.pyramid import PhotoPyramid
from splitseem_model.mask.photo.refinement import PhotoGuide, guide_of
from splitseem_model.mask.refiner_scale import RefinerMaps, refiner_maps
from splitseem_model.step.runtime import DecoderRuntime, Levels
from splitseem_proto import Embedding, ImageGeometry, decode_tensor

Reader = Callable[[Mapping[str, Floats]], MaskMap]
"""Tensors of an embedding -> what masks are made of."""


@dataclass(frozen=True)
class PreparedImage:
    """An embedded image, ready for any number of steps.

    Attributes:
        masks: what masks are made of, and levels `[1, D, h_l, w_l]`, float32, after the codec.
        prepared: what the runtime made of them.
        spread: of the mask features, for the correction; None for a model without one.
        semantic: `[1, S, H/16, W/16]`, see `encode/meaning.py`; None for a model without it.
        photo: for the refinement by it; None for a model without it, or an embedding without photo.
        pyramid: the photo itself, by which masks are snapped; None where there is but the embedding.
    """

    geometry: ImageGeometry
    embedding: Embedding
    masks: MaskMap
    levels: Levels
    prepared: Any
    spread: NDArray[np.float64] | None
    photo: PhotoGuide | None = None
    semantic: Floats | None = None
    pyramid: PhotoPyramid | None = None

    @property
    def mask_features(self) -> Floats:
        """`[1, C, H/4, W/4]`, computed if the embedding does not hold them."""
        return self.masks.full()


def prepare_image(
    config: StepConfig, runtime: DecoderRuntime, reader: Reader, embedding: Embedding
) -> PreparedImage:
    """Read an embedding of the model and do what is done once for an image."""
    arrays = {t.name: decode_tensor(t) for t in embedding.tensors}
    levels = tuple(arrays[f"level{i}"] for i in range(3))
    masks = reader(arrays)
    return PreparedImage(
        embedding.geometry,
        embedding,
        masks,
        levels,
        prepared=runtime.prepare(levels, masks, _refiner_maps(config, masks, levels)),
        spread=None if config.correction is None else feature_spread(masks.full(), config.correction),
        photo=_photo_guide(config, embedding),
        semantic=arrays.get(SEMANTIC),
    )


def _refiner_maps(config: StepConfig, masks: MaskMap, levels: Levels) -> RefinerMaps | None:
    return None if config.refiner is None else refiner_maps(config.refiner, masks.full(), *levels[1:])


def _photo_guide(config: StepConfig, embedding: Embedding) -> PhotoGuide | None:
    photo = photo_of_embedding(embedding)
    if photo is None or config.photo is None:
        return None
    return guide_of(photo, embedding.geometry, config.photo)
