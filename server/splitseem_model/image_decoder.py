"""The decoder's half of a model: an embedding in, and then prompts to masks, as often as wanted.

Only what is said of object queries and of the official resampling needs torch.
"""

from collections.abc import Sequence, Set
from copy import copy
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import StepConfig
from splitseem_model.decode.wiring import WIRINGS
from splitseem_model.errors import FingerprintMismatch, PromptError, TaskError, TextTowerError
from splitseem_model.layers.arrays import Floats, unit
from splitseem_model.mask.photo.fine_mask import fine_mask
from splitseem_model.mask.photo.pyramid import PhotoPyramid
from splitseem_model.mask.photo.snapping import SNAP, snap
from splitseem_model.mask.postprocess import hold_pixels, mask_of_image
from splitseem_model.prompt.edits import apply_edits, is_edit
from splitseem_model.prompt.memory import MemoryPrompt, Said
from splitseem_model.prompt.prompts import no_points, prompt_points
from splitseem_model.prompt.shapes import RegionRules, region_rules
from splitseem_model.step.alternatives import SHIFTS, distinct, extent_of, shifted, with_extents
from splitseem_model.step.answering import STAGES, Answering, Step, answer
from splitseem_model.step.asking import ObjectPrompt, ask, ask_objects
from splitseem_model.step.coarse_maps import coarse_factor, coarsened, on_coarse_cells
from splitseem_model.step.editing import Painting
from splitseem_model.step.example import ExampleRegion, example_region
from splitseem_model.step.finding import Finder
from splitseem_model.step.options import AGAIN, StepOptions
from splitseem_model.step.parts import DecoderParts
from splitseem_model.step.prepared_image import PreparedImage, prepare_image
from splitseem_model.step.proposals import ALIKE, MOST, ROUGH, Proposal, grid_of, likelihood, propose
from splitseem_model.tasks import proposed
from splitseem_model.tasks.proposed import Proposed
from splitseem_model.tasks.queries import ObjectQueries, TaskClasses
from splitseem_model.tasks.segments import Segmentation, check_mode
from splitseem_model.text.names import Vocabulary
from splitseem_model.text.tower import TextEncoding
from splitseem_proto import Click, Embedding, PromptItem, TextPrompt

_TEXTS_REMEMBERED = 64


