"""A prompt -> decoder inputs -> the rows that may answer it."""

from dataclasses import dataclass

import numpy as np

from splitseem_model.config import DecoderConfig
from splitseem_model.decode.calls import Head, StepInputs
from splitseem_model.decode.step_rows import StepRows, lay_out, object_rows
from splitseem_model.decode.wiring import WIRINGS, Slots, Wiring
from splitseem_model.layers.arrays import Array, Floats, sample_points
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.prompts import PointLabel, PromptPoints, no_points
from splitseem_model.step.example import ExampleRegion
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.text.tower import TextEncoding


@dataclass(frozen=True, eq=False)
class ObjectPrompt:
    """All that is known of one object.

    Attributes:
        points: in the padded frame; one of padding where there is none.
        texts, transcript: what was written, and what was said.
        example: a region of another image that shows such an object.
        memory: of the step before.
    """

    points: PromptPoints
    texts: tuple[TextEncoding, ...] = ()
    transcript: tuple[TextEncoding, ...] = ()
    example: ExampleRegion | None = None
    memory: MemoryPrompt | None = None

    @property
    def example_alone(self) -> Floats | None:
        """What the example shows, `[sentence_dim]`, where nothing else was given and that is known."""
        if self.example is None or self.texts or self.transcript or self.memory is not None:
            return None
        return self.example.meaning if bool((self.points.labels == PointLabel.PADDING).all()) else None

    @property
    def words_alone(self) -> bool:
        """Whether all that is known is what was written."""
        nothing_else = not self.transcript and self.example is None and self.memory is None
        return bool(self.texts) and nothing_else and bool((self.points.labels == PointLabel.PADDING).all())

    @property
    def sentences(self) -> Floats | None:
        """`[T, E]`, the texts; what was said where nothing was written, as upstream chooses."""
        texts = self.texts or self.transcript
        return np.stack([text.sentence for text in texts]) if texts else None


@dataclass(frozen=True, eq=False)
class Candidates:
    """The decoder's prediction for the rows that may answer an object's prompt.

    Attributes:
        head: of these rows, B = 1.
        by_text: whether the texts choose among them, see `answer_scores`.
        point_mask_features: `[1, P, C]`, the mask features sampled at the object's points.
    """

    head: Head[Array]
    by_text: bool
    prompt: ObjectPrompt
    point_mask_features: Floats

    def deciding_points(self) -> tuple[Floats, Array]:
        """Mask features `[1, P, C]` and labels `[1, P]` that choose: the points, with those of the example
        where none of them is positive."""
        labels, example = self.prompt.points.labels[None], self.prompt.example
        if example is None or (labels == PointLabel.POSITIVE).any():
            return self.point_mask_features, labels
        features = np.concatenate([self.point_mask_features, example.mask_features], axis=1)
        return features, np.concatenate([labels, example.labels], axis=1)


def ask(
    config: DecoderConfig, runtime: DecoderRuntime, image: PreparedImage, prompt: ObjectPrompt
) -> Candidates:
    """Run the decoder for one object."""
    points, wiring = prompt.points, WIRINGS[config.wiring]
    words = [("text", text) for text in prompt.texts]
    words += [("audio" if "audio" in wiring.sees else "text", text) for text in prompt.transcript]
    rows = lay_out(
        config,
        (_point_slots(points), *_example_slots(wiring, prompt.example)),
        tuple(Slots(group, len(text.tokens)) for group, text in words),
        memory=prompt.memory is not None,
    )
    tokens = np.concatenate([text.tokens for _, text in words])[None] if words else None
    inputs = _decoder_inputs(config, image, points, rows, previous_mask(image, prompt.memory))
    inputs = _with_example(inputs._replace(text_tokens=tokens), prompt.example)
    head = _run_rows(runtime, image, inputs, rows)
    sampled = image.masks.at_points(points.coords[None], image.geometry.padded_hw, config.point_sampling)
    return Candidates(head, rows.by_text, prompt, sampled)


def ask_objects(config: DecoderConfig, runtime: DecoderRuntime, image: PreparedImage) -> Head[Array]:
    """Run the decoder without prompt: the answers of all object queries.

    Raises:
        TaskError: the model has no such queries.
    """
    points = no_points()
    rows = object_rows(config, len(points.labels))
    inputs = _decoder_inputs(config, image, points, rows, previous_mask(image, None))
    return _run_rows(runtime, image, inputs, rows)


def previous_mask(image: PreparedImage, memory: MemoryPrompt | None) -> Floats:
    """`[1, 1, H/4, W/4]`; zeros without memory."""
    if memory is None:
        return np.zeros((1, 1, *image.masks.size_hw), np.float32)
    return memory.mask_logits[None, None]


def _decoder_inputs(
    config: DecoderConfig, image: PreparedImage, points: PromptPoints, rows: StepRows, mask: Floats
) -> StepInputs[Array]:
    """Sample the levels at the points; `mask` `[1, 1, H/4, W/4]` is for the memories."""
    padded_hw, coords = image.geometry.padded_hw, points.coords[None]
    return StepInputs(
        point_features=tuple(
            sample_points(level, coords, padded_hw, config.point_sampling) for level in image.levels
        ),
        point_coords=coords / np.array(padded_hw[::-1], np.float32),
        point_labels=points.labels[None],
        attention_bias=rows.attention_bias,
        previous_mask=mask if WIRINGS[config.wiring].has_memory else None,
    )


def _run_rows(
    runtime: DecoderRuntime, image: PreparedImage, inputs: StepInputs[Array], rows: StepRows
) -> Head[Array]:
    """The prediction of the rows that may answer."""
    head = runtime.step(image.prepared, inputs, rows.query_index)
    return Head(*(array[:, rows.answering] for array in head))


def _point_slots(points: PromptPoints) -> Slots:
    return Slots("point", len(points.labels), valid=points.labels[None] >= 0)


def _example_slots(wiring: Wiring, example: ExampleRegion | None) -> tuple[Slots, ...]:
    """An example is a group of its own where the wiring has one; elsewhere it stands beside the points."""
    if example is None:
        return ()
    own_group = any("visual" in seen for seen in wiring.sees.values())
    return (Slots("visual" if own_group else "point", example.coords.shape[1]),)


def _with_example(inputs: StepInputs[Array], example: ExampleRegion | None) -> StepInputs[Array]:
    if example is None:
        return inputs
    pairs = zip(inputs.point_features, example.level_features, strict=True)
    return inputs._replace(
        point_features=tuple(np.concatenate(pair, axis=1) for pair in pairs),
        point_coords=np.concatenate([inputs.point_coords, example.coords], axis=1),
        point_labels=np.concatenate([inputs.point_labels, example.labels], axis=1),
    )
