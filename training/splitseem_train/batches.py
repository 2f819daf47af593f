"""Photos in memory -> training batches."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from splitseem_eval.data import DataImage, DataObject, is_validation, read_index, read_rgb
from splitseem_eval.errors import DataError
from splitseem_eval.names import COMMON_SET, class_name
from splitseem_train.crops import Crop, CroppedObject, Photo, random_crop
from splitseem_train.recipe import SET_WEIGHTS, Recipe
from splitseem_train.tasks.scenes import SCENE_SETS, Scene, scene_of
from splitseem_train.tasks.wordings import captions_by_label, other_names

RAREST = 1e-5
"""No name counts as less frequent than this."""


@dataclass(frozen=True)
class PhotoSet:
    """Photos with the probability of each being drawn."""

    photos: tuple[Photo, ...]
    probabilities: np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Vocabulary:
    """Class names of all sets.

    Attributes:
        names: K of them; index: the row of a name; of_set: bool `[K]` for each set, the names it uses.
        log_prior: `[K]`, logarithm of how often an object of each name is drawn; it is added to the class
            logits in training only, so that a trained model has no favourite names.
        wordings: other texts for objects, see `wordings.py`; none of them is a name.
    """

    names: tuple[str, ...]
    index: dict[str, int]
    of_set: dict[str, Tensor]
    log_prior: Tensor
    wordings: tuple[str, ...] = ()

    def rivals(self, dataset: str, name: str | None) -> Tensor:
        """The names that an object of a set is told from, bool `[K]`."""
        own = self.of_set[dataset]
        common = self.of_set.get(COMMON_SET)
        if common is None or name is None or not common[self.index[name]]:
            return own
        return own | common


@dataclass(frozen=True)
class Batch:
    """B photos with K objects each.

    Attributes:
        pixels: `[B, 3, S, S]` uint8 RGB.
        objects: B * K cropped objects, photo by photo.
        scenes: of every photo, all that it shows, or None.
    """

    pixels: Tensor
    objects: tuple[CroppedObject, ...]
    scenes: tuple[Scene | None, ...]


def read_photos(
    folder: Path, recipe: Recipe, progress: Callable[[int, int], None], teacher: Path | None = None
) -> tuple[PhotoSet, PhotoSet, Vocabulary]:
    """Read all sets of a folder: training photos, held-out photos, vocabulary.

    Args:
        teacher: a folder of further masks, without names, of the same photos, in the same format; held-out
            photos go without.
    Raises:
        DataError: no set there, or one that cannot be read.
    """
    indexes = sorted(folder.glob("*.jsonl.gz"))
    if not indexes:
        raise DataError(f"no training sets (*.jsonl.gz) in {folder}")
    records = [record for path in indexes for record in read_index(path) if record.objects]
    extra = _masks_of(teacher)
    done = 0
    photos: list[Photo] = []
    with ThreadPoolExecutor(2) as pool:
        for photo in pool.map(lambda record: _read_photo(record, recipe.cache_side, extra), records):
            photos.append(photo)
            progress(done := done + 1, len(records))
    held_out = [is_validation(record) for record in records]
    training = _photo_set([p for p, held in zip(photos, held_out, strict=True) if not held])
    validation = _photo_set([p for p, held in zip(photos, held_out, strict=True) if held])
    return training, validation, _vocabulary(records, training)


def _masks_of(teacher: Path | None) -> dict[tuple[str, str], tuple[DataObject, ...]]:
    """The masks in a teacher's folder by set and image."""
    indexes = [] if teacher is None else sorted(teacher.glob("*.jsonl.gz"))
    if teacher is not None and not indexes:
        raise DataError(f"no masks (*.jsonl.gz) in {teacher}")
    records = (record for path in indexes for record in read_index(path))
    return {(record.dataset, record.name): record.objects for record in records if not is_validation(record)}


