"""`python -m splitseem_train.bundle`: the weights of a run -> the bundled nano, with the map of meanings
fitted again.

All that is made of the weights is made again: see `make bundle`.
"""

from pathlib import Path

import click

from splitseem_eval.data import read_index
from splitseem_eval.errors import MeasurementError
from splitseem_eval.names import COMMON_SET
from splitseem_model.checkpoints.registry import WEIGHTS_DIR, load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import preset
from splitseem_model.errors import ModelError
from splitseem_model.network import SegmentationModel
from splitseem_train.errors import TrainingError
from splitseem_train.release import names_of, release
from splitseem_train.semantic import Fit, fit_to, kept_features, with_map

PRESET = "nano"


def with_map_of(model: SegmentationModel, source: SegmentationModel, names: list[str]) -> SegmentationModel:
    """The model cut to these names, with the map of meanings of another one, which has them too.

    Raises:
        TrainingError: the other one has no map.
    """
    if source.semantic is None:
        raise TrainingError("the weights named by --map-of have no map of meanings")
    given = release(source, names, source.config.canvas)
    assert given.semantic is not None
    return with_map(release(model, names, model.config.canvas), given.semantic)


@click.command(context_settings={"show_default": True})
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="Training sets.")
@click.option(
    "--features",
    type=click.Path(path_type=Path),
    default=Path("build/features.safetensors"),
    help="Where the backbone's features are kept; made again when the backbone is another.",
)
@click.option("--limit", default=300, help="Photos of each set that the map is fitted to.")
@click.option(
    "--map-of",
    type=click.Path(path_type=Path, exists=True),
    help="Take the map of these weights instead of fitting one: of a backbone that was hardly tuned since.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=WEIGHTS_DIR / f"{PRESET}.safetensors")
def main(weights: Path, data: Path, features: Path, limit: int, map_of: Path | None, out: Path) -> None:
    """Bundle WEIGHTS, of a run or released before: fit the map of meanings, keep the names of COCO, set
    canvas and codec as in the preset."""
    config = preset(PRESET)
    try:
        model, names = load_model(str(weights)), names_of(read_index(data / f"{COMMON_SET}.jsonl.gz"))
        if map_of is None:
            features.parent.mkdir(parents=True, exist_ok=True)
            read = kept_features(model, data, features, config.canvas, limit)
            model, right = fit_to(model, read, Fit())
            click.echo(f"the map names {right:.3f} of the held-out objects rightly")
        else:
            model = with_map_of(model, load_model(str(map_of)), names)
        released = release(model, names, config.canvas, config.codec)
    except (ModelError, MeasurementError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    save_weights(released, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, fingerprint {load_model(str(out)).fingerprint()}")


if __name__ == "__main__":
    main()
