"""A predictor with a part left out, to measure what the part is worth, or with the class names of a set."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from splitseem_eval.data import DataImage
from splitseem_eval.names import class_name
from splitseem_model.mask.photo.snapping import SNAP
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import AGAIN
from splitseem_model.text.coco_names import COCO_PANOPTIC, NUM_THINGS
from splitseem_model.text.names import Vocabulary

CLASSES_OF_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType({"coco_mval": COCO_PANOPTIC[:NUM_THINGS]})
"""Sets that were made from more classes than a sample of them shows."""


def without_parts(predictor: Predictor, parts: Iterable[str]) -> Predictor:
    """The same predictor without these parts, of the names in `WITHOUT`; images stay prepared."""
    left_out = frozenset(WITHOUT[part] for part in parts)
    if not left_out:
        return predictor
    return predictor.with_options(replace(predictor.decoder.options, without=left_out))


def classes_of(records: Iterable[DataImage]) -> frozenset[str]:
    """The class names of a set by their common names: those that it is known for, else those in it."""
    records = tuple(records)
    known = (name for dataset in {r.dataset for r in records} for name in CLASSES_OF_SETS.get(dataset, ()))
    found = (entry.label for record in records for entry in record.objects if entry.label is not None)
    return frozenset(map(class_name, (*known, *found)))


def held_to_classes(predictor: Predictor, classes: frozenset[str]) -> Predictor:
    """The same predictor with labels among these classes only; a model that knows none of them is unchanged.

    Args:
        classes: common names, as `class_name` gives them. The rows of the model's own class matrix that have
            one of them stay, so nothing has to be encoded.
    """
    vocabulary = predictor.decoder.vocabulary if classes else None
    rows = [k for k, name in enumerate(vocabulary.names) if class_name(name) in classes] if vocabulary else []
    if vocabulary is None or not rows:
        return predictor
    kept = Vocabulary(tuple(vocabulary.names[row] for row in rows), vocabulary.matrix[rows])
    return predictor.with_options(replace(predictor.decoder.options, vocabulary=kept))


WITHOUT: Mapping[str, str] = MappingProxyType(
    {"again": AGAIN, "correction": "correct", "refiner": "refine", "photo": "photo", "snap": SNAP}
)
"""Part of a model -> its stage of a step, or what comes before or after: `again`, `snap`."""
