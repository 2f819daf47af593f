"""The whole path in one process: the reference that browser and server are compared with."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from splitseem_model.config import ModelConfig
from splitseem_model.correction import correct_at_points, feature_spread
from splitseem_model.decoder import Head, Prepared, StepInputs
from splitseem_model.encoder import ImageEncoder, Roi
from splitseem_model.errors import FingerprintMismatch
from splitseem_model.memory import MemoryPrompt
from splitseem_model.postprocess import mask_of_image
from splitseem_model.prompts import prompt_points
from splitseem_model.refiner import RefinerFeatures, RefinerInputs
from splitseem_model.registry import load_model
from splitseem_model.sampling import sample_points
from splitseem_model.segmentation import SegmentationModel, unit
from splitseem_model.selection import selection_scores
from splitseem_model.thinning import thin
from splitseem_model.wiring import WIRINGS, Slots, attention_bias
from splitseem_proto import Embedding, ImageGeometry, PromptItem, decode_tensor

Levels = tuple[torch.Tensor, ...]


class DecoderRuntime(Protocol):
    """What runs the two calls of the decoder: torch here, ONNX Runtime in `splitseem_export.runtime`."""

    def prepare(self, levels: Levels, mask_features: torch.Tensor) -> Any:
        """Per image; the result goes to `step` unseen."""

    def step(self, prepared: Any, inputs: StepInputs) -> Head:
        """Per interaction."""

    def refine(self, prepared: Any, inputs: RefinerInputs) -> torch.Tensor:
        """The selected mask redrawn, `[1, 1, H/4, W/4]`; only for models with a refiner."""


@dataclass(frozen=True)
class PreparedImage:
    """An embedded image, ready for any number of steps.

    Attributes:
        mask_features: `[1, C, H/4, W/4]` and levels `[1, D, h_l, w_l]`, float32, after the codec.
        prepared: what the runtime made of them.
        spread: of the mask features, for the correction; None for a model without one.
    """

    geometry: ImageGeometry
    embedding: Embedding
    mask_features: torch.Tensor
    levels: Levels
    prepared: Any
    spread: NDArray[np.float64] | None


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


class TorchRuntime:
    """The decoder core itself."""

    def __init__(self, model: SegmentationModel) -> None:
        self._decoder = model.decoder.eval()
        self._refiner = None if model.refiner is None else model.refiner.eval()
        config = model.config.decoder
        self._query_index = torch.tensor(WIRINGS[config.wiring].interactive_queries(config.num_queries))

    @torch.inference_mode()
    def prepare(self, levels: Levels, mask_features: torch.Tensor) -> tuple[Prepared, RefinerFeatures | None]:
        """Per image."""
        features = None if self._refiner is None else self._refiner.prepare(mask_features, *levels[1:])
        return self._decoder.prepare(levels, mask_features, self._query_index), features

    @torch.inference_mode()
    def step(self, prepared: tuple[Prepared, RefinerFeatures | None], inputs: StepInputs) -> Head:
        """Per interaction."""
        return self._decoder.step(prepared[0], inputs, self._query_index)

    @torch.inference_mode()
    def refine(
        self, prepared: tuple[Prepared, RefinerFeatures | None], inputs: RefinerInputs
    ) -> torch.Tensor:
        """Per interaction, after the query is selected."""
        if self._refiner is None or prepared[1] is None:
            raise ValueError("this model has no refiner")
        refined: torch.Tensor = self._refiner(prepared[1], *inputs)
        return refined


class Predictor:
    """Encoder and decoder of one model."""

    def __init__(self, model: SegmentationModel, runtime: DecoderRuntime | None = None) -> None:
        self.encoder = ImageEncoder(model)
        self.name: str = model.config.name
        self.config: ModelConfig = model.config
        self.fingerprint: str = self.encoder.fingerprint
        self._class_matrix = unit(model.class_matrix.detach())
        self._runtime: DecoderRuntime = runtime or TorchRuntime(model)

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
        mask_features = arrays["mask_features"]
        correction = self.config.correction
        return PreparedImage(
            embedding.geometry,
            embedding,
            mask_features,
            levels,
            prepared=self._runtime.prepare(levels, mask_features),
            spread=None if correction is None else feature_spread(mask_features, correction),
        )

    def step(
        self, image: PreparedImage, items: Sequence[PromptItem], memory: MemoryPrompt | None = None
    ) -> Step:
        """Segment one object from all its prompts so far.

        Args:
            items: every prompt item of the object, in the order given, image frame.
            memory: of the previous step of the same object, or None on the first.
        Raises:
            PromptError: no item, one of a kind the model does not take, or a point outside the image.
        """
        points = prompt_points(items, image.geometry)
        coords = torch.from_numpy(points.coords)[None]
        labels = torch.from_numpy(points.labels)[None]
        head = self._runtime.step(image.prepared, self._inputs(image, coords, labels, memory))
        decoder = self.config.decoder
        at_points = sample_points(
            image.mask_features, coords, image.geometry.padded_hw, decoder.point_sampling
        )
        scores = selection_scores(decoder, head.mask_embed, head.quality, at_points, labels)[0]
        best = int(scores.argmax())
        answer = torch.einsum("c,chw->hw", head.mask_embed[0, best], image.mask_features[0])
        logits = self._refined(image, answer, coords, labels, at_points, memory).numpy()
        if self.config.correction is not None and image.spread is not None:
            side = max(image.geometry.input_hw)
            logits = correct_at_points(
                logits,
                image.mask_features,
                image.spread,
                points.coords,
                points.labels,
                side,
                self.config.correction,
            )
        label, label_score = self._label(head.class_embed[0, best])
        return Step(logits, float(scores[best]), label, label_score, MemoryPrompt(logits))

    def mask(self, image: PreparedImage, step: Step) -> NDArray[np.bool_]:
        """The mask of a step, bool `[H_image, W_image]`, False outside the region of interest."""
        return mask_of_image(step.mask_logits, image.geometry)

    def _inputs(
        self, image: PreparedImage, coords: torch.Tensor, labels: torch.Tensor, memory: MemoryPrompt | None
    ) -> StepInputs:
        config = self.config.decoder
        wiring = WIRINGS[config.wiring]
        padded_h, padded_w = image.geometry.padded_hw
        # Memory rows are always there, as in the exported graph; without memory nobody sees them.
        rows = [Slots(wiring.interactive, len(wiring.interactive_queries(config.num_queries)))]
        previous = None
        if wiring.has_memory:
            given = torch.full((1, config.num_memories), memory is not None)
            rows.append(Slots("memory", config.num_memories, valid=given))
            logits = (
                np.zeros(image.mask_features.shape[2:], np.float32) if memory is None else memory.mask_logits
            )
            previous = torch.from_numpy(logits)[None, None]
        bias = attention_bias(wiring, rows, [Slots("point", labels.shape[1], valid=labels >= 0)], batch=1)
        return StepInputs(
            point_features=tuple(
                sample_points(level, coords, image.geometry.padded_hw, config.point_sampling)
                for level in image.levels
            ),
            point_coords=coords / coords.new_tensor([padded_w, padded_h]),
            point_labels=labels,
            attention_bias=bias,
            previous_mask=previous,
        )

    def _refined(
        self,
        image: PreparedImage,
        answer: torch.Tensor,
        coords: torch.Tensor,
        labels: torch.Tensor,
        point_mask_features: torch.Tensor,
        memory: MemoryPrompt | None,
    ) -> torch.Tensor:
        """The mask `[H/4, W/4]` of the selected query, redrawn by the refiner where the model has one."""
        if self.config.refiner is None:
            return answer
        used = thin(range(labels.shape[1]), self.config.refiner.max_points)
        previous = torch.zeros_like(answer) if memory is None else torch.from_numpy(memory.mask_logits)
        inputs = RefinerInputs(
            answer[None, None],
            previous[None, None],
            coords[:, used],
            labels[:, used],
            point_mask_features[:, used],
        )
        return self._runtime.refine(image.prepared, inputs)[0, 0]

    def _label(self, class_embed: torch.Tensor) -> tuple[str | None, float | None]:
        if not self.config.vocabulary:
            return None, None
        logits = self.config.logit_scale * (unit(class_embed) @ self._class_matrix.T)
        probability = logits.softmax(-1)
        best = int(probability.argmax())
        return self.config.vocabulary[best], float(probability[best])
