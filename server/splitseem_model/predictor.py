"""The whole path in one process: the reference that browser and server are compared with."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cache, lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray

from splitseem_model.answering import Step, answer
from splitseem_model.asking import Candidates, ObjectPrompt, ask, ask_objects
from splitseem_model.asking_together import ask_together, most_together
from splitseem_model.config import ModelConfig
from splitseem_model.correction import feature_spread
from splitseem_model.decoder_runtime import DecoderRuntime, TorchRuntime
from splitseem_model.encoder import ImageEncoder, Roi
from splitseem_model.encoder_network import EncoderOptions, gives_mask_source
from splitseem_model.errors import FingerprintMismatch, PromptError, TaskError, TextTowerError
from splitseem_model.example import ExampleRegion, example_region
from splitseem_model.mask_map import MaskFeatures, MaskMap, MaskSource, mask_conv
from splitseem_model.memory import MemoryPrompt
from splitseem_model.photo.pixels import photo_of_embedding
from splitseem_model.photo.refinement import PhotoGuide, guide_of
from splitseem_model.postprocess import hold_pixels, mask_of_image
from splitseem_model.prepared_image import PreparedImage
from splitseem_model.prompt_shapes import RegionRules, region_rules
from splitseem_model.prompts import no_points, prompt_points
from splitseem_model.registry import load_model
from splitseem_model.segmentation import SegmentationModel, unit
from splitseem_model.tasks.modes import check_mode, segment_all
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.segments import Segmentation
from splitseem_model.text.tower import TextEncoding
from splitseem_model.text.towers import text_tower
from splitseem_model.text.vocabulary import Vocabulary, cached_class_matrix, vocabulary_of
from splitseem_model.wiring import WIRINGS
from splitseem_proto import Embedding, PromptItem, TextPrompt, decode_tensor

__all__ = ["ExampleRegion", "Predictor", "PreparedImage", "Step"]

_TEXTS_REMEMBERED = 64


class Predictor:
    """Encoder and decoder of one model."""

    def __init__(
        self,
        model: SegmentationModel,
        runtime: DecoderRuntime | None = None,
        options: EncoderOptions | None = None,
        encoder: ImageEncoder | None = None,
    ) -> None:
        """`options` None: the fastest for this model and runtime that are exact. `encoder`: one of the same
        model that is there already, which then goes by its own options."""
        self.encoder = encoder or ImageEncoder(model, options=options or _options(model, runtime))
        self.name: str = model.config.name
        self.config: ModelConfig = model.config
        self.fingerprint: str = self.encoder.fingerprint
        self._runtime: DecoderRuntime = runtime or TorchRuntime(model)
        self._mask_conv = mask_conv(model.pixel_decoder).cpu()
        self._tower = text_tower(model)
        self._vocabulary = cache(partial(vocabulary_of, model, self._tower))
        self.region_rules: RegionRules = region_rules(model.config.decoder)
        self._read = lru_cache(_TEXTS_REMEMBERED)(self._encode_text)

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

    def with_wiring(self, name: str) -> "Predictor":
        """The same predictor with another wiring of the same rows; images stay prepared.

        These are the hooks of the official evaluation, which say what text and points together mean.

        Raises:
            ValueError: no such wiring, or one with other rows; the message names those that can be.
        """
        own = WIRINGS[self.config.decoder.wiring]
        fitting = [other.name for other in WIRINGS.values() if other.same_rows(own)]
        if name not in fitting:
            raise ValueError(f"no wiring {name!r} for {self.name}; there are {', '.join(fitting)}")
        other = copy(self)
        other.config = replace(self.config, decoder=replace(self.config.decoder, wiring=name))
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
    ) -> PreparedImage:
        """Encode an image and prepare it for steps; arguments and errors as for `ImageEncoder.encode`.

        The embedding goes through the wire codec, so that this is the same path as the browser's.
        """
        codec = codec or self.encoder.default_codec
        return self.prepare(self.encoder.encode(image_rgb, roi_xywh=roi_xywh, canvas=canvas, codec=codec))

    def prepare(self, embedding: Embedding) -> PreparedImage:
        """Prepare an embedding that came from elsewhere.

        Raises:
            FingerprintMismatch: another model made it.
        """
        if embedding.fingerprint != self.fingerprint:
            raise FingerprintMismatch(
                f"the embedding was made by model {embedding.fingerprint}, the decoder is {self.fingerprint}:"
                " embed the image again"
            )
        arrays = {t.name: torch.from_numpy(decode_tensor(t)) for t in embedding.tensors}
        levels = tuple(arrays[f"level{i}"] for i in range(3))
        masks = self._masks(arrays)
        correction = self.config.correction
        return PreparedImage(
            embedding.geometry,
            embedding,
            masks,
            levels,
            prepared=self._runtime.prepare(levels, masks),
            spread=None if correction is None else feature_spread(masks.full(), correction),
            photo=self._photo_guide(embedding),
        )

    def _photo_guide(self, embedding: Embedding) -> PhotoGuide | None:
        photo = photo_of_embedding(embedding)
        if photo is None or self.config.photo is None:
            return None
        return guide_of(photo, embedding.geometry, self.config.photo)

    def _masks(self, arrays: dict[str, torch.Tensor]) -> MaskMap:
        if "mask_features" in arrays:
            return MaskFeatures(arrays["mask_features"])
        averages = tuple(arrays[f"mask_level{i}"] for i in range(3))
        return MaskSource(arrays["mask_source"], averages, self._mask_conv)

    def step(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None = None,
        *,
        example: ExampleRegion | None = None,
        transcript: str | None = None,
    ) -> Step:
        """Segment one object from all its prompts so far.

        Several texts describe one object: their agreement with it is averaged. Of several kinds of prompts,
        the first of these that there is chooses among the answers: positive points, the example, texts, the
        transcript.

        Args:
            items: every prompt item of the object, in the order given, image frame; may be empty where there
                is an example or a transcript.
            memory: of the previous step of the same object, or None on the first.
            example: what `example` made of another image, or of this one.
            transcript: what was said of the object. Wirings without a group for it take it as a text.
        Raises:
            PromptError: no prompt, a text for a model without text tower, or a point outside the image.
            TextTowerError: a text, and the sentence encoder is not installed.
            FingerprintMismatch: another model made the example.
        """
        if example is not None and example.fingerprint != self.fingerprint:
            raise FingerprintMismatch(
                f"the example was made by model {example.fingerprint}, the decoder is {self.fingerprint}:"
                " make it again"
            )
        prompt = self._prompt(image, items, memory, example, transcript)
        return self._answer(image, ask(self.config.decoder, self._runtime, image, prompt), prompt.sentences)

    def step_objects(
        self,
        image: PreparedImage,
        items: Sequence[Sequence[PromptItem]],
        memories: Sequence[MemoryPrompt | None] | None = None,
    ) -> list[Step]:
        """Segment several objects of one image, in as few runs of the decoder as the model allows.

        The answers are those of `step` for each alone. The exception is the wiring of v1 with memories: there
        the objects of a run share them, as upstream.

        Args:
            items: of every object, its prompt items as for `step`. An object with a text gets a run of its
                own.
            memories: of every object, that of its step before or None; all None on the first.
        Returns:
            one step an object, in their order.
        Raises:
            ValueError: not as many memories as objects. Else as for `step`.
        """
        given = [None] * len(items) if memories is None else memories
        prompts = [self._prompt(image, *pair) for pair in zip(items, given, strict=True)]
        shared = [k for k, prompt in enumerate(prompts) if prompt.points_alone]
        most = most_together(self.config.decoder)
        candidates = {
            k: ask(self.config.decoder, self._runtime, image, prompt)
            for k, prompt in enumerate(prompts)
            if not prompt.points_alone
        }
        for start in range(0, len(shared), most):
            run = shared[start : start + most]
            of_run = [prompts[k] for k in run]
            candidates |= zip(
                run, ask_together(self.config.decoder, self._runtime, image, of_run), strict=True
            )
        return [self._answer(image, candidates[k], prompt.sentences) for k, prompt in enumerate(prompts)]

    def refer(self, image: PreparedImage, texts: Sequence[str]) -> list[Step]:
        """Segment what each of several texts names, in one pass; the texts see each other, as upstream.

        Returns:
            one step a text, in their order.
        Raises:
            PromptError: no text, or a model without text tower. TextTowerError: as for `step`.
        """
        prompt = self._prompt(image, [TextPrompt(text) for text in texts])
        candidates = ask(self.config.decoder, self._runtime, image, prompt)
        return [self._answer(image, candidates, text.sentence[None]) for text in prompt.texts]

    def example(self, image: PreparedImage, items: Sequence[PromptItem]) -> ExampleRegion:
        """A region of an image as a prompt for other images, see `step`.

        Args:
            items: where the object is; positive points count, texts do not.
        Raises:
            PromptError: no positive point, or one outside the image.
        """
        # The corners of a box are no places on the object.
        rules = self.region_rules
        on_object = rules if rules.box != "corners" else replace(rules, box="filled")
        points = prompt_points(items, image.geometry, on_object)
        return example_region(self.config.decoder, image, points)

    def panoptic(
        self, image: PreparedImage, mode: str = "panoptic", *, min_score: float = 0.0
    ) -> Segmentation:
        """Everything in an image, without a prompt, by the official rules and thresholds.

        Args:
            mode: "panoptic", "semantic" or "instance".
            min_score: instances below are left out.
        Raises:
            TaskError: an unknown mode, or a model without object queries or classes.
        """
        check_mode(mode)
        vocabulary = self._vocabulary()
        if vocabulary is None:
            raise TaskError(f"{self.name} has no classes, so what it finds has no names")
        queries = self._object_queries(image, vocabulary)
        classes, wiring = TaskClasses.of(vocabulary.names), self.config.decoder.wiring
        return segment_all(mode, queries, image.geometry, classes, wiring, min_score)

    def _object_queries(self, image: PreparedImage, vocabulary: Vocabulary) -> ObjectQueries:
        head = ask_objects(self.config.decoder, self._runtime, image)
        class_logits = self.config.logit_scale * (unit(head.class_embed[0]) @ vocabulary.matrix.T)
        return ObjectQueries(class_logits, image.masks.logits(head.mask_embed)[0])

    def mask(self, image: PreparedImage, step: Step) -> NDArray[np.bool_]:
        """The mask of a step, bool `[H_image, W_image]`, False outside the region of interest."""
        if step.fine is None:
            return mask_of_image(step.mask_logits, image.geometry)
        mask = mask_of_image(step.fine.logits, image.geometry, step.fine.stride)
        return hold_pixels(mask, step.fine.held)

    def _prompt(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None = None,
        example: ExampleRegion | None = None,
        transcript: str | None = None,
    ) -> ObjectPrompt:
        more = example is not None or transcript is not None
        return ObjectPrompt(
            no_points() if more and not items else prompt_points(items, image.geometry, self.region_rules),
            tuple(self._read(item.text) for item in items if isinstance(item, TextPrompt)),
            () if transcript is None else (self._read(transcript),),
            example,
            memory,
        )

    def _encode_text(self, text: str) -> TextEncoding:
        if self._tower is None:
            raise PromptError(f"{self.name} has no text tower, so it cannot look for {text!r}")
        return self._tower.encode([text])[0]

    def _answer(self, image: PreparedImage, candidates: Candidates, sentences: torch.Tensor | None) -> Step:
        return answer(self.config, self._runtime, image, candidates, self._vocabulary(), sentences)


def _options(model: SegmentationModel, runtime: DecoderRuntime | None) -> EncoderOptions:
    """The source of the mask features suffices unless the graphs, a refiner or a correction want them."""
    config = model.config
    wants_features = runtime is not None or config.refiner is not None or config.correction is not None
    return EncoderOptions(mask_source=gives_mask_source(model) and not wants_features)
