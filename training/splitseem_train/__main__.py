"""`python -m splitseem_train`: train a model on a folder of annotated photos."""

import math
from dataclasses import replace
from pathlib import Path

import click
import torch

from splitseem_eval.errors import MeasurementError
from splitseem_model.checkpoints.weights import saved_config
from splitseem_model.config import PRESETS, preset
from splitseem_model.errors import CheckpointError, TextTowerError
from splitseem_train.errors import TrainingError
from splitseem_train.loop import train
from splitseem_train.recipe import RECIPES, WITHOUT


@click.command(context_settings={"show_default": True})
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder with one *.jsonl.gz index per set."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/nano"),
    help="Folder of the run; an unfinished run there is continued.",
)
@click.option(
    "--model", type=click.Choice(list(PRESETS)), default="nano", help="Configuration of a run from nothing."
)
@click.option(
    "--recipe",
    type=click.Choice(list(RECIPES)),
    default="cpu",
    help="Length, crop sizes and rates of the run.",
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    default=None,
    help="Weights to begin from, whose configuration is that of the run.",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path, exists=True),
    default=None,
    help="Folder of further masks of the same photos, without names.",
)
@click.option(
    "--without", type=click.Choice(list(WITHOUT)), multiple=True, help="Leave out a part of the training."
)
@click.option("--steps", type=int, default=None, help="Steps of the run instead of the recipe's.")
@click.option(
    "--minutes", type=float, default=math.inf, help="Stop after this time; the run can be continued."
)
@click.option("--seed", default=0, help="The same seed gives the same run on a CPU.")
@click.option("--threads", default=0, help="OpenMP threads; 0 leaves the choice to torch.")
@click.option("--device", default="cpu", help="cpu or cuda.")
def main(
    data: Path,
    out: Path,
    model: str,
    recipe: str,
    start: Path | None,
    teacher: Path | None,
    without: tuple[str, ...],
    steps: int | None,
    minutes: float,
    seed: int,
    threads: int,
    device: str,
) -> None:
    """Train on the sets in DATA.

    At any time OUT/best.safetensors are the best weights by validation, OUT/last.safetensors the latest; both
    are moving averages.
    """
    if threads:
        torch.set_num_threads(threads)
    chosen = RECIPES[recipe] if steps is None else replace(RECIPES[recipe], steps=steps)
    for part in without:
        chosen = replace(chosen, **WITHOUT[part])
    try:
        config = preset(model) if start is None else saved_config(start)
        best = train(
            config,
            chosen,
            data,
            out,
            seed=seed,
            start=start,
            teacher=teacher,
            device=device,
            minutes=minutes,
        )
    except (TrainingError, MeasurementError, TextTowerError, CheckpointError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"best weights: {best}")


if __name__ == "__main__":
    main()