def _read_photo(
    record: DataImage, side: int, extra: Mapping[tuple[str, str], tuple[DataObject, ...]]
) -> Photo:
    pixels = read_rgb(record.path)
    scale = min(1.0, side / max(pixels.shape[:2]))
    if scale < 1:
        width, height = (max(1, round(n * scale)) for n in (pixels.shape[1], pixels.shape[0]))
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    named = tuple(replace(o, label=None if o.label is None else class_name(o.label)) for o in record.objects)
    captions = captions_by_label((o.label for o in named), record.captions)
    drawn = extra.get((record.dataset, record.name), ())
    return Photo(pixels, scale, record.dataset, named, captions, drawn)


def _photo_set(photos: list[Photo]) -> PhotoSet:
    weights = np.array([SET_WEIGHTS.get(photo.dataset, 1.0) for photo in photos])
    return PhotoSet(tuple(photos), weights / weights.sum())


def _vocabulary(records: list[DataImage], training: PhotoSet) -> Vocabulary:
    labels = {
        (record.dataset, class_name(entry.label))
        for record in records
        for entry in record.objects
        if entry.label
    }
    names = tuple(sorted({label for _, label in labels}))
    index = {name: i for i, name in enumerate(names)}
    of_set = {
        dataset: torch.tensor([(dataset, name) in labels for name in names])
        for dataset in {record.dataset for record in records}
    }
    share = torch.full((len(names),), RAREST)
    for photo, probability in zip(training.photos, training.probabilities.tolist(), strict=True):
        for entry in photo.objects:
            if entry.label is not None:
                share[index[entry.label]] += probability / len(photo.objects)
    return Vocabulary(names, index, of_set, share.log(), _wordings(names, training))


def _wordings(names: tuple[str, ...], training: PhotoSet) -> tuple[str, ...]:
    found: set[str] = set()
    for photo in training.photos:
        found.update(*photo.captions.values())
        found.update(*(other_names(o.label, o.fine_label) for o in photo.objects if o.label is not None))
    return tuple(sorted(found.difference(names)))


def draw_batch(
    source: PhotoSet, side: int, count: int, recipe: Recipe, rng: np.random.Generator, *, augment: bool = True
) -> Batch:
    """`count` random crops of `side` pixels; without augmentation every scene that there is."""
    crops: list[Crop] = []
    scenes: list[Scene | None] = []
    while len(crops) < count:
        photo = _draw_photo(source, rng)
        donor = _draw_photo(source, rng) if augment and rng.random() < recipe.paste else None
        everything = (not augment or rng.random() < recipe.panoptic) and photo.dataset in SCENE_SETS
        crop = random_crop(photo, side, recipe, rng, augment=augment, donor=donor, everything=everything)
        if crop is not None:
            crops.append(crop)
            scenes.append(scene_of(crop.visible, photo) if everything else None)
    pixels = torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2)
    return Batch(pixels, tuple(entry for crop in crops for entry in crop.objects), tuple(scenes))


class TrainingBatches(Dataset[Batch]):
    """The batches of a run by step: each follows from seed and step alone, so that an interrupted run
    continues with the same ones, whichever process cuts the crops."""

    def __init__(self, photos: PhotoSet, recipe: Recipe, seed: int) -> None:
        self._photos = photos
        self._recipe = recipe
        self._seed = seed

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step."""
        side, count = self._recipe.crop_at(step)
        rng = np.random.default_rng([self._seed, step])
        if self._recipe.large:
            place = rng.random()
            for share, large_side, large_count in self._recipe.large:
                if 0 <= place < share:
                    side, count = large_side, large_count
                place -= share
        return draw_batch(self._photos, side, count, self._recipe, rng)

    def __len__(self) -> int:
        """Steps of the run."""
        return self._recipe.steps

    def stream(self, first: int) -> Iterator[Batch]:
        """The batches from a step on, in order, made ahead by the recipe's workers."""
        workers = self._recipe.workers
        return iter(
            DataLoader(
                self,
                batch_size=None,
                sampler=range(first, len(self)),
                num_workers=workers,
                collate_fn=_as_it_is,
                prefetch_factor=2 if workers else None,
            )
        )


def _as_it_is(batch: Any) -> Any:
    return batch


def _draw_photo(source: PhotoSet, rng: np.random.Generator) -> Photo:
    return source.photos[rng.choice(len(source.photos), p=source.probabilities)]
