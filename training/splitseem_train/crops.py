"""Training crops: a photo and its masks, cut, scaled, mirrored and recoloured in one warp."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from splitseem_eval.data import DataObject
from splitseem_train.recipe import Recipe
from splitseem_train.tasks.wordings import other_names

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]

LARGEST_SHARE = 0.95
"""An object that fills more of the crop is not prompted."""


@dataclass(frozen=True)
class Photo:
    """A photo in memory.

    Attributes:
        objects: as annotated; extra: masks without names that a teacher drew.
        scale: its size over the size that the run lengths of its objects are for.
        captions: by the label of the object that they mean, see `captions_by_label`.
    """

    pixels: Image
    scale: float
    dataset: str
    objects: tuple[DataObject, ...]
    captions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: tuple[DataObject, ...] = ()


@dataclass(frozen=True)
class CroppedObject:
    """One object as it shows in a crop.

    Attributes:
        mask, ignore: its pixels and those that do not count, bool `[S, S]`; label: or None.
        dataset: the set it is from.
        is_only: no other object of the photo has its label, so that the label alone says which one is meant.
        other_names, captions: texts that mean it too, see `wordings`.
    """

    mask: Mask
    ignore: Mask | None
    label: str | None
    dataset: str
    is_only: bool
    other_names: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crop:
    """Pixels uint8 `[S, S, 3]`.

    Attributes:
        objects: those that are prompted, repeated where they are too few; visible: all that were searched.
    """

    pixels: Image
    objects: tuple[CroppedObject, ...]
    visible: tuple[CroppedObject, ...]


def random_crop(
    photo: Photo,
    side: int,
    recipe: Recipe,
    rng: np.random.Generator,
    *,
    augment: bool = True,
    donor: Photo | None = None,
    everything: bool = False,
) -> Crop | None:
    """Cut one crop with `objects_per_image` objects (repeated when there are fewer).

    Args:
        everything: find all objects that show in the crop, not only for those that are prompted.
        donor: a photo one object of which is pasted onto the crop.
    Returns:
        None when no object of the photo shows in the crop with at least `min_object_pixels` pixels and less
        than all of it.
    """
    around = photo.extra if photo.extra and rng.random() < recipe.teacher else photo.objects
    focus = around[rng.integers(len(around))].mask
    if augment and rng.random() >= recipe.whole_image:
        matrix = _crop_matrix(photo, focus, side, rng, recipe.zoom)
    else:
        matrix = _whole_matrix(photo, side)
    if augment and rng.random() < 0.5:
        matrix = _mirrored(matrix, side)
    visible = _visible_objects(photo, matrix, side, recipe, rng, everything=everything)
    if not any(map(_is_part, visible)):
        return None
    warped = cv2.warpAffine(
        photo.pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=(124, 116, 104)
    )
    pixels = np.asarray(warped, dtype=np.uint8)
    if donor is not None:
        pixels, visible = _pasted(pixels, visible, donor, recipe, rng)
    parts = [entry for entry in visible if _is_part(entry)]
    prompted = tuple(parts[i % len(parts)] for i in range(recipe.objects_per_image))
    return Crop(_recoloured(pixels, rng) if augment else pixels, prompted, tuple(visible))


def _whole_matrix(photo: Photo, side: int) -> Matrix:
    """The whole photo, its long side on the crop's, the rest empty: as at inference."""
    factor = side / max(photo.pixels.shape[:2])
    return _scale_about_pixel_corner(factor, factor, 0.0, 0.0)


def _crop_matrix(photo: Photo, focus: Mask, side: int, rng: np.random.Generator, zoom: float) -> Matrix:
    """A nearly square window that holds the focused object, from tight, or as small as `zoom` allows, to the
    whole photo."""
    height, width = photo.pixels.shape[:2]
    rows, columns = np.flatnonzero(focus.any(1)) * photo.scale, np.flatnonzero(focus.any(0)) * photo.scale
    centre = np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2
    extent = max(columns[-1] - columns[0], rows[-1] - rows[0], 12.0)
    low = np.log(max(extent * 1.1, side / zoom))
    high = max(low, np.log(max(max(height, width), extent * 1.2)))
    window = float(np.exp(rng.uniform(low, high)))
    aspect = float(np.exp(rng.uniform(-0.25, 0.25)))
    window_wh = np.array([window * aspect, window / aspect])
    slack = np.maximum(window_wh - extent, 0) / 2
    corner = centre + rng.uniform(-slack, slack) - window_wh / 2
    corner = np.clip(corner, 0, np.maximum(np.array([width, height]) - window_wh, 0))
    return _scale_about_pixel_corner(side / window_wh[0], side / window_wh[1], corner[0], corner[1])


def _scale_about_pixel_corner(scale_x: float, scale_y: float, x0: float, y0: float) -> Matrix:
    """Affine matrix from photo to crop for OpenCV, whose coordinates are pixel centres at integers."""
    return np.array(
        [
            [scale_x, 0, (0.5 - x0) * scale_x - 0.5],
            [0, scale_y, (0.5 - y0) * scale_y - 0.5],
        ]
    )


def _mirrored(matrix: Matrix, side: int) -> Matrix:
    flipped = matrix.copy()
    flipped[0] *= -1
    flipped[0, 2] += side - 1
    return flipped


