"""`splitseem segment`: the whole path, from a photo and prompts to a mask, in one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from splitseem_cli.failures import refusals
from splitseem_cli.files.found_objects import SUFFIX, check_everything, documents_of, texts_alone
from splitseem_cli.files.images import read_rgb
from splitseem_cli.files.masks import SegmentedObject, rle_document, writer_for
from splitseem_cli.files.outputs import outputs
from splitseem_cli.options.beside import BesideOptions, beside_options
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_cli.options.prompts import PromptCommand, prompt_options, prompts
from splitseem_model.step.replay import replay
from splitseem_proto import Prompt, PromptItem, to_plain

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor, PreparedImage, Step
    from splitseem_model.step.proposals import Proposal


@dataclass(frozen=True, eq=False)
class Round:
    """One prompt answered: what the decoder said, and the mask, bool `[H, W]`."""

    num_items: int
    step: Step
    mask: NDArray[np.bool_]

    def facts(self) -> dict[str, Any]:
        """Score, label and number of prompt items seen, as plain data."""
        step = self.step
        return {
            "num_prompts": self.num_items,
            "score": step.score,
            "label": step.label,
            "label_score": step.label_score,
        }


@click.command("segment", cls=PromptCommand)
@click.argument("image_path", metavar="IMAGE", type=click.Path(path_type=Path))
@prompt_options
@beside_options
@click.option("--everything", is_flag=True, help="All that may be an object, without prompts, as .json.")
@click.option("--all-rounds", is_flag=True, help="Keep the mask of every prompt in the .json file.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Mask .png, run lengths .json, outline .svg or overlay .jpg.",
)
@model_options
def command(
    options: ModelOptions,
    image_path: Path,
    given: Sequence[tuple[str, Any]],
    beside: BesideOptions,
    everything: bool,
    all_rounds: bool,
    output: Path,
) -> None:
    """Segment one object of IMAGE from prompts, each of which corrects the result of the one before.

    A .json file holds all that words alone name, or everything.

    Coordinates are pixels of the image, x,y, after EXIF rotation; the centre of the first pixel is 0.5,0.5.
    The order of the prompts on the command line is the order in which they are given. A mask, an example and
    words that were said are known from the first on.
    """
    with refusals():
        write = writer_for(output)
        outputs().check(output)
        if everything:
            check_everything(output, prompted=bool(given) or beside.is_prompt)
        image_rgb = read_rgb(image_path)
        without = everything or (beside.is_prompt and not given)
        steps = [()] if without else prompts(given, (image_rgb.shape[0], image_rgb.shape[1]))
        beside.check((image_rgb.shape[0], image_rgb.shape[1]))
        predictor = beside.apply_rules(options.load())
        image = predictor.encode(image_rgb, canvas=options.canvas, codec=options.codec)
        several = output.suffix.lower() == SUFFIX and (everything or not beside.is_prompt)
        found = _found(predictor, image, steps, everything) if several else []
        rounds = (
            [Round(0, found[0].step, predictor.mask(image, found[0].step))]
            if everything
            else run_rounds(predictor, image, steps, options, beside)
        )
        facts = _facts(predictor, image_path, steps, rounds, all_rounds) | beside.facts()
        if found:
            facts["objects"] = documents_of(predictor, image, found)
        label = rounds[-1].step.label
        outputs().write(output, write(SegmentedObject(image_rgb, rounds[-1].mask, label, facts)))


def _found(
    predictor: Predictor, image: PreparedImage, steps: Sequence[tuple[PromptItem, ...]], everything: bool
) -> list[Proposal]:
    """Everything, or all that words alone name; nothing where there is more than words or no place for
    them."""
    if everything:
        return predictor.decoder.everything(image)
    texts = texts_alone(steps)
    return predictor.decoder.find(image, *texts) if texts and predictor.decoder.can_find(image) else []


def run_rounds(
    predictor: Predictor,
    image: PreparedImage,
    steps: Sequence[tuple[PromptItem, ...]],
    options: ModelOptions,
    beside: BesideOptions,
) -> list[Round]:
    """One round per prompt: every step sees all items so far, and the step before as its memory."""
    region, words = beside.region(predictor, options), beside.audio_text
    known = beside.known_mask(image.geometry)
    places, memory = ((), None) if known is None else (known.clicks, known.memory)
    step = partial(predictor.step, example=region, transcript=words)
    answers = replay(step, image, steps, before=places, memory=memory)
    counts = accumulate(len(prompt) for prompt in steps)
    return [
        Round(count, answer, predictor.mask(image, answer))
        for count, answer in zip(counts, answers, strict=True)
    ]


def _facts(
    predictor: Predictor,
    image_path: Path,
    steps: Sequence[tuple[PromptItem, ...]],
    rounds: Sequence[Round],
    all_rounds: bool,
) -> dict[str, Any]:
    items = tuple(item for prompt in steps for item in prompt)
    facts = {
        "image": image_path.name,
        "model": predictor.name,
        "fingerprint": predictor.fingerprint,
        "prompts": to_plain(Prompt(items))["items"] if items else [],
        **rounds[-1].facts(),
    }
    if all_rounds:
        facts["rounds"] = [{**one.facts(), **rle_document(one.mask)} for one in rounds]
    return facts
