"""The options that choose a model and how it sees an image, shared by every command that runs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

import click

from splitseem_cli.failures import Refused
from splitseem_proto import CODECS

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

OPTIONS = (
    click.option(
        "--model",
        default="nano",
        show_default=True,
        help="A preset, a known checkpoint or a file of weights.",
    ),
    click.option("--preset", help="Shape and wiring of a model that is given as a file."),
    click.option(
        "--runtime",
        type=click.Choice(["torch", "onnx"]),
        default="torch",
        show_default=True,
        help="What runs the decoder; onnx exports it as for the page.",
    ),
    click.option(
        "--codec", type=click.Choice(list(CODECS)), help="Codec of the embedding [default: the model's]"
    ),
    click.option(
        "--canvas", type=click.IntRange(32, 4096), help="Pixels to resize to [default: the model's]"
    ),
)


@dataclass(frozen=True)
class ModelOptions:
    """What the options say; None stands for the model's own choice.

    Attributes:
        precision: of the weights of exported graphs, a name of `splitseem_export.precision.PRECISIONS`; None:
            float32. For commands that compare them.
    """

    model: str
    preset: str | None
    runtime: Literal["torch", "onnx"]
    codec: str | None
    canvas: int | None
    precision: str | None = None

    def load(self) -> Predictor:
        """Load the model; torch is imported here and not before.

        Raises:
            ModelError: no such model, or a file that does not fit.
            Refused: its decoder cannot be exported, which the ONNX runtime needs, or a precision without that
                runtime.
        """
        from splitseem_model.predictor import Predictor

        if self.runtime == "torch":
            if self.precision is not None:
                raise Refused("a precision is for exported graphs: add --runtime onnx")
            return Predictor.load(self.model, preset=self.preset)
        from splitseem_export.errors import ExportError
        from splitseem_export.precision import FLOAT32
        from splitseem_export.runtime import load_onnx_predictor

        try:
            return load_onnx_predictor(self.model, preset=self.preset, precision=self.precision or FLOAT32)
        except ExportError as error:
            raise Refused(str(error)) from error


def model_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the model's options; they arrive as one `ModelOptions`, its first argument."""

    @wraps(function)
    def gathered(
        model: str,
        preset: str | None,
        runtime: Literal["torch", "onnx"],
        codec: str | None,
        canvas: int | None,
        **rest: Any,
    ) -> None:
        function(ModelOptions(model, preset, runtime, codec, canvas), **rest)

    command: Callable[..., None] = gathered
    for option in reversed(OPTIONS):
        command = option(command)
    return command
