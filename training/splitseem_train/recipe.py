"""Training recipes as data: every number of a run that is not the model's."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

SET_WEIGHTS = {
    "coco_mini": 8.0,
    "voc_aug_part": 2.0,
    "sysu_shapes": 2.0,
    "clothing_ccp": 1.0,
    "caltech101_part": 1.0,
    "pets": 2.0,
    "feral_cat": 0.5,
    "car_parts": 0.5,
    "food_plates": 1.0,
    "weizmann_horses": 1.0,
    "camvid": 0.5,
    "eth80": 0.3,
    "nuclei_dsb2018": 0.3,
}
"""How often an image of each set is drawn, relative to the others; sets not named here count 1."""


@dataclass(frozen=True)
class LossWeights:
    """Factor of each term of the loss; `panoptic` is that of a whole task, which has the terms for masks and
    labels, and `quality`.

    Attributes:
        focus: how much more the cells of an answer count that are wrong than those that are right: the
            cross-entropy of a cell is weighed by its error to this power, the weights of a mask adding up
            to its cells (normalised focal loss, RITM); 0: all count alike.
    """

    mask_bce: float = 2.0
    mask_dice: float = 2.0
    point: float = 1.5
    selection: float = 0.3
    label: float = 0.8
    all_queries: float = 0.15
    early_layers: float = 0.3
    quality: float = 0.5
    panoptic: float = 0.5
    focus: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """One run.

    Attributes:
        crops: (fraction of the run at which it begins, crop side in pixels, images a step), in order.
        large: (share of the steps, crop side in pixels, images a step) of steps with other crops than their
            time's.
        zoom: how many times photos in memory are enlarged at most, so that large crops are not blurred.
        nearly: share of the steps that begin with a mask which is nearly right, see `nearly_right.py`.
        backbone_rate: learning rate of the backbone over that of the rest; backbone_from: fraction of the run
            before which the backbone is frozen.
        objects_per_image: decoder samples per encoded image.
        rounds: interactive rounds a step, the first prompt included.
        again: probability that the second round is asked what the first was, with its mask as memory.
        keep_memory: probability that a later round sees the mask of the round before.
        whole_image: probability of showing the whole photo instead of a crop around an object.
        paste: probability of pasting an object of another photo onto a crop.
        stuff: probability that an object that is no thing, such as sky, is as likely to be prompted as a
            thing; else it is prompted only when there is no other.
        teacher: the same for the masks of a teacher, where there are some.
        panoptic: probability that a photo of a set that annotates all its objects is also decoded without a
            prompt, to find them all.
        text: probability that the name of a named object is given as a text prompt beside the points;
            text_only: that it is given instead of them, where it says which object is meant.
        caption, synonym: probabilities that such a text is a caption or another name, where there is one,
            and not the name of the class.
        workers: processes that cut crops and threads that place clicks; 0: all in the main thread.
        cache_side: photos are kept in memory at most this large on the long side, pixels.
    """

    steps: int
    crops: tuple[tuple[float, int, int], ...]
    learning_rate: float = 1e-3
    large: tuple[tuple[float, int, int], ...] = ()
    zoom: float = math.inf
    nearly: float = 0.0
    backbone_rate: float = 1.0
    backbone_from: float = 0.0
    weight_decay: float = 0.05
    warmup_steps: int = 200
    clip_norm: float = 1.0
    ema_decay: float = 0.999
    objects_per_image: int = 2
    rounds: int = 3
    again: float = 0.0
    keep_memory: float = 0.85
    whole_image: float = 0.4
    paste: float = 0.25
    stuff: float = 1.0
    teacher: float = 0.3
    panoptic: float = 0.5
    text: float = 0.2
    text_only: float = 0.1
    caption: float = 0.4
    synonym: float = 0.3
    workers: int = 0
    cache_side: int = 320
    max_prompt_points: int = 24
    min_object_pixels: int = 40
    validate_every: int = 500
    save_every: int = 200
    validation_samples: int = 120
    loss: LossWeights = field(default_factory=LossWeights)

    def tunes_backbone(self, step: int) -> bool:
        """Whether the backbone learns in a step."""
        return step >= self.backbone_from * self.steps and self.backbone_rate > 0

    def crop_at(self, step: int) -> tuple[int, int]:
        """Side of the crops of a step, pixels, and their number."""
        _, side, count = next(crop for crop in reversed(self.crops) if crop[0] * self.steps <= step)
        return side, count


WITHOUT: dict[str, dict[str, Any]] = {
    "panoptic": {"panoptic": 0.0},
    "wordings": {"caption": 0.0, "synonym": 0.0},
    "tuning": {"backbone_rate": 0.0},
}
"""Part of the training -> the fields of a recipe that leave it out. The photos stay the same."""

_TUNE = Recipe(
    steps=6000,
    crops=((0.0, 256, 6),),
    large=((0.3, 384, 3),),
    learning_rate=6e-4,
    warmup_steps=100,
    backbone_rate=0.1,
    backbone_from=0.7,
    cache_side=384,
    stuff=0.2,
    panoptic=0.0,
    text=0.1,
    text_only=0.05,
    loss=LossWeights(label=0.3, focus=2.0),
)

RECIPES: dict[str, Recipe] = {
    # Two CPU cores, 2.5 hours.
    "cpu": Recipe(steps=9000, crops=((0.0, 128, 16), (0.45, 192, 8), (0.85, 256, 6))),
    # One CPU core beside other work, about two hours.
    "short": Recipe(steps=5400, crops=((0.0, 128, 16), (0.4, 192, 8), (0.75, 256, 6))),
    # One CPU core beside other work, two hours, from weights that already follow clicks.
    "more": Recipe(steps=4000, crops=((0.0, 192, 8), (0.4, 256, 6)), learning_rate=6e-4, warmup_steps=300),
    # One CPU core beside other work, the last hour of a run.
    "finish": Recipe(
        steps=1000, crops=((0.0, 256, 6),), learning_rate=3e-4, warmup_steps=60, validate_every=250
    ),
    # One CPU core beside other work, two hours, on a pretrained backbone.
    "tune": _TUNE,
    # The same from weights that have learnt that, for canvases of 384 and 512 and for the last few percent.
    "sharpen": replace(
        _TUNE,
        steps=3000,
        large=((0.35, 384, 3), (0.25, 512, 2)),
        zoom=2.0,
        nearly=0.3,
        again=0.4,
        learning_rate=4e-4,
        backbone_from=0.6,
        cache_side=512,
        whole_image=0.5,
    ),
    # One large GPU beside 16 cores, 20 minutes.
    "gpu": Recipe(
        steps=6000,
        crops=((0.0, 192, 128), (0.4, 256, 96)),
        learning_rate=1.5e-3,
        warmup_steps=400,
        ema_decay=0.9995,
        objects_per_image=3,
        rounds=4,
        workers=14,
        validation_samples=480,
    ),
    # A minute: proves that the path works, not that the model learns.
    "smoke": Recipe(
        steps=6, crops=((0.0, 64, 2),), warmup_steps=2, validate_every=3, save_every=3, validation_samples=4
    ),
}
