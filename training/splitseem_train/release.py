"""`python -m splitseem_train.release`: the weights of a run -> the bundled weights of a preset.

Keeps the classes of one data set and sets the canvas, so that what is bundled is what was measured. With
`--mask-dim` and `--level-dims` the maps between encoder and decoder get fewer channels, see
`splitseem_model.checkpoints.channel_thinning`; `--queries` and `--memories` leave out decoder rows, see
`splitseem_model.checkpoints.row_pruning`. Released weights can be released again, and trained on: nothing is
done twice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import click
from torch import Tensor

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_eval.data import DataImage, is_validation, read_index
from splitseem_eval.errors import MeasurementError
from splitseem_eval.evaluate import read_photo
from splitseem_eval.names import class_name
from splitseem_eval.targets import find_first_prompt
from splitseem_model.checkpoints.channel_thinning import channel_moments, thin_channels
from splitseem_model.checkpoints.registry import WEIGHTS_DIR, load_model
from splitseem_model.checkpoints.row_pruning import prune_rows
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import preset
from splitseem_model.encode.preprocess import preprocess
from splitseem_model.errors import ModelError
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import CODECS
from splitseem_train.errors import TrainingError


def release(
    model: SegmentationModel, names: list[str], canvas: int, codec: str | None = None
) -> SegmentationModel:
    """The same model with the class matrix cut to `names`, in their order; the passes of first answers, the
    correction and the refinement by the photo of its preset; and the codec, if one is given.

    Raises:
        TrainingError: a name that the model does not know.
    """
    unknown = sorted(set(names) - set(model.config.vocabulary))
    if unknown:
        raise TrainingError(f"the model has no class {', '.join(unknown[:5])}")
    rows = [model.config.vocabulary.index(name) for name in names]
    rules = preset(model.config.name)
    config = replace(
        model.config,
        decoder=replace(model.config.decoder, first_passes=rules.decoder.first_passes),
        canvas=canvas,
        correction=rules.correction,
        photo=rules.photo,
        codec=codec or model.config.codec,
        vocabulary=tuple(names),
    )
    released = SegmentationModel(config)
    state = model.state_dict()
    of_names = ("class_matrix", "semantic.names")
    cut = {name: state[name][rows] for name in of_names if name in state}
    released.load_state_dict({**state, **cut})
    return released.eval()


def with_fewer_channels(
    model: SegmentationModel, records: list[DataImage], mask_dim: int, level_dims: tuple[int, ...]
) -> SegmentationModel:
    """The model with fewer channels, in the principal axes of the photos that are not held out.

    Raises:
        TrainingError: no photo, or a model that cannot have so few.
    """
    photos = [record for record in records if not is_validation(record)]
    if not photos:
        raise TrainingError("no photo to learn the axes of the channels from")
    try:
        return thin_channels(model, channel_moments(model, inputs_of(model, photos)), mask_dim, level_dims)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def inputs_of(model: SegmentationModel, photos: list[DataImage]) -> Iterator[Tensor]:
    """Photos as the encoder of the model takes them, `[1, 3, H, W]` each."""
    config = model.config
    for photo in photos:
        yield preprocess(
            read_photo(photo),
            canvas=config.canvas,
            canvas_side=config.canvas_side,
            roi_xywh=None,
            stride=config.size_multiple,
        )[0]


def prune(
    model: SegmentationModel, records: list[DataImage], num_queries: int, num_memories: int
) -> SegmentationModel:
    """The model with the queries that answer most often on the photos that are not held out, and with fewer
    memories; prints how often they do.

    Raises:
        TrainingError: more of either than the model has.
    """
    answers = answering_queries(model, [record for record in records if not is_validation(record)])
    click.echo(", ".join(f"query {query} answers {count}" for query, count in answers.most_common()))
    most = sorted(range(model.config.decoder.num_queries), key=lambda query: (-answers[query], query))
    try:
        return prune_rows(model, sorted(most[:num_queries]), num_memories)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def answering_queries(model: SegmentationModel, photos: list[DataImage]) -> Counter[int]:
    """How often each query answers the first click on an object; the first object of every photo is asked."""
    predictor, prompt = Predictor(model), find_first_prompt("click")
    answers: Counter[int] = Counter()
    for photo in photos:
        image = predictor.encode(read_photo(photo))
        for target in islice(prompt.targets(photo), 1):
            click = prompt.items(target, Clicker(target.truth, PROTOCOLS["ritm"], target.ignore))
            answers[predictor.step(image, click).query] += 1
    return answers


@click.command(context_settings={"show_default": True})
@click.argument("weights", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--classes-of",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Index whose classes are kept, and whose photos tell the axes of the channels.",
)
@click.option("--canvas", required=True, type=int, help="Pixels of the long side at inference.")
@click.option("--mask-dim", type=int, help="Channels of the mask features.  [default: unchanged]")
@click.option(
    "--level-dims",
    type=(int, int, int),
    help="Channels of the levels at strides 32, 16 and 8.  [default: unchanged]",
)
@click.option(
    "--queries", type=int, help="Number of queries to keep, those that answer most.  [default: all]"
)
@click.option("--memories", type=int, help="Number of memories to keep.  [default: all]")
@click.option(
    "--codec",
    type=click.Choice(list(CODECS)),
    help="Default codec of embeddings.  [default: unchanged]",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=WEIGHTS_DIR / "nano.safetensors")
def main(
    weights: Path,
    classes_of: Path,
    canvas: int,
    mask_dim: int | None,
    level_dims: tuple[int, int, int] | None,
    queries: int | None,
    memories: int | None,
    codec: str | None,
    out: Path,
) -> None:
    """Write the bundled weights from WEIGHTS, a run's best.safetensors."""
    try:
        records = list(read_index(classes_of))
        released = release(load_model(str(weights)), names_of(records), canvas, codec)
        if mask_dim is not None or level_dims is not None:
            decoder = released.config.decoder
            widths = mask_dim or decoder.mask_dim, level_dims or decoder.level_channels
            released = with_fewer_channels(released, records, *widths)
        if queries is not None or memories is not None:
            decoder = released.config.decoder
            counts = queries or decoder.num_queries, memories or decoder.num_memories
            released = prune(released, records, *counts)
    except (ModelError, MeasurementError, TrainingError) as error:
        raise click.ClickException(str(error)) from error
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(released, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, fingerprint {load_model(str(out)).fingerprint()}")


def names_of(records: Iterable[DataImage]) -> list[str]:
    """The classes of the objects of a set, sorted."""
    return sorted({class_name(entry.label) for record in records for entry in record.objects if entry.label})


if __name__ == "__main__":
    main()
