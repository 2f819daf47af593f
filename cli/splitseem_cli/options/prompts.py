"""Prompts on the command line: each option is one prompt, and they are given in the order they stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, shortened
from splitseem_cli.files.images import read_stroke
from splitseem_model.prompt.strokes import clicks_of_stroke
from splitseem_proto import (
    Box,
    Click,
    KnownMask,
    MessageError,
    Paint,
    Polygon,
    PromptItem,
    Repair,
    TextPrompt,
    encode_rle,
)
from splitseem_proto.limits import MAX_STROKE_POINTS

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

ORDER = "splitseem.prompt_order"


class PromptCommand(Command):
    """A command that remembers in which order its options came, across different options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as usual, and keep the name of every option in the order of the command line."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


def number_option(
    name: str, form: str, at_least: int, description: str, at_most: int | None = None
) -> Decorator:
    """An option that may be given several times, each with an even count of numbers, separated by commas.

    Args:
        form: how the value is written, for the help and for errors.
        at_least, at_most: counts of numbers; exactly `at_least` when there is no `at_most`.
    """

    def parse(
        ctx: click.Context, parameter: click.Parameter, values: Sequence[str]
    ) -> list[tuple[float, ...]]:
        return [_numbers(value, form, range(at_least, (at_most or at_least) + 1)) for value in values]

    return click.option(name, metavar=form, multiple=True, callback=parse, help=description)


