"""OpenCV's GrabCut behind the face of a predictor: the baseline that needs no training.

Source: GrabCut (Rother, Kolmogorov, Blake, 2004), as OpenCV has it. Every click is a disk of sure object or
sure background, all outside a box is sure background, and what lies around positive clicks or in a box is
the first guess. Every step cuts from the beginning: with the mask of the step before as the guess it hardly
corrects a mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from splitseem_model.errors import PromptError
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_proto import Box, Click, PromptItem

NAME = "opencv-grabcut"
SIDE = 320
"""Long side of the photo that is cut, pixels."""
DISK_RADIUS = 5
"""Radius of the disk around a click, pixels of that photo."""
GUESS_RADIUS = 30
"""This far around positive clicks is probably object. Chosen on the sets it is measured on, in its favour."""
ITERATIONS = 3
SEED = 0
"""OpenCV draws its first clusters at random."""


@dataclass(frozen=True)
class Photo:
    """A photo at the size that is cut; `scale` is that size over the original."""

    pixels: NDArray[np.uint8]
    scale: float
    original_hw: tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """The mask at the size that was cut, +1 and -1, without a name. The next step does not use the memory."""

    mask_logits: NDArray[np.float32]
    memory: MemoryPrompt
    label: None = None


class GrabCutPredictor:
    """`encode`, `step` and `mask` as `splitseem_model.predictor.Predictor` has them."""

    name = NAME
    fingerprint = cv2.__version__

    def encode(
        self, image_rgb: NDArray[np.uint8], *, canvas: int | None = None, codec: str | None = None
    ) -> Photo:
        """Shrink the photo; there is nothing to encode."""
        height, width = image_rgb.shape[:2]
        scale = (canvas or SIDE) / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA)
        return Photo(np.asarray(pixels, dtype=np.uint8), scale, (height, width))

    def example(self, image: Photo, items: Sequence[PromptItem]) -> NoReturn:
        """Refuse: colours of another photo are not what is cut by.

        Raises:
            PromptError: always.
        """
        raise PromptError(f"{NAME} takes no examples")

    def step(self, image: Photo, items: Sequence[PromptItem], memory: MemoryPrompt | None = None) -> Answer:
        """Cut from all clicks and boxes.

        Raises:
            PromptError: a prompt that is neither a click nor a box.
        """
        clicks = [_scaled(item, image.scale) for item in items if not isinstance(item, Box)]
        boxes = [_inside(item, image) for item in items if isinstance(item, Box)]
        labels = np.full(image.pixels.shape[:2], cv2.GC_PR_BGD, dtype=np.uint8)
        for x, y, label in clicks:
            if label == 1:
                cv2.circle(labels, (x, y), GUESS_RADIUS, cv2.GC_PR_FGD, thickness=-1)
        for inside in boxes:
            labels[inside] = cv2.GC_PR_FGD
        for inside in boxes:
            labels[~inside] = cv2.GC_BGD
        for x, y, label in clicks:
            cv2.circle(labels, (x, y), DISK_RADIUS, cv2.GC_FGD if label else cv2.GC_BGD, thickness=-1)
        cut = _grab_cut(image.pixels, labels)
        logits = np.where((cut == cv2.GC_FGD) | (cut == cv2.GC_PR_FGD), 1.0, -1.0).astype(np.float32)
        return Answer(logits, MemoryPrompt(logits))

    def mask(self, image: Photo, step: Answer) -> NDArray[np.bool_]:
        """The mask in the size of the photo."""
        height, width = image.original_hw
        return np.asarray(cv2.resize(step.mask_logits, (width, height), interpolation=cv2.INTER_LINEAR) > 0)


def _scaled(item: PromptItem, scale: float) -> tuple[int, int, int]:
    """Pixel and label of a click in the photo that is cut."""
    if not isinstance(item, Click):
        raise PromptError(f"{NAME} takes clicks and boxes only, not a {item.kind}")
    return int(item.x * scale), int(item.y * scale), item.label


def _inside(box: Box, image: Photo) -> NDArray[np.bool_]:
    """The pixels of the photo that is cut whose centres are in the box."""
    height, width = image.pixels.shape[:2]
    columns, rows = ((np.arange(count) + 0.5) / image.scale for count in (width, height))
    in_columns, in_rows = (columns > box.x0) & (columns < box.x1), (rows > box.y0) & (rows < box.y1)
    return in_rows[:, None] & in_columns


def _grab_cut(pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels after the cut; those given when one of the two models has nothing to learn from, or both have
    the same: on a photo of one colour OpenCV's cut does not end."""
    object_, background = ((labels == a) | (labels == b) for a, b in ((1, 3), (0, 2)))
    if not object_.any() or not background.any() or (pixels == pixels[0, 0]).all():
        return labels
    cv2.setRNGSeed(SEED)
    background_model, object_model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(
        pixels, labels, (0, 0, 0, 0), background_model, object_model, ITERATIONS, cv2.GC_INIT_WITH_MASK
    )
    return labels
