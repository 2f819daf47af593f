"""The rows that may answer -> the one that does, its mask and its label: a list of stages."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import StepConfig
from splitseem_model.decode.calls import RefinerInputs
from splitseem_model.encode.meaning import SentenceSpace, meaning_of
from splitseem_model.layers.arrays import Array, Floats, softmax, unit
from splitseem_model.mask.correction import correct_at_points
from splitseem_model.mask.photo.fine_mask import FineMask, fine_mask
from splitseem_model.mask.refiner_scale import enlarged, shrink_factor, shrunk
from splitseem_model.mask.selection import answer_scores
from splitseem_model.prompt.edits import Edit
from splitseem_model.prompt.memory import MemoryPrompt, Said
from splitseem_model.prompt.thinning import thin
from splitseem_model.step.asking import Candidates, previous_mask
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.text.names import Vocabulary


@dataclass(frozen=True)
class Step:
    """The answer to one interaction.

    Attributes:
        mask_logits: float32 `[H/4, W/4]` over the padded input, foreground > 0, corrected at the clicks.
        score: selection score of the query that answered; higher is better.
        query: row of the query that answered, among those that may.
        label, label_score: its best class and the softmax of it; None for a model without vocabulary.
        class_embed: float32 `[E]`, what the mask shows; its cosines with the vectors of names choose one.
        fine: what the mask is made of where the photo refines it; None where `mask_logits` are.
        edits: what was painted, which the mask of the image is changed by, in order.
        decoded: whether the decoder was asked; otherwise the mask is what was painted, and nothing else.
        seen: how many prompts of the object this is the answer to; None: all that the step was given.
        extent: what was meant by the click that it is the answer to, see `alternatives.py`; None: the first.
    """

    mask_logits: NDArray[np.float32]
    score: float
    query: int
    label: str | None = None
    label_score: float | None = None
    class_embed: NDArray[np.float32] | None = None
    fine: FineMask | None = None
    edits: tuple[Edit, ...] = ()
    decoded: bool = True
    seen: int | None = None
    extent: str | None = None

    @property
    def memory(self) -> MemoryPrompt | None:
        """For the next step of the same object; None where the decoder was not asked."""
        said = Said(self.score, self.query, self.label, self.label_score, self.class_embed)
        return MemoryPrompt(self.mask_logits, self.seen, said) if self.decoded else None


@dataclass(frozen=True, eq=False)
class Answering:
    """What all stages are handed.

    Attributes:
        sentences: `[T, E]`, what the texts mean that are to be answered; None without a text.
        vocabulary: the names that the mask may have; None: there are none.
        space: the sentences by which the meaning of the mask is named; None: by the query that drew it.
    """

    config: StepConfig
    runtime: DecoderRuntime
    image: PreparedImage
    candidates: Candidates
    sentences: Floats | None = None
    vocabulary: Vocabulary | None = None
    space: SentenceSpace | None = None


Stage = Callable[[Answering, Step], Step]


def answer(given: Answering, without: Collection[str] = ()) -> Step:
    """The best candidate's mask after all stages that the model has, but those of the names `without`."""
    step = select(given)
    for name, stage in STAGES.items():
        if name not in without:
            step = stage(given, step)
    return step


def select(given: Answering) -> Step:
    """The candidate that scores best, and its mask as the decoder draws it."""
    head, candidates = given.candidates.head, given.candidates
    points = candidates.deciding_points()
    scores = answer_scores(given.config, head, *points, given.sentences, by_text=candidates.by_text)[0]
    best = int(scores.argmax())
    logits = given.image.masks.logits(head.mask_embed[:, best : best + 1])[0, 0]
    return Step(logits, float(scores[best]), best)


def refine(given: Answering, step: Step) -> Step:
    """The mask redrawn by the refiner."""
    config, points = given.config.refiner, given.candidates.prompt.points
    if config is None:
        return step
    used = thin(range(len(points.labels)), config.max_points)
    factor = shrink_factor(config, (step.mask_logits.shape[0], step.mask_logits.shape[1]))
    answered = step.mask_logits[None, None]
    inputs: RefinerInputs[Array] = RefinerInputs(
        shrunk(answered, factor),
        shrunk(previous_mask(given.image, given.candidates.prompt.memory), factor),
        points.coords[used][None] / factor,
        points.labels[used][None],
        given.candidates.point_mask_features[:, used],
    )
    change = given.runtime.refine(given.image.prepared, inputs) - inputs.mask_logits
    size_hw = (answered.shape[2], answered.shape[3])
    return replace(step, mask_logits=(answered + enlarged(change, factor, size_hw))[0, 0])


def correct(given: Answering, step: Step) -> Step:
    """The mask after the correction at the clicks."""
    config, image, points = given.config.correction, given.image, given.candidates.prompt.points
    if config is None or image.spread is None:
        return step
    corrected = correct_at_points(
        step.mask_logits,
        image.mask_features,
        image.spread,
        points.coords,
        points.labels,
        max(image.geometry.input_hw),
        config,
    )
    return replace(step, mask_logits=corrected)


def follow_photo(given: Answering, step: Step) -> Step:
    """With a finer mask that follows the colours and edges of the photo; the memory stays."""
    config, image = given.config.photo, given.image
    if config is None or image.photo is None:
        return step
    points = given.candidates.prompt.points
    return replace(step, fine=fine_mask(image.photo, step.mask_logits, points, image.geometry, config))


def label(given: Answering, step: Step) -> Step:
    """With what it shows, and the best name of the vocabulary for that."""
    meant = given.candidates.head.class_embed[0, step.query]
    if given.space is not None and given.image.semantic is not None:
        meant = given.space.of(meaning_of(given.image.semantic, step.mask_logits))
    step = replace(step, class_embed=meant)
    if given.vocabulary is None:
        return step
    probability = softmax(given.config.logit_scale * (unit(meant) @ given.vocabulary.matrix.T))
    best = int(probability.argmax())
    return replace(step, label=given.vocabulary.names[best], label_score=float(probability[best]))


STAGES: Mapping[str, Stage] = MappingProxyType(
    {"refine": refine, "correct": correct, "photo": follow_photo, "label": label}
)
"""What follows the selection, in order, by the names that timings have too. A model that lacks the part
leaves the step as it came."""