def _numbers(value: str, form: str, counts: range) -> tuple[float, ...]:
    given = repr(shortened(value, 60))
    try:
        numbers = tuple(float(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{given} is not {form}: a part of it is no number") from error
    if len(numbers) not in counts or len(numbers) % 2:
        most = f", at most {counts[-1]} are taken" if len(numbers) > counts[-1] else ""
        raise click.BadParameter(f"{given} is not {form}: it has {len(numbers)} numbers{most}")
    return numbers


def prompt_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a `PromptCommand` the prompt options; they arrive as one argument `given`, made for `prompts`."""

    @wraps(function)
    def gathered(**arguments: Any) -> None:
        order = click.get_current_context().meta[ORDER]
        values = {name: iter(arguments.pop(name)) for name in PROMPTS}
        function(given=[(name, next(values[name])) for name in order if name in values], **arguments)

    command: Callable[..., None] = gathered
    for prompt in reversed([*PROMPTS.values()]):
        command = prompt.option(command)
    return command


def prompts(given: Sequence[tuple[str, Any]], size_hw: tuple[int, int]) -> list[tuple[PromptItem, ...]]:
    """The prompts in the order of the command line; the items of one prompt are one step.

    Args:
        given: pairs of option name and value.
        size_hw: of the image, after EXIF rotation.
    Raises:
        Refused: no prompt, a place outside the image, an empty box, or a scribble that does not fit.
    """
    if not given:
        raise Refused(
            "no prompt: give at least one of " + ", ".join(f"--{name.replace('_', '-')}" for name in PROMPTS)
        )
    try:
        return [PROMPTS[name].make(value, size_hw) for name, value in given]
    except MessageError as error:
        raise Refused(str(error)) from error


def _pairs(numbers: tuple[float, ...], size_hw: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    """Numbers as points (x, y), all of them on the image."""
    height, width = size_hw
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    for x, y in points:
        if not (0 <= x <= width and 0 <= y <= height):
            raise Refused(f"({x:g}, {y:g}) is outside the image of {width} x {height} pixels")
    return points


def _point(
    numbers: tuple[float, ...], size_hw: tuple[int, int], extent: str | None = None
) -> tuple[PromptItem, ...]:
    return tuple(Click(x, y, 1, extent) for x, y in _pairs(numbers, size_hw))


def _negative(numbers: tuple[float, ...], size_hw: tuple[int, int]) -> tuple[PromptItem, ...]:
    return tuple(Click(x, y, 0) for x, y in _pairs(numbers, size_hw))


def _box(numbers: tuple[float, ...], size_hw: tuple[int, int], label: int = 1) -> tuple[PromptItem, ...]:
    (x0, y0), (x1, y1) = _pairs(numbers, size_hw)
    return (Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), label),)


def _scribble(path: Path, size_hw: tuple[int, int]) -> tuple[PromptItem, ...]:
    return clicks_of_stroke(read_stroke(path, size_hw), 1)


def _polygon(numbers: tuple[float, ...], size_hw: tuple[int, int], label: int = 1) -> tuple[PromptItem, ...]:
    return (Polygon(_pairs(numbers, size_hw), label),)


def _text(words: str, size_hw: tuple[int, int]) -> tuple[PromptItem, ...]:
    return (TextPrompt(words),)


def brush_option(name: str, description: str) -> Decorator:
    """An option that may be given several times, a radius, a colon and a stroke each; they come as pairs."""
    form = "RADIUS:X,Y,X,Y,…"

    def parse(
        ctx: click.Context, parameter: click.Parameter, values: Sequence[str]
    ) -> list[tuple[float, tuple[float, ...]]]:
        return [_brush(value, form) for value in values]

    return click.option(name, metavar=form, multiple=True, callback=parse, help=description)


def _brush(value: str, form: str) -> tuple[float, tuple[float, ...]]:
    radius, colon, line = value.partition(":")
    try:
        size = float(radius)
    except ValueError:
        colon = ""
    if not colon:
        raise click.BadParameter(f"{shortened(value, 60)!r} is not {form}: it begins with no radius")
    return size, _numbers(line, "X,Y,X,Y,…", range(2, 2 * MAX_STROKE_POINTS + 1))


def _paint(
    given: tuple[float, tuple[float, ...]], size_hw: tuple[int, int], label: int = 1
) -> tuple[PromptItem, ...]:
    radius, numbers = given
    return (Paint(_pairs(numbers, size_hw), radius, label),)


def repair_option(name: str, description: str) -> Decorator:
    """An option that may be given several times, a method, a colon and a whole number each."""
    form = "METHOD:N"

    def parse(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[Repair]:
        return [_read_repair(value, form) for value in values]

    return click.option(name, metavar=form, multiple=True, callback=parse, help=description)


def _read_repair(value: str, form: str) -> Repair:
    method, _, size = value.partition(":")
    if not (size.isascii() and size.isdigit()):
        raise click.BadParameter(f"{shortened(value, 60)!r} is not {form}: it ends with no whole number")
    try:
        return Repair(method, int(size))
    except MessageError as error:
        raise click.BadParameter(str(error)) from error


def _repair(repair: Repair, size_hw: tuple[int, int]) -> tuple[PromptItem, ...]:
    return (repair,)


def _set_mask(path: Path, size_hw: tuple[int, int]) -> tuple[PromptItem, ...]:
    rle = encode_rle(read_stroke(path, size_hw, "mask"))
    return (KnownMask(rle.size, rle.counts),)


def _picture(name: str, description: str) -> Decorator:
    """An option that may be given several times, a picture each."""
    kind = click.Path(path_type=Path)
    return click.option(name, type=kind, multiple=True, metavar="PNG", help=description)


_outline = partial(number_option, form="X,Y,X,Y,X,Y,…", at_least=6, at_most=2 * MAX_STROKE_POINTS)


@dataclass(frozen=True)
class PromptOption:
    """An option, and how its value and the size of the image become the items of one prompt."""

    option: Decorator
    make: Callable[[Any, tuple[int, int]], tuple[PromptItem, ...]]


PROMPTS: Mapping[str, PromptOption] = MappingProxyType(
    {
        "point": PromptOption(number_option("--point", "X,Y", 2, "A click on the object."), _point),
        "smaller": PromptOption(
            number_option("--smaller", "X,Y", 2, "A click on the object, which is less than --point gives."),
            partial(_point, extent="smaller"),
        ),
        "larger": PromptOption(
            number_option("--larger", "X,Y", 2, "A click on the object, which is more than --point gives."),
            partial(_point, extent="larger"),
        ),
        "negative": PromptOption(
            number_option("--negative", "X,Y", 2, "A click on what is not the object."), _negative
        ),
        "box": PromptOption(number_option("--box", "X0,Y0,X1,Y1", 4, "A box around the object."), _box),
        "negative_box": PromptOption(
            number_option("--negative-box", "X0,Y0,X1,Y1", 4, "A box that holds nothing of the object."),
            partial(_box, label=0),
        ),
        "scribble": PromptOption(
            _picture("--scribble", "A picture of the image's size; what is drawn on it lies on the object."),
            _scribble,
        ),
        "polygon": PromptOption(_outline("--polygon", description="An outline of the object."), _polygon),
        "negative_polygon": PromptOption(
            _outline("--negative-polygon", description="An outline of what is not the object."),
            partial(_polygon, label=0),
        ),
        "text": PromptOption(
            click.option("--text", multiple=True, metavar="WORDS", help="Words that name the object."), _text
        ),
        "paint": PromptOption(
            brush_option("--paint", "A stroke of a brush, in pixels, that is added to the mask."), _paint
        ),
        "erase": PromptOption(
            brush_option("--erase", "A stroke of a brush, in pixels, that is taken out of the mask."),
            partial(_paint, label=0),
        ),
        "repair": PromptOption(
            repair_option(
                "--repair", "fill-holes, remove-specks or smooth: holes and parts of up to N pixels."
            ),
            _repair,
        ),
        "set_mask": PromptOption(
            _picture(
                "--set-mask",
                "A picture of the image's size; what is drawn on it is the mask, until the next prompt.",
            ),
            _set_mask,
        ),
    }
)
"""By the name of the option, in the order of the help."""
