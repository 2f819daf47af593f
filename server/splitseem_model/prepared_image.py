"""An embedded image as the decoder wants it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from splitseem_model.decoder_runtime import Levels
from splitseem_model.mask_map import MaskMap
from splitseem_model.photo.refinement import PhotoGuide
from splitseem_proto import Embedding, ImageGeometry


@dataclass(frozen=True)
class PreparedImage:
    """An embedded image, ready for any number of steps.

    Attributes:
        masks: what masks are made of, and levels `[1, D, h_l, w_l]`, float32, after the codec.
        prepared: what the runtime made of them.
        spread: of the mask features, for the correction; None for a model without one.
        photo: for the refinement by it; None for a model without it, or an embedding without photo.
    """

    geometry: ImageGeometry
    embedding: Embedding
    masks: MaskMap
    levels: Levels
    prepared: Any
    spread: NDArray[np.float64] | None
    photo: PhotoGuide | None = None

    @property
    def mask_features(self) -> torch.Tensor:
        """`[1, C, H/4, W/4]`, computed if the embedding holds their source."""
        return self.masks.full()
