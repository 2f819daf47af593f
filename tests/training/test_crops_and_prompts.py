"""Crops keep image and mask together; sampled prompts lie where they should."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from splitseem_eval.data import DataObject, RunLengths
from splitseem_proto import encode_rle
from splitseem_train.crops import Photo, random_crop
from splitseem_train.recipe import RECIPES
from splitseem_train.tasks.prompts_sampler import first_prompt, next_click
from splitseem_train.tasks.scenes import scene_of

pytestmark = pytest.mark.unit
RECIPE = RECIPES["smoke"]


def square_mask(size: int = 60, top: int = 20, left: int = 10, side: int = 24) -> NDArray[np.bool_]:
    mask = np.zeros((size, size + 20), dtype=np.bool_)
    mask[top : top + side, left : left + side] = True
    return mask


def photo_of(mask: NDArray[np.bool_], scale: int = 1) -> Photo:
    """A photo whose red channel is 255 on the object, at `scale` times the size of the mask."""
    pixels = np.zeros((*mask.shape, 3), dtype=np.uint8)
    pixels[mask, 0] = 255
    runs = RunLengths(mask.shape, np.array(encode_rle(mask).counts, dtype=np.int32))
    large = pixels.repeat(scale, 0).repeat(scale, 1)
    return Photo(large, float(scale), "toys", (DataObject("square", runs, None, True),))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_masks_of_a_teacher_are_asked_for_by_their_share(share: float) -> None:
    photo = photo_of(square_mask())
    small = photo_of(square_mask(top=40, left=60, side=14)).objects[0]
    taught = replace(photo, extra=(replace(small, label=None, is_thing=None),))
    recipe = replace(RECIPE, teacher=share, objects_per_image=1, whole_image=1.0)
    rng = np.random.default_rng(0)
    crops = [random_crop(taught, 64, recipe, rng) for _ in range(200)]
    asked = [crop.objects[0].label is None for crop in crops if crop is not None]
    assert np.mean(asked) == pytest.approx(share / 2, abs=0.08)  # there are two masks


def test_a_crop_enlarges_the_photo_no_more_than_the_recipe_says() -> None:
    photo = photo_of(square_mask(side=8))
    shares = {}
    for zoom in (1.5, 20.0):
        recipe = replace(RECIPE, zoom=zoom, whole_image=0.0)
        rng = np.random.default_rng(0)
        crops = [random_crop(photo, 64, recipe, rng) for _ in range(60)]
        shares[zoom] = max(crop.objects[0].mask.mean() for crop in crops if crop is not None)
    side = 64 / 1.5 * np.exp(-0.25)  # crops may be a little oblong
    assert shares[1.5] <= 8 * 8 / side**2
    assert shares[20.0] > 0.3


def test_stuff_is_asked_for_less_often_than_things() -> None:
    photo = photo_of(square_mask())
    sky = replace(photo_of(~square_mask()).objects[0], label="sky", is_thing=False)
    both = replace(photo, objects=(*photo.objects, sky))
    rng = np.random.default_rng(0)
    asked = {}
    for share in (1.0, 0.2):
        recipe = replace(RECIPE, stuff=share, objects_per_image=1, whole_image=1.0)
        crops = [random_crop(both, 64, recipe, rng) for _ in range(200)]
        asked[share] = np.mean([crop.objects[0].label == "sky" for crop in crops if crop is not None])
    assert asked[1.0] == pytest.approx(0.5, abs=0.1)
    assert asked[0.2] == pytest.approx(0.1, abs=0.06)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_the_mask_of_a_crop_lies_on_the_object(seed: int, scale: int) -> None:
    crop = random_crop(photo_of(square_mask(), scale), 64, RECIPE, np.random.default_rng(seed))
    assert crop is not None
    assert len(crop.objects) == RECIPE.objects_per_image
    red = crop.pixels[..., 0].astype(int) - crop.pixels[..., 1]
    mask = crop.objects[0].mask
    threshold = (red[mask].mean() + red[~mask].mean()) / 2
    overlap = ((red > threshold) & mask).sum() / ((red > threshold) | mask).sum()
    assert overlap > 0.8


def test_a_crop_without_augmentation_shows_the_whole_photo() -> None:
    crop = random_crop(photo_of(square_mask()), 80, RECIPE, np.random.default_rng(0), augment=False)
    assert crop is not None
    np.testing.assert_array_equal(crop.objects[0].mask[:60], square_mask())


def test_an_object_of_a_crop_knows_the_words_that_mean_it() -> None:
    photo = replace(photo_of(square_mask()), captions={"square": ("a red square",), "disk": ("a disk",)})
    photo = replace(photo, objects=(replace(photo.objects[0], fine_label="rectangle"),))
    crop = random_crop(photo, 80, RECIPE, np.random.default_rng(0), augment=False)
    assert crop is not None
    assert crop.objects[0].captions == ("a red square",)
    assert crop.objects[0].other_names == ("rectangle", "rectangle square")


def two_squares() -> Photo:
    """A large square and a small one, of one name each."""
    large, small = (photo_of(square_mask(top=2, left=left, side=side)) for left, side in ((4, 40), (56, 12)))
    objects = (large.objects[0], replace(small.objects[0], label="small"))
    return replace(large, dataset="coco_mini", objects=objects)


def test_a_crop_shows_every_object_only_when_asked() -> None:
    recipe = replace(RECIPE, objects_per_image=1)
    crops = [
        random_crop(two_squares(), 80, recipe, np.random.default_rng(0), augment=False, everything=everything)
        for everything in (False, True)
    ]
    assert [len(crop.visible) for crop in crops if crop] == [1, 2]
    assert [len(crop.objects) for crop in crops if crop] == [1, 1]


def test_an_object_that_fills_the_crop_is_seen_but_not_prompted() -> None:
    whole = np.ones((60, 60), dtype=np.bool_)
    small = square_mask(size=60)[:, :60]
    parts = [photo_of(mask).objects[0] for mask in (whole, small)]
    photo = replace(photo_of(small), objects=(parts[0], replace(parts[1], label="small")))
    crop = random_crop(photo, 64, RECIPE, np.random.default_rng(0), augment=False, everything=True)
    assert crop is not None
    assert {entry.label for entry in crop.visible} == {"square", "small"}
    assert {entry.label for entry in crop.objects} == {"small"}
    assert (
        random_crop(
            replace(photo, objects=tuple(parts[:1])), 64, RECIPE, np.random.default_rng(0), augment=False
        )
        is None
    )


def test_what_a_pasted_object_hides_is_not_part_of_the_scene() -> None:
    donor = photo_of(square_mask())
    for seed in range(20):
        crop = random_crop(
            two_squares(), 80, RECIPE, np.random.default_rng(seed), donor=donor, everything=True
        )
        assert crop is not None
        assert np.sum([entry.mask for entry in crop.visible], axis=0).max() == 1


@pytest.mark.parametrize(
    ("is_thing", "complete"),
    [((None, None), True), ((True, False), True), ((True, True), False)],
    ids=["a set without stuff", "things and stuff", "things alone"],
)
def test_a_scene_is_complete_unless_its_photo_names_things_alone(
    is_thing: tuple[bool | None, ...], complete: bool
) -> None:
    photo = two_squares()
    pairs = zip(photo.objects, is_thing, strict=True)
    photo = replace(photo, objects=tuple(replace(entry, is_thing=kind) for entry, kind in pairs))
    crop = random_crop(photo, 80, RECIPE, np.random.default_rng(0), augment=False, everything=True)
    assert crop is not None
    scene = scene_of(crop.visible, photo)
    assert scene.complete == complete
    assert sorted(scene.kinds) == [("coco_mini", "small"), ("coco_mini", "square")]
    areas = [entry.mask.sum() for entry in crop.visible]
    np.testing.assert_allclose(scene.share.sum((1, 2)) * 64, areas)
    assert scene.counted.all()


def test_a_photo_whose_objects_are_too_small_gives_no_crop() -> None:
    tiny = photo_of(square_mask(side=1))
    assert random_crop(tiny, 64, RECIPE, np.random.default_rng(0), augment=False) is None


def test_a_pasted_object_comes_first_and_hides_what_is_behind_it() -> None:
    donor = photo_of(square_mask())
    for seed in range(20):
        crop = random_crop(photo_of(square_mask()), 80, RECIPE, np.random.default_rng(seed), donor=donor)
        assert crop is not None
        first, *others = crop.objects
        assert len(crop.objects) == RECIPE.objects_per_image
        assert all(other is first or not (other.mask & first.mask).any() for other in others)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_first_prompts_lie_on_the_object_or_around_it(seed: int, side: int) -> None:
    mask = square_mask(side=side)
    for x, y, label in first_prompt(mask, np.random.default_rng(seed)):
        assert label in (0, 1, 2, 3)
        assert 0 <= x <= mask.shape[1]
        assert 0 <= y <= mask.shape[0]
        if label in (0, 1):
            assert mask[int(y), int(x)] == bool(label)


def test_the_next_click_corrects_the_larger_error() -> None:
    truth = square_mask()
    missed = next_click(truth, np.zeros_like(truth), None)
    assert truth[int(missed[0, 1]), int(missed[0, 0])]
    assert missed[0, 2] == 1
    wrong = next_click(truth, np.ones_like(truth), None)
    assert not truth[int(wrong[0, 1]), int(wrong[0, 0])]
    assert wrong[0, 2] == 0


def test_no_click_without_error_or_where_it_is_ignored() -> None:
    truth = square_mask()
    assert len(next_click(truth, truth, None)) == 0
    assert len(next_click(truth, np.zeros_like(truth), np.ones_like(truth))) == 0
