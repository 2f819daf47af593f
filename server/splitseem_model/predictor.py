"""The whole path in one process: the reference that browser and server are compared with."""

from collections.abc import Sequence
from copy import copy
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder, Roi
from splitseem_model.encode.network import EncoderOptions, map_kinds
from splitseem_model.network import SegmentationModel
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.step.answering import Step
from splitseem_model.step.example import ExampleRegion
from splitseem_model.step.options import StepOptions
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.tasks.segments import Segmentation
from splitseem_model.torch_decoder import decoder_of
from splitseem_proto import PromptItem

__all__ = ["ExampleRegion", "Predictor", "PreparedImage", "Step", "StepOptions"]


class Predictor:
    """Encoder and decoder of one model.

    Attributes:
        encoder, decoder: the two halves; the methods here are theirs.
    """

    def __init__(
        self,
        model: SegmentationModel,
        runtime: DecoderRuntime | None = None,
        encoding: EncoderOptions | None = None,
        options: StepOptions | None = None,
    ) -> None:
        """`encoding` None: the fastest for this model and runtime that is exact.

        Raises:
            PromptError: options that the model cannot follow.
        """
        self.encoder = ImageEncoder(model, options=encoding or _encoding(model, runtime))
        self.decoder = decoder_of(model, self.encoder.fingerprint, runtime, options)
        self.name: str = model.config.name
        self.fingerprint: str = self.encoder.fingerprint

    @classmethod
    def load(cls, model: str = "nano", *, preset: str | None = None) -> "Predictor":
        """Load a preset with bundled weights, or a file, to run in torch.

        Raises:
            UnknownModelError: neither; the message lists the presets. CheckpointError: the file does not fit.
        """
        return cls(load_model(model, preset))

    def with_options(self, options: StepOptions) -> "Predictor":
        """A predictor of the same model with other options; as `ImageDecoder.with_options`."""
        other = copy(self)
        other.decoder = self.decoder.with_options(options)
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

        The embedding goes through the wire codec, so that this is the same path as the browser's. The pixels
        are kept, so that masks get edges as sharp as theirs.
        """
        embedding = self.encoder.encode(image_rgb, roi_xywh=roi_xywh, canvas=canvas, codec=codec, maps=maps)
        return self.decoder.with_pixels(self.decoder.prepare(embedding), image_rgb)

    def step(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None = None,
        *,
        example: ExampleRegion | None = None,
        transcript: str | None = None,
    ) -> Step:
        """Segment one object from all its prompts so far; as `ImageDecoder.step`."""
        return self.decoder.step(image, items, memory, example=example, transcript=transcript)

    def alternatives(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None = None,
        *,
        example: ExampleRegion | None = None,
        transcript: str | None = None,
    ) -> list[Step]:
        """The distinct answers to the last click, the first one first; as `ImageDecoder.alternatives`."""
        return self.decoder.alternatives(image, items, memory, example=example, transcript=transcript)

    def mask(
        self, image: PreparedImage, step: Step, resampling: Literal["direct", "official"] = "direct"
    ) -> NDArray[np.bool_]:
        """The mask of a step, bool `[H_image, W_image]`; as `ImageDecoder.mask`."""
        return self.decoder.mask(image, step, resampling)

    def example(self, image: PreparedImage, items: Sequence[PromptItem]) -> ExampleRegion:
        """A region of an image as a prompt for other images; as `ImageDecoder.example`."""
        return self.decoder.example(image, items)

    def panoptic(
        self, image: PreparedImage, mode: str = "panoptic", *, min_score: float = 0.0
    ) -> Segmentation:
        """Everything in an image, without a prompt; as `ImageDecoder.panoptic`."""
        return self.decoder.panoptic(image, mode, min_score=min_score)


def _encoding(model: SegmentationModel, runtime: DecoderRuntime | None) -> EncoderOptions:
    """The source of the mask features suffices unless the graphs, a refiner or a correction want them."""
    config = model.config
    wants_features = runtime is not None or config.refiner is not None or config.correction is not None
    return EncoderOptions(mask_source="source" in map_kinds(model) and not wants_features)
