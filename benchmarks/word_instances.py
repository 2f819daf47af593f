"""How many of the instances that words find are objects, and how many objects words find.

Every class of a photo is looked for by its name, on photos that were held out from training.

python -m benchmarks.word_instances SET.jsonl.gz ... --model nano
"""

from collections import defaultdict
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from splitseem_eval.data import DataImage, is_validation, read_index, read_rgb
from splitseem_eval.names import class_name
from splitseem_model.predictor import Predictor

_MET = 0.5
"""IoU from which on an instance is an object."""

Masks = NDArray[np.bool_]


def objects_by_name(record: DataImage) -> dict[str, Masks]:
    """Name -> the masks of the objects that have it, `[n, H, W]`; stuff is left out."""
    named = defaultdict(list)
    for one in record.objects:
        if one.label and one.is_thing is not False:
            named[class_name(one.label)].append(one.mask_runs.decode())
    return {name: np.stack(masks) for name, masks in named.items()}


def met(found: Masks, objects: Masks) -> int:
    """How many of the objects have an instance, each instance counted once, the best first."""
    left = list(objects)
    for mask in found:
        ious = [(mask & one).sum() / max(1, (mask | one).sum()) for one in left]
        if ious and max(ious) >= _MET:
            del left[int(np.argmax(ious))]
    return len(objects) - len(left)


@click.command(help=__doc__)
@click.argument("sets", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", default="nano", show_default=True)
@click.option("--canvas", default=None, type=int, help="pixels along the photo that the model sees")
def main(sets: tuple[Path, ...], model: str, canvas: int | None) -> None:
    predictor = Predictor.load(model)
    print(f"{'set':<24}names  objects  found   met  precision  recall")
    for index in sets:
        names, objects, found, hits = 0, 0, 0, 0
        for record in filter(is_validation, read_index(index)):
            image = predictor.encode(read_rgb(record.path), canvas=canvas)
            for name, truths in objects_by_name(record).items():
                instances = predictor.decoder.find(image, name)
                masks = np.stack([predictor.mask(image, one.step) for one in instances])
                names, objects, found = names + 1, objects + len(truths), found + len(masks)
                hits += met(masks, truths)
        print(
            f"{index.name.removesuffix('.jsonl.gz'):<24}{names:5}  {objects:7}  {found:5}  {hits:4}"
            f"  {hits / max(1, found):9.3f}  {hits / max(1, objects):6.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
