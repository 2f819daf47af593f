"""The whole path in one process: the reference that browser and server are compared with."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from splitseem_model.config import ModelConfig
from splitseem_model.correction import correct_at_points, feature_spread
from splitseem_model.decoder import Head, StepInputs
from splitseem_model.decoder_runtime import DecoderRuntime, Levels, TorchRuntime
from splitseem_model.encoder import ImageEncoder, Roi
from splitseem_model.encoder_network import EncoderOptions, gives_mask_source
from splitseem_model.errors import FingerprintMismatch, PromptError, TextTowerError
from splitseem_model.mask_map import MaskFeatures, MaskMap, MaskSource, mask_conv
from splitseem_model.memory import MemoryPrompt
from splitseem_model.postprocess import mask_of_image
from splitseem_model.prompts import PromptPoints, prompt_points
from splitseem_model.refiner import RefinerInputs
from splitseem_model.registry import load_model
from splitseem_model.sampling import sample_points
from splitseem_model.segmentation import SegmentationModel, unit
from splitseem_model.selection import answer_scores
from splitseem_model.step_rows import step_rows
from splitseem_model.text.tower import TextEncoding
from splitseem_model.text.towers import text_tower
from splitseem_model.text.vocabulary import Vocabulary, cached_class_matrix, vocabulary_of
from splitseem_model.thinning import thin
from splitseem_model.wiring import WIRINGS
from splitseem_proto import Embedding, ImageGeometry, PromptItem, TextPrompt, decode_tensor

_TEXTS_REMEMBERED = 64


@dataclass(frozen=True)
class PreparedImage:
    """An embedded image, ready for any number of steps.

    Attributes:
        masks: what masks are made of, and levels `[1, D, h_l, w_l]`, float32, after the codec.
        prepared: what the runtime made of them.
        spread: of the mask features, for the correction; None for a model without one.
    """

    geometry: ImageGeometry
    embedding: Embedding
    masks: MaskMap
    levels: Levels
    prepared: Any
    spread: NDArray[np.float64] | None

    @property
    def mask_features(self) -> torch.Tensor:
        """`[1, C, H/4, W/4]`, computed if the embedding holds their source."""
        return self.masks.full()


@dataclass(frozen=True)
class Step:
    """The answer to one interaction.

    Attributes:
        mask_logits: float32 `[H/4, W/4]` over the padded input, foreground > 0, corrected at the clicks.
        score: selection score of the query that answered; higher is better.
        label, label_score: its best class and the softmax of it; None for a model without vocabulary.
        memory: for the next step of the same object.
    """

    mask_logits: NDArray[np.float32]
    score: float
    label: str | None
    label_score: float | None
    memory: MemoryPrompt


class Predictor:
    """Encoder and decoder of one model."""

    def __init__(
        self,
        model: SegmentationModel,
        runtime: DecoderRuntime | None = None,
        options: EncoderOptions | None = None,
    ) -> None:
        """`options` None: the fastest for this model and runtime that are exact."""
        self.encoder = ImageEncoder(model, options=options or _options(model, runtime))
        self.name: str = model.config.name
        self.config: ModelConfig = model.config
        self.fingerprint: str = self.encoder.fingerprint
        self._runtime: DecoderRuntime = runtime or TorchRuntime(model)
        self._mask_conv = mask_conv(model.pixel_decoder)
        self._tower = text_tower(model)
        self._vocabulary = cache(partial(vocabulary_of, model, self._tower))
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
        )

    def _masks(self, arrays: dict[str, torch.Tensor]) -> MaskMap:
        if "mask_features" in arrays:
            return MaskFeatures(arrays["mask_features"])
        averages = tuple(arrays[f"mask_level{i}"] for i in range(3))
        return MaskSource(arrays["mask_source"], averages, self._mask_conv)

    def step(
        self, image: PreparedImage, items: Sequence[PromptItem], memory: MemoryPrompt | None = None
    ) -> Step:
        """Segment one object from all its prompts so far.

        Several texts describe one object: their agreement with it is averaged.

        Args:
            items: every prompt item of the object, in the order given, image frame.
            memory: of the previous step of the same object, or None on the first.
        Raises:
            PromptError: no item, a text for a model without text tower, or a point outside the image.
            TextTowerError: a text, and the sentence encoder is not installed.
        """
        points = prompt_points(items, image.geometry)
        texts = [self._read(item.text) for item in items if isinstance(item, TextPrompt)]
        candidates = self._candidates(image, points, texts, memory)
        sentences = torch.stack([text.sentence for text in texts]) if texts else None
        return self._answer(image, candidates, sentences)

    def refer(self, image: PreparedImage, texts: Sequence[str]) -> list[Step]:
        """Segment what each of several texts names, in one pass; the texts see each other, as upstream.

        Returns:
            one step a text, in their order.
        Raises:
            PromptError: no text, or a model without text tower. TextTowerError: as for `step`.
        """
        items = [TextPrompt(text) for text in texts]
        read = [self._read(text) for text in texts]
        candidates = self._candidates(image, prompt_points(items, image.geometry), read, None)
        return [self._answer(image, candidates, text.sentence[None]) for text in read]

    def mask(self, image: PreparedImage, step: Step) -> NDArray[np.bool_]:
        """The mask of a step, bool `[H_image, W_image]`, False outside the region of interest."""
        return mask_of_image(step.mask_logits, image.geometry)

    def _encode_text(self, text: str) -> TextEncoding:
        if self._tower is None:
            raise PromptError(f"{self.name} has no text tower, so it cannot look for {text!r}")
        return self._tower.encode([text])[0]

    def _candidates(
        self,
        image: PreparedImage,
        points: PromptPoints,
        texts: Sequence[TextEncoding],
        memory: MemoryPrompt | None,
    ) -> "_Candidates":
        """Run the decoder; keep the rows that may answer."""
        config, padded_hw = self.config.decoder, image.geometry.padded_hw
        coords, labels = torch.from_numpy(points.coords)[None], torch.from_numpy(points.labels)[None]
        tokens = torch.cat([text.tokens for text in texts])[None] if texts else None
        rows = step_rows(config, labels, 0 if tokens is None else tokens.shape[1], memory=memory is not None)
        sampled = image.masks.at_points(coords, padded_hw, config.point_sampling)
        of_levels = (sample_points(level, coords, padded_hw, config.point_sampling) for level in image.levels)
        inputs = StepInputs(
            point_features=tuple(of_levels),
            point_coords=coords / coords.new_tensor([padded_hw[1], padded_hw[0]]),
            point_labels=labels,
            attention_bias=rows.attention_bias,
            previous_mask=_previous_mask(image, memory) if WIRINGS[config.wiring].has_memory else None,
            text_tokens=tokens,
        )
        head = self._runtime.step(image.prepared, inputs, rows.query_index)
        answering = Head(*(tensor[:, rows.answering] for tensor in head))
        return _Candidates(answering, rows.by_text, points, sampled, memory)

    def _answer(
        self, image: PreparedImage, candidates: "_Candidates", sentences: torch.Tensor | None
    ) -> Step:
        """The best candidate's mask, redrawn and corrected, with its label."""
        head, points = candidates.head, candidates.points
        scores = answer_scores(
            self.config,
            head,
            candidates.point_mask_features,
            torch.from_numpy(points.labels)[None],
            sentences,
            by_text=candidates.by_text,
        )[0]
        best = int(scores.argmax())
        answer = image.masks.logits(head.mask_embed[:, best : best + 1])[0, 0]
        logits = self._refined(image, answer, candidates).numpy()
        if self.config.correction is not None and image.spread is not None:
            logits = correct_at_points(
                logits,
                image.mask_features,
                image.spread,
                points.coords,
                points.labels,
                max(image.geometry.input_hw),
                self.config.correction,
            )
        label, label_score = self._label(head.class_embed[0, best])
        return Step(logits, float(scores[best]), label, label_score, MemoryPrompt(logits))

    def _refined(self, image: PreparedImage, answer: torch.Tensor, candidates: "_Candidates") -> torch.Tensor:
        """The mask `[H/4, W/4]` of the selected query, redrawn by the refiner where the model has one."""
        if self.config.refiner is None:
            return answer
        points = candidates.points
        used = thin(range(len(points.labels)), self.config.refiner.max_points)
        inputs = RefinerInputs(
            answer[None, None],
            _previous_mask(image, candidates.memory),
            torch.from_numpy(points.coords[used])[None],
            torch.from_numpy(points.labels[used])[None],
            candidates.point_mask_features[:, used],
        )
        return self._runtime.refine(image.prepared, inputs)[0, 0]

    def _label(self, class_embed: torch.Tensor) -> tuple[str | None, float | None]:
        vocabulary = self._vocabulary()
        if vocabulary is None:
            return None, None
        logits = self.config.logit_scale * (unit(class_embed) @ vocabulary.matrix.T)
        probability = logits.softmax(-1)
        best = int(probability.argmax())
        return vocabulary.names[best], float(probability[best])


@dataclass(frozen=True)
class _Candidates:
    """The decoder's prediction for the rows that may answer, and what they were asked.

    Attributes:
        by_text: whether the texts choose among them, see `answer_scores`.
        point_mask_features: `[1, P, C]`, the mask features sampled at the points.
    """

    head: Head
    by_text: bool
    points: PromptPoints
    point_mask_features: torch.Tensor
    memory: MemoryPrompt | None


def _previous_mask(image: PreparedImage, memory: MemoryPrompt | None) -> torch.Tensor:
    """`[1, 1, H/4, W/4]`; zeros without memory."""
    if memory is None:
        return torch.zeros(1, 1, *image.masks.size_hw)
    return torch.from_numpy(memory.mask_logits)[None, None]


def _options(model: SegmentationModel, runtime: DecoderRuntime | None) -> EncoderOptions:
    """The source of the mask features suffices unless the graphs, a refiner or a correction want them."""
    config = model.config
    wants_features = runtime is not None or config.refiner is not None or config.correction is not None
    return EncoderOptions(mask_source=gives_mask_source(model) and not wants_features)
