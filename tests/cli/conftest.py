"""A model without a network, so that the commands are tested in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_cli.options.model import ModelOptions
from splitseem_model.errors import PromptError
from splitseem_proto import (
    Box,
    Click,
    Embedding,
    ImageGeometry,
    NamedTensor,
    Polygon,
    PromptItem,
    Scribble,
)

DISK_RADIUS = 6


@dataclass(frozen=True)
class FakeImage:
    geometry: ImageGeometry
    embedding: Embedding


@dataclass(frozen=True)
class FakeStep:
    mask: NDArray[np.bool_]
    memory: int
    score: float
    label: str | None = "disk"
    label_score: float | None = 0.75


class DiskPredictor:
    """A positive point adds a disk of radius 6 around it, a negative one takes half as wide a disk away."""

    name = "disks"
    fingerprint = "d15c" * 4

    def __init__(self, options: ModelOptions) -> None:
        self.options = options

    def encode(
        self,
        image_rgb: NDArray[np.uint8],
        *,
        roi_xywh: tuple[int, int, int, int] | None = None,
        canvas: int | None = None,
        codec: str | None = None,
        maps: str | None = None,
    ) -> FakeImage:
        size_hw = (image_rgb.shape[0], image_rgb.shape[1])
        part = roi_xywh or (0, 0, size_hw[1], size_hw[0])
        geometry = ImageGeometry(size_hw, part, (32, 32), (32, 32))
        masks = "lateral" if maps == "lateral" else "mask_features"
        sides = {"level0": 1, "level1": 2, "level2": 4, masks: 8}
        tensors = tuple(
            NamedTensor(name, np.full((1, 2, side, side), image_rgb.mean(), np.float32))
            for name, side in sides.items()
        )
        return FakeImage(geometry, Embedding(1, self.fingerprint, "", geometry, "float32", tensors))

    def step(
        self,
        image: FakeImage,
        items: Sequence[PromptItem],
        memory: int | None,
        *,
        example: Any = None,
        transcript: str | None = None,
    ) -> FakeStep:
        height, width = image.geometry.original_hw
        yy, xx = np.mgrid[:height, :width] + 0.5
        mask = np.zeros((height, width), np.bool_)
        for x, y, label in (point for item in items for point in points_of(item)):
            radius = DISK_RADIUS if label else DISK_RADIUS / 2
            disk = (xx - x) ** 2 + (yy - y) ** 2 < radius**2
            mask = mask | disk if label else mask & ~disk
        left, top, part_width, part_height = image.geometry.roi_xywh
        mask &= (abs(xx - left - part_width / 2) < part_width / 2) & (
            abs(yy - top - part_height / 2) < part_height / 2
        )
        return FakeStep(mask, memory=(memory or 0) + 1, score=float(len(items)))

    def example(self, image: FakeImage, items: Sequence[PromptItem]) -> NoReturn:
        raise PromptError(f"{self.name} takes no examples")

    def mask(self, image: FakeImage, step: FakeStep) -> NDArray[np.bool_]:
        return step.mask


def points_of(item: PromptItem) -> list[tuple[float, float, int]]:
    match item:
        case Click():
            return [(item.x, item.y, item.label)]
        case Box():
            return [((item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2, 1)]
        case Scribble():
            return [(x, y, item.label) for x, y in item.points_xy]
        case Polygon():
            return [(x, y, 1) for x, y in item.points_xy]
        case _:
            return []


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[ModelOptions]:
    """Every command gets the fake model; the list holds the options that each load was given."""
    calls: list[ModelOptions] = []

    def load(options: ModelOptions) -> Any:
        calls.append(options)
        return DiskPredictor(options)

    monkeypatch.setattr(ModelOptions, "load", load)
    return calls