class ImageDecoder:
    """Answers prompts on embedded images; `torch_decoder.decoder_of` makes one of a model.

    Raises:
        PromptError: options that the model cannot follow.
    """

    def __init__(self, parts: DecoderParts, options: StepOptions | None = None) -> None:
        self.name: str = parts.config.name
        self.config: StepConfig = parts.config
        self.fingerprint: str = parts.fingerprint
        self._parts = parts
        self._runtime = parts.runtime
        self._finder = None if parts.space is None else Finder(parts.space)
        self._own_vocabulary = cache(parts.vocabulary)
        self._read = lru_cache(_TEXTS_REMEMBERED)(self._encode_text)
        self.options: StepOptions = self._possible(options or StepOptions())

    def with_options(self, options: StepOptions) -> "ImageDecoder":
        """A decoder of the same model with other options; images stay prepared.

        Raises:
            PromptError: the model cannot follow them.
        """
        other = copy(self)
        other.options = self._possible(options)
        return other

    @property
    def region_rules(self) -> RegionRules:
        """How boxes and polygons become points."""
        return self.options.region_rules or region_rules(self.config.decoder)

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The names that masks may have; None: there are none."""
        return self.options.vocabulary or self._own_vocabulary()

    def vocabulary_of(self, names: Sequence[str]) -> Vocabulary:
        """Class names of one's own, for the options.

        Raises:
            TextTowerError: the model has no text tower, or its sentence encoder is not installed.
        """
        if self._parts.class_matrix is None:
            raise TextTowerError(f"{self.name} has no text tower, so its classes cannot be renamed")
        return Vocabulary(tuple(names), self._parts.class_matrix(names))

    def prepare(self, embedding: Embedding) -> PreparedImage:
        """Prepare an embedding, wherever it was made.

        Raises:
            FingerprintMismatch: another model made it.
        """
        self._check_model(embedding.fingerprint, "embedding", "embed the image again")
        return prepare_image(self.config, self._runtime, self._parts.read_masks, embedding)

    def with_pixels(self, image: PreparedImage, pixels: NDArray[np.uint8]) -> PreparedImage:
        """The image with its own pixels, uint8 `[H, W, 3]`: masks get edges as sharp as theirs."""
        return replace(image, pyramid=PhotoPyramid(pixels))

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
        transcript. Without memory the decoder may be asked again, with its own answer as memory
        (`DecoderConfig.first_passes`).

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
        if example is not None:
            self._check_model(example.fingerprint, "example", "make it again")
        if not any(is_edit(item) for item in items):
            return self._decoded(image, items, memory, example, transcript)
        painting = Painting(
            image.geometry,
            image.masks.size_hw,
            self.region_rules,
            lambda items, memory: self._decoded(image, items, memory, example, transcript),
            partial(self._recalled, image),
            partial(self.mask, image),
        )
        return painting.step(items, memory)

    def _decoded(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None,
        example: ExampleRegion | None,
        transcript: str | None,
    ) -> Step:
        prompt = self._prompt(image, items, memory, example, transcript)
        if self.can_find(image) and prompt.words_alone:
            return self._found(image, prompt.texts)[0].step
        if self.can_find(image) and prompt.example_alone is not None:
            return self._found_by(image, prompt.example_alone)[0].step
        extent = extent_of(items)
        return self._answer(image, prompt) if extent is None else self._other(image, prompt, extent)

    def _other(self, image: PreparedImage, prompt: ObjectPrompt, extent: str) -> Step:
        """The answer to a click by which a smaller or larger mask is meant than the first."""
        first = self._pass(image, prompt, frozenset({"photo", "label"}))
        answered = self._pass(image, replace(prompt, memory=shifted(first, SHIFTS[extent])))
        return replace(answered, extent=extent)

    def alternatives(
        self,
        image: PreparedImage,
        items: Sequence[PromptItem],
        memory: MemoryPrompt | None = None,
        *,
        example: ExampleRegion | None = None,
        transcript: str | None = None,
    ) -> list[Step]:
        """The answers to a click: the first, then what is larger and smaller, where it is something else.

        Each is what `step` gives where the click has that `extent`. Arguments and errors are those of `step`.

        Raises:
            PromptError: the last prompt is no click.
        """
        first, *others = (
            self.step(image, meant, memory, example=example, transcript=transcript)
            for meant in with_extents(items).values()
        )
        return distinct(first, others, image.geometry)

    def _recalled(self, image: PreparedImage, items: Sequence[PromptItem], memory: MemoryPrompt) -> Step:
        """The answer to prompts that left this memory."""
        said = memory.said or Said(0.0, -1, None, None, np.zeros(0, np.float32))
        step = Step(
            memory.mask_logits, said.score, said.query, said.label, said.label_score, said.class_embed
        )
        config = self.config.photo
        if config is None or image.photo is None or "photo" in self.options.without:
            return step
        points = prompt_points(items, image.geometry, self.region_rules)
        fine = fine_mask(image.photo, memory.mask_logits, points, image.geometry, config)
        return replace(step, fine=fine)

    def find(self, image: PreparedImage, *texts: str) -> list[Proposal]:
        """Everything that a word or a phrase names in an image, best first; at least one, and no two nearly
        the same. Several texts describe one kind of object.

        Raises:
            PromptError: a model without semantic map. TextTowerError: the sentence encoder is not installed.
        """
        if not self.can_find(image):
            raise PromptError(f"{self.name} has no semantic map, so it cannot find {texts[0]!r} by itself")
        return self._found(image, [self._read(text) for text in texts])

    @property
    def has_meanings(self) -> bool:
        """Whether masks are named by a map of meanings."""
        return self._finder is not None

    def can_find(self, image: PreparedImage) -> bool:
        """Whether words alone have places in an image; elsewhere they are answered by `step`."""
        return self._finder is not None and image.semantic is not None

    def everything(self, image: PreparedImage, most: int = MOST) -> list[Proposal]:
        """What may be objects in an image, the likeliest first; no two nearly the same.

        Args:
            most: that are given at most.
        """
        rough = self.with_options(replace(self.options, without=frozenset(STAGES)))
        factor = coarse_factor(image.geometry)
        coarse = coarsened(self._runtime, image, factor)
        cells = on_coarse_cells(image.geometry, factor)
        drafts = propose(
            grid_of(image.geometry), partial(rough._click, coarse), likelihood, cells, ROUGH, ALIKE
        )
        clicks = [one.click for one in drafts]
        found = propose(clicks, partial(self._click, image), likelihood, image.geometry, most)
        return self._as_steps(image, found)

    def _click(self, image: PreparedImage, click: Click) -> Step:
        """The answer of one pass; it need not follow the photo where others come after it."""
        without = frozenset({"photo"}) if self._first_passes > 1 else frozenset[str]()
        return self._pass(image, self._prompt(image, [click]), without)

    def _as_steps(self, image: PreparedImage, found: Sequence[Proposal]) -> list[Proposal]:
        """Proposals of one pass, as `step` answers their clicks."""
        return [
            replace(one, step=self._asked_again(image, self._prompt(image, [one.click]), one.step))
            for one in found
        ]

    def _found(self, image: PreparedImage, texts: Sequence[TextEncoding]) -> list[Proposal]:
        vector = np.stack([text.vector for text in texts if text.vector is not None]).mean(0)
        return self._found_by(image, vector)

    def _found_by(self, image: PreparedImage, vector: Floats) -> list[Proposal]:
        """vector: `[sentence_dim]`, of what is looked for."""
        assert self._finder is not None
        return self._as_steps(image, self._finder.find(image, vector, partial(self._click, image)))

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
        region = example_region(self.config.decoder, image, points)
        if not self.can_find(image):
            return region
        shown = self._answer(image, ObjectPrompt(points)).class_embed
        assert shown is not None, "a model with a semantic map says what masks show"
        return replace(region, meaning=shown)

    def panoptic(
        self, image: PreparedImage, mode: str = "panoptic", *, min_score: float = 0.0
    ) -> Segmentation:
        """Everything in an image, without a prompt: by the official rules and thresholds where the model has
        object queries, else of the proposals of `everything`.

        Args:
            mode: "panoptic", "semantic" or "instance".
            min_score: instances below are left out.
        Raises:
            TaskError: an unknown mode, or a model without classes.
        """
        check_mode(mode)
        vocabulary = self.vocabulary
        if vocabulary is None:
            raise TaskError(f"{self.name} has no classes, so what it finds has no names")
        classes, wiring = TaskClasses.of(vocabulary.names), self.config.decoder.wiring
        if "object" not in WIRINGS[wiring].queries:
            return self._task_of_proposals(mode, image, vocabulary, min_score)
        from splitseem_model.tasks.modes import segment_all  # in torch

        queries = self._object_queries(image, vocabulary)
        return segment_all(mode, queries, image.geometry, classes, wiring, min_score)

    def _task_of_proposals(
        self, mode: str, image: PreparedImage, vocabulary: Vocabulary, min_score: float
    ) -> Segmentation:
        if self._finder is None or image.semantic is None:
            raise TaskError(
                f"{self.name} answers prompts only: it has neither object queries nor a semantic map"
            )
        rows, classes = (
            {name: row for row, name in enumerate(vocabulary.names)},
            TaskClasses.of(vocabulary.names),
        )
        found = [
            Proposed(self.mask(image, one.step), rows[one.step.label or ""], one.score)
            for one in self.everything(image)
        ]
        if mode == "instance":
            return proposed.instances(found, classes, image.geometry, min_score)
        if mode == "panoptic":
            return proposed.panoptic(found, classes, image.geometry)
        cells = self._finder.nearest(image, vocabulary.matrix)
        return proposed.semantic(found, cells, classes, image.geometry)

    def _object_queries(self, image: PreparedImage, vocabulary: Vocabulary) -> ObjectQueries:
        from splitseem_model.tasks.modes import queries_of  # in torch

        head = ask_objects(self.config.decoder, self._runtime, image)
        class_logits = self.config.logit_scale * (unit(head.class_embed[0]) @ vocabulary.matrix.T)
        return queries_of(class_logits, image.masks.logits(head.mask_embed)[0])

    def mask(
        self, image: PreparedImage, step: Step, resampling: Literal["direct", "official"] = "direct"
    ) -> NDArray[np.bool_]:
        """The mask of a step, bool `[H_image, W_image]`, False outside the region of interest.

        Args:
            resampling: "direct", as in the browser: one bilinear look-up a pixel, and where the model follows
                the photo and its pixels are at hand, an edge as sharp as theirs; "official": bilinear to the
                padded size, then bicubic with antialiasing to the image, of the decoder's mask. Paint changes
                either.
        """
        return apply_edits(self._unpainted(image, step, resampling), step.edits)

    def _unpainted(self, image: PreparedImage, step: Step, resampling: str) -> NDArray[np.bool_]:
        if not step.decoded:
            return np.zeros(image.geometry.original_hw, dtype=np.bool_)
        if resampling == "official":
            from splitseem_model.tasks.resampling import official_mask  # in torch

            return official_mask(step.mask_logits, image.geometry)
        if step.fine is None:
            return mask_of_image(step.mask_logits, image.geometry)
        mask = mask_of_image(step.fine.logits, image.geometry, step.fine.stride)
        if image.pyramid is not None and SNAP not in self.options.without:
            mask = snap(mask, image.pyramid, image.geometry, step.fine.held)
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
        if self._parts.read_text is None:
            raise PromptError(f"{self.name} has no text tower, so it cannot look for {text!r}")
        return self._parts.read_text(text)

    def _answer(self, image: PreparedImage, prompt: ObjectPrompt) -> Step:
        if prompt.memory is not None or self._first_passes == 1:
            return self._pass(image, prompt)
        return self._asked_again(image, prompt, self._pass(image, prompt, frozenset({"photo", "label"})))

    def _asked_again(self, image: PreparedImage, prompt: ObjectPrompt, step: Step) -> Step:
        """The answer to the first prompts of an object, given that of the first pass."""
        for _ in range(1, self._first_passes):
            step = self._pass(image, replace(prompt, memory=step.memory))
        return step

    @property
    def _first_passes(self) -> int:
        return 1 if AGAIN in self.options.without else self.config.decoder.first_passes

    def _pass(self, image: PreparedImage, prompt: ObjectPrompt, without: Set[str] = frozenset()) -> Step:
        given = Answering(
            self.config,
            self._runtime,
            image,
            ask(self.config.decoder, self._runtime, image, prompt),
            prompt.sentences,
            self.vocabulary,
            self._parts.space,
        )
        return answer(given, self.options.without | without)

    def _possible(self, options: StepOptions) -> StepOptions:
        corners = options.region_rules is not None and options.region_rules.box == "corners"
        if corners and region_rules(self.config.decoder).box != "corners":
            raise PromptError(f"{self.name} has no point labels for the corners of a box")
        return options

    def _check_model(self, fingerprint: str, what: str, remedy: str) -> None:
        if fingerprint != self.fingerprint:
            raise FingerprintMismatch(
                f"the {what} was made by model {fingerprint}, the decoder is {self.fingerprint}: {remedy}"
            )
