"""What `segment` is given beside prompts on the photo: a known mask, an example in another photo, words that
were said, and how regions are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import numpy as np
from numpy.typing import NDArray

from splitseem_cli.failures import Refused
from splitseem_cli.files.images import read_rgb, read_stroke
from splitseem_cli.options.model import ModelOptions
from splitseem_cli.options.prompts import number_option, prompts
from splitseem_model.prompt.shapes import BoxRule, PolygonRule
from splitseem_proto import ImageGeometry, PromptItem

if TYPE_CHECKING:
    from splitseem_model.predictor import ExampleRegion, Predictor
    from splitseem_model.prompt.painted_mask import MaskPrompt

OPTIONS = (
    click.option(
        "--mask",
        type=click.Path(path_type=Path),
        metavar="PNG",
        help="A picture of the image's size; what is drawn on it is the known part of the object.",
    ),
    click.option(
        "--example", type=click.Path(path_type=Path), help="Another photo that shows such an object."
    ),
    number_option("--example-point", "X,Y", 2, "Where the object is on it; may be given several times."),
    click.option("--audio-text", metavar="WORDS", help="What was said of the object, written down."),
    click.option(
        "--box-as",
        type=click.Choice(get_args(BoxRule)),
        help="How a box becomes points [default: corners where the model has labels for them, else surround;"
        " middle in the wiring of the demo]",
    ),
    click.option(
        "--polygon-as",
        type=click.Choice(get_args(PolygonRule)),
        help="How a polygon becomes points [default: surround; filled in the wiring of the demo]",
    ),
)


@dataclass(frozen=True)
class BesideOptions:
    """What the options say; None stands for nothing given, or the model's own rule."""

    mask: Path | None
    example: Path | None
    example_point: Sequence[tuple[float, float]]
    audio_text: str | None
    box_as: BoxRule | None
    polygon_as: PolygonRule | None

    @property
    def is_prompt(self) -> bool:
        """Whether this is enough to ask for an object.

        Raises:
            Refused: an example without a place, a place without an example, or blank words.
        """
        if (self.example is None) != (not self.example_point):
            raise Refused("--example and --example-point go together: a photo, and where the object is on it")
        if self.audio_text is not None and not self.audio_text.strip():
            raise Refused("--audio-text must not be blank")
        return any(given is not None for given in (self.mask, self.example, self.audio_text))

    def apply_rules(self, predictor: Predictor) -> Predictor:
        """The predictor with the rules that were asked for.

        Raises:
            PromptError: the model cannot follow them.
        """
        asked = {
            name: rule
            for name, rule in (("box", self.box_as), ("polygon", self.polygon_as))
            if rule is not None
        }
        rules: Any = asked
        if not asked:
            return predictor
        decoder = predictor.decoder
        return predictor.with_options(
            replace(decoder.options, region_rules=replace(decoder.region_rules, **rules))
        )

    def known_mask(self, geometry: ImageGeometry) -> MaskPrompt | None:
        """The mask, as a prompt for an image.

        Raises:
            Refused: the file cannot be read, has another size, or is empty.
        """
        from splitseem_model.prompt.painted_mask import mask_prompt

        if self.mask is None:
            return None
        return mask_prompt(read_stroke(self.mask, geometry.original_hw, "mask"), geometry)

    def check(self, size_hw: tuple[int, int]) -> None:
        """Read what the options name, before a model is loaded.

        Args:
            size_hw: of the photo, upright.
        Raises:
            Refused: as `known_mask` and `region`.
        """
        if self.mask is not None:
            read_stroke(self.mask, size_hw, "mask")
        if self.example is not None:
            self._shown(self.example)

    def region(self, predictor: Predictor, options: ModelOptions) -> ExampleRegion | None:
        """The example, encoded.

        Raises:
            Refused: the photo cannot be read, or a place is not on it.
        """
        if self.example is None:
            return None
        image_rgb, items = self._shown(self.example)
        image = predictor.encode(image_rgb, canvas=options.canvas, codec=options.codec)
        return predictor.example(image, items)

    def _shown(self, example: Path) -> tuple[NDArray[np.uint8], list[PromptItem]]:
        image_rgb = read_rgb(example)
        given = [("point", place) for place in self.example_point]
        steps = prompts(given, (image_rgb.shape[0], image_rgb.shape[1]))
        return image_rgb, [item for prompt in steps for item in prompt]

    def facts(self) -> dict[str, Any]:
        """What was given, as plain data."""
        example = None if self.example is None else self.example.name
        given = {
            "mask": None if self.mask is None else self.mask.name,
            "example": example
            and {"image": example, "points": [list(place) for place in self.example_point]},
            "audio_text": self.audio_text,
        }
        return {name: value for name, value in given.items() if value is not None}


def beside_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; they arrive as one argument `beside`."""

    @wraps(function)
    def gathered(
        mask: Path | None,
        example: Path | None,
        example_point: Sequence[tuple[float, float]],
        audio_text: str | None,
        box_as: BoxRule | None,
        polygon_as: PolygonRule | None,
        **rest: Any,
    ) -> None:
        beside = BesideOptions(mask, example, example_point, audio_text, box_as, polygon_as)
        function(beside=beside, **rest)

    command: Callable[..., None] = gathered
    for option in reversed(OPTIONS):
        command = option(command)
    return command