def _visible_objects(
    photo: Photo, matrix: Matrix, side: int, recipe: Recipe, rng: np.random.Generator, *, everything: bool
) -> list[CroppedObject]:
    """The objects that show in a crop, in random order: all, or enough to prompt."""
    to_photo = np.array(
        [[photo.scale, 0, 0.5 * photo.scale - 0.5], [0, photo.scale, 0.5 * photo.scale - 0.5], [0, 0, 1]]
    )
    from_mask = matrix @ to_photo
    found: list[CroppedObject] = []
    for entry in _in_random_order(photo, recipe, rng, everything=everything):
        mask = _warped(entry.mask, from_mask, side)
        if mask.sum() >= recipe.min_object_pixels:
            ignore = None if entry.ignore is None else _warped(entry.ignore, from_mask, side)
            found.append(_described(photo, entry, mask, ignore))
        if not everything and sum(map(_is_part, found)) == recipe.objects_per_image:
            break
    return found


def _in_random_order(
    photo: Photo, recipe: Recipe, rng: np.random.Generator, *, everything: bool
) -> list[DataObject]:
    """All annotated objects, or those and a teacher's, the likelier prompts first."""
    entries = list(photo.objects) if everything else [*photo.objects, *photo.extra]
    shuffled = rng.permutation(len(entries))
    if everything or (not photo.extra and recipe.stuff == 1):
        return [entries[index] for index in shuffled]
    extra = np.arange(len(entries)) >= len(photo.objects)
    stuff = np.array([entry.is_thing is False for entry in entries])
    # Teachers draw many masks a photo: all of them together are as likely as the annotated ones.
    likely = np.where(extra, recipe.teacher * min(1.0, len(photo.objects) / max(1, len(photo.extra))), 1.0)
    later = rng.random(len(entries)) >= np.where(stuff, recipe.stuff, likely)
    return [entries[index] for index in sorted(shuffled, key=lambda index: bool(later[index]))]


def _is_part(entry: CroppedObject) -> bool:
    """Whether the crop shows anything else than an object: one that fills the crop cannot be prompted."""
    return bool(entry.mask.mean() < LARGEST_SHARE)


def _described(photo: Photo, entry: DataObject, mask: Mask, ignore: Mask | None) -> CroppedObject:
    """An object of a photo with what it is called there."""
    label = entry.label
    alone = sum(other.label == label for other in photo.objects) == 1
    if label is None:
        return CroppedObject(mask, ignore, label, photo.dataset, alone)
    names, captions = other_names(label, entry.fine_label), photo.captions.get(label, ())
    return CroppedObject(mask, ignore, label, photo.dataset, alone, names, captions)


def _pasted(
    pixels: Image, objects: list[CroppedObject], donor: Photo, recipe: Recipe, rng: np.random.Generator
) -> tuple[Image, list[CroppedObject]]:
    """Put an object of the donor somewhere on the crop, at a random size, as its first object; those that it
    hides are left out."""
    side = len(pixels)
    entry = donor.objects[rng.integers(len(donor.objects))]
    whole = entry.mask
    rows, columns = np.flatnonzero(whole.any(1)), np.flatnonzero(whole.any(0))
    if len(rows) == 0:
        return pixels, objects
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1.0
    scale = side * rng.uniform(0.15, 0.6) / extent
    centre = np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2
    corner = centre - rng.uniform(0.15, 0.85, 2) * side / scale
    matrix = _scale_about_pixel_corner(scale, scale, corner[0], corner[1])
    if rng.random() < 0.5:
        matrix = _mirrored(matrix, side)
    mask = _warped(whole, matrix, side)
    if not recipe.min_object_pixels <= mask.sum() < 0.8 * side * side:
        return pixels, objects
    picture = cv2.warpAffine(
        donor.pixels, matrix @ _pixels_to_mask(donor), (side, side), flags=cv2.INTER_LINEAR
    )
    opacity = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[..., None]
    merged = picture * opacity + pixels * (1 - opacity)
    behind = (replace(o, mask=o.mask & ~mask, is_only=o.is_only and o.label != entry.label) for o in objects)
    seen = [o for o in behind if o.mask.sum() >= recipe.min_object_pixels]
    in_front = CroppedObject(mask, None, entry.label, donor.dataset, is_only=False)
    return merged.astype(np.uint8), [in_front, *seen]


def _pixels_to_mask(photo: Photo) -> Matrix:
    """Affine matrix from the photo in memory to the size its run lengths are for."""
    factor = 1 / photo.scale
    return np.array([[factor, 0, 0.5 * factor - 0.5], [0, factor, 0.5 * factor - 0.5], [0, 0, 1]])


def _warped(mask: Mask, matrix: Matrix, side: int) -> Mask:
    warped = cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(warped > 127)


def _recoloured(pixels: NDArray[np.uint8], rng: np.random.Generator) -> Image:
    """Brightness, contrast, saturation and a tint, each mild; sometimes grey."""
    x = pixels.astype(np.float32)
    grey = x.mean(axis=2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.05 else rng.uniform(0.6, 1.4)
    x = grey + (x - grey) * saturation
    x = (x - x.mean()) * rng.uniform(0.7, 1.3) + x.mean() * rng.uniform(0.75, 1.25)
    tinted = np.clip(x * rng.uniform(0.92, 1.08, 3), 0, 255)
    return np.asarray(tinted, dtype=np.uint8)
