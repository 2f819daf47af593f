"""The decoder of a model that is loaded in torch."""

from functools import partial

from splitseem_model.encode.semantic import sentence_space
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.mask.reader import MaskReader
from splitseem_model.network import SegmentationModel
from splitseem_model.step.options import StepOptions
from splitseem_model.step.parts import DecoderParts
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.step.torch_runtime import TorchRuntime
from splitseem_model.text.tower import TextEncoding, TextTower
from splitseem_model.text.towers import text_tower
from splitseem_model.text.vocabulary import cached_class_matrix, vocabulary_of


def decoder_of(
    model: SegmentationModel,
    fingerprint: str,
    runtime: DecoderRuntime | None = None,
    options: StepOptions | None = None,
) -> ImageDecoder:
    """A decoder that runs in torch, or in a runtime that was made of the same model.

    Raises:
        PromptError: options that the model cannot follow.
    """
    return ImageDecoder(parts_of(model, fingerprint, runtime), options)


def parts_of(
    model: SegmentationModel, fingerprint: str, runtime: DecoderRuntime | None = None
) -> DecoderParts:
    """What such a decoder is made of."""
    tower = text_tower(model)
    return DecoderParts(
        model.config,
        fingerprint,
        runtime or TorchRuntime(model),
        MaskReader(model.pixel_decoder).read,
        None if tower is None else partial(_read, tower),
        None if tower is None else partial(cached_class_matrix, tower),
        None if model.semantic is None else sentence_space(model.semantic),
        partial(vocabulary_of, model, tower),
    )


def _read(tower: TextTower, text: str) -> TextEncoding:
    return tower.encode([text])[0]
