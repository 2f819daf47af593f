"""`python -m splitseem_train.release`: the weights of a run -> the bundled weights of a preset.

Keeps the classes of one data set and sets the canvas, so that what is bundled is what was measured.
"""

from dataclasses import replace
from pathlib import Path

import click

from splitseem_model.config import preset
from splitseem_model.errors import ModelError
from splitseem_model.registry import WEIGHTS_DIR, load_model
from splitseem_model.segmentation import SegmentationModel
from splitseem_model.weights import fingerprint, save_weights
from splitseem_train.data import read_index
from splitseem_train.errors import TrainingError
from splitseem_train.names import class_name


def release(model: SegmentationModel, names: list[str], canvas: int) -> SegmentationModel:
    """The same model with the class matrix cut to `names`, in their order, and the correction and the
    refinement by the photo of its preset.

    Raises:
        TrainingError: a name that the model does not know.
    """
    unknown = sorted(set(names) - set(model.config.vocabulary))
    if unknown:
        raise TrainingError(f"the model has no class {', '.join(unknown[:5])}")
    rows = [model.config.vocabulary.index(name) for name in names]
    config = replace(
        model.config,
        canvas=canvas,
        correction=preset(model.config.name).correction,
        photo=preset(model.config.name).photo,
        vocabulary=tuple(names),
    )
    released = SegmentationModel(config)
    state = model.state_dict()
    released.load_state_dict({**state, "class_matrix": state["class_matrix"][rows]})
    return released.eval()


@click.command(context_settings={"show_default": True})
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--classes-of",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Index whose classes are kept.",
)
@click.option("--canvas", required=True, type=int, help="Pixels of the long side at inference.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=WEIGHTS_DIR / "nano.safetensors")
def main(weights: Path, classes_of: Path, canvas: int, out: Path) -> None:
    """Write the bundled weights from WEIGHTS, a run's best.safetensors."""
    try:
        labels = {
            class_name(entry.label)
            for record in read_index(classes_of)
            for entry in record.objects
            if entry.label
        }
        released = release(load_model(str(weights)), sorted(labels), canvas)
    except (ModelError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(released, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, fingerprint {fingerprint(load_model(str(out)))}")


if __name__ == "__main__":
    main()
