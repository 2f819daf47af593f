"""`splitseem panoptic`: everything in a photo, without a prompt."""

from __future__ import annotations

from pathlib import Path

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import refusals
from splitseem_cli.files.images import read_rgb
from splitseem_cli.files.outputs import outputs
from splitseem_cli.files.segmentations import SegmentedImage, check_names, files_of
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_model.tasks.segments import MODES


@click.command("panoptic", cls=Command)
@click.argument("image_path", metavar="IMAGE", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="panoptic",
    show_default=True,
    help="Everything as segments that do not overlap, the class of every pixel, or countable things only.",
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Leave out instances below this score.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Map .png with its segments in a .json beside it, .json alone with run lengths, or overlay .jpg.",
)
@model_options
def command(options: ModelOptions, image_path: Path, mode: str, min_score: float, output: Path) -> None:
    """Segment all of IMAGE by the classes of the model.

    Official models do it by the rules and thresholds of the official code, `nano` by the answers to a grid of
    clicks.
    """
    with refusals():
        write = files_of(output)
        check_names(output)
        image_rgb = read_rgb(image_path)
        predictor = options.load()
        image = predictor.encode(image_rgb, canvas=options.canvas, codec=options.codec)
        found = predictor.panoptic(image, mode, min_score=min_score)
        facts = {
            "image": image_path.name,
            "model": predictor.name,
            "fingerprint": predictor.fingerprint,
            "mode": mode,
        }
        for path, content in write(SegmentedImage(image_rgb, found, facts)).items():
            outputs().write(path, content)
