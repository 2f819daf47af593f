"""The whole path in one process: the reference that browser and server are compared with."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder, Roi
from splitseem_model.encode.network import EncoderOptions, map_kinds
from splitseem_model.errors import PromptError, TextTowerError
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.network import SegmentationModel
from splitseem_model.prompt.shapes import RegionRules, region_rules
from splitseem_model.step.answering import Step
from splitseem_model.step.example import ExampleRegion
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.text.vocabulary import Vocabulary, cached_class_matrix

__all__ = ["ExampleRegion", "Predictor", "PreparedImage", "Step"]


class Predictor(ImageDecoder):
    """Encoder and decoder of one model."""

    def __init__(
        self,
        model: SegmentationModel,
        runtime: DecoderRuntime | None = None,
        options: EncoderOptions | None = None,
    ) -> None:
        """`options` None: the fastest for this model and runtime that are exact."""
        self.encoder = ImageEncoder(model, options=options or _options(model, runtime))
        super().__init__(model, self.encoder.fingerprint, runtime)

    @classmethod
    def load(cls, model: str = "nano", *, preset: str | None = None) -> "Predictor":
        """Load a preset with bundled weights, or a file, to run in torch.

        Raises:
            UnknownModelError: neither; the message lists the presets. CheckpointError: the file does not fit.
        """
        return cls(load_model(model, preset))

    def without_correction(self) -> "Predictor":
        """The same predictor with the decoder's answer left as it is; images are to be prepared anew."""
        plain = copy(self)
        plain.config = replace(self.config, correction=None)
        return plain

    def with_vocabulary(self, names: Sequence[str]) -> "Predictor":
        """The same predictor with other class names for its labels; images stay prepared.

        Raises:
            TextTowerError: the model has no text tower, or its sentence encoder is not installed.
        """
        if self._tower is None:
            raise TextTowerError(f"{self.name} has no text tower, so its classes cannot be renamed")
        named = Vocabulary(tuple(names), cached_class_matrix(self._tower, names))
        other = copy(self)
        other._vocabulary = cache(lambda: named)
        return other

    def with_region_rules(self, rules: RegionRules) -> "Predictor":
        """The same predictor with other rules for boxes and polygons; images stay prepared.

        Raises:
            PromptError: corners of boxes, and the model has no labels for them.
        """
        if rules.box == "corners" and region_rules(self.config.decoder).box != "corners":
            raise PromptError(f"{self.name} has no point labels for the corners of a box")
        other = copy(self)
        other.region_rules = rules
        return other

    def encode(
        self,
        image_rgb: NDArray[np.uint8],
        *,
        roi_xywh: Roi | None = None,
        canvas: int | None = None,
        codec: str | None = None,
        maps: str | None = None,
    ) -> PreparedImage:
        """Encode an image and prepare it for steps; arguments and errors as for `ImageEncoder.encode`.

        The embedding goes through the wire codec, so that this is the same path as the browser's.
        """
        return self.prepare(
            self.encoder.encode(image_rgb, roi_xywh=roi_xywh, canvas=canvas, codec=codec, maps=maps)
        )


def _options(model: SegmentationModel, runtime: DecoderRuntime | None) -> EncoderOptions:
    """The source of the mask features suffices unless the graphs, a refiner or a correction want them."""
    config = model.config
    wants_features = runtime is not None or config.refiner is not None or config.correction is not None
    return EncoderOptions(mask_source="source" in map_kinds(model) and not wants_features)
