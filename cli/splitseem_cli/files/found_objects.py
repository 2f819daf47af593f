"""Objects that nobody clicked on, as plain data: everything in a photo, or all that words name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from splitseem_cli.failures import Refused
from splitseem_cli.files.masks import object_document
from splitseem_proto import Prompt, PromptItem, TextPrompt, to_plain

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor, PreparedImage
    from splitseem_model.step.proposals import Proposal

SUFFIX = ".json"
"""Of files that hold several objects."""


def texts_alone(steps: Sequence[tuple[PromptItem, ...]]) -> tuple[str, ...]:
    """The texts of prompts that are nothing but texts; else none."""
    items = [item for prompt in steps for item in prompt]
    texts = tuple(item.text for item in items if isinstance(item, TextPrompt))
    return texts if len(texts) == len(items) else ()


def check_everything(output: Path, *, prompted: bool) -> None:
    """Refuse what does not go with `--everything`.

    Raises:
        Refused: prompts, or a file that holds one object.
    """
    if prompted:
        raise Refused("--everything needs no prompt: leave out either it or the prompts")
    if output.suffix.lower() != SUFFIX:
        raise Refused(
            f"cannot write {output.name!r}: --everything gives many objects, so name a {SUFFIX} file"
        )


def documents_of(
    predictor: Predictor, image: PreparedImage, found: Sequence[Proposal]
) -> list[dict[str, Any]]:
    """Every object with its run lengths, names, scores, and the prompts that make it."""
    return [
        object_document(
            predictor.mask(image, one.step),
            one.step.label,
            {
                "label_score": one.step.label_score,
                "score": one.score,
                "prompts": to_plain(Prompt((one.click,)))["items"],
            },
        )
        for one in found
    ]
