"""`cvat-cli` loads our functions, and its programs take what they find."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cvat_sdk.auto_annotation as cvataa
import cvat_sdk.models as models
import numpy as np
import pytest
from cvat_cli._internal.common import FunctionLoader
from cvat_sdk.auto_annotation import driver
from cvat_sdk.masks import decode_mask
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tests.other_tools.conftest import HEIGHT, WIDTH

pytestmark = pytest.mark.filterwarnings("ignore")
Mask = NDArray[np.bool_]
NEARLY = 0.999
"""IoU with what `splitseem segment` gives: the decoder's graphs have weights of 8 bits."""


@pytest.fixture
def load(url: str, key: tuple[str, Path]) -> Iterator[Callable[..., Any]]:
    """What `--function-module` and `-p` name."""
    loaded: list[Any] = []

    def one(module: str, **more: str) -> Any:
        given = {"server": url, "api_key": key[0], **more}
        loaded.append(FunctionLoader(f"splitseem_cvat.{module}", None, given).load())
        return loaded[-1]

    yield one
    for function in loaded:
        function._client.close()


def read(shape: Any) -> Mask:
    mask = decode_mask(shape.points, image_width=WIDTH, image_height=HEIGHT)
    return np.asarray(mask, dtype=np.bool_)


def iou(mask: Mask, other: Mask) -> float:
    return float((mask & other).sum() / (mask | other).sum())


def context(**given: Any) -> Any:
    return driver._DetectionFunctionContextImpl(frame_name="photo.png", **given)


def test_prompts_give_the_masks_of_segment(
    load: Callable[..., Any], pixels: NDArray[np.uint8], segmented: Callable[..., Mask]
) -> None:
    function = load("interaction")
    assert isinstance(function.spec, cvataa.InteractionFunctionSpec)
    image = function.preprocess_image(None, Image.fromarray(pixels))

    def ask(on: Any = (), off: Any = (), box: Any = None) -> list[Any]:
        prompts = SimpleNamespace(pos_points=on, neg_points=off, bounding_box=box)
        return list(function.detect(None, image, prompts))

    (clicked,) = ask([(110.5, 90.5)], [(200.0, 150.0)])
    (boxed,) = ask(box=((235.0, 145.0), (365.0, 275.0)))
    assert ask() == []
    assert iou(read(clicked), segmented("--point", "110.5,90.5", "--negative", "200,150")) > NEARLY
    assert iou(read(boxed), segmented("--box", "235,145,365,275")) > NEARLY


@pytest.mark.parametrize("as_polygons", [False, True])
def test_words_give_shapes_that_the_driver_takes(
    load: Callable[..., Any], pixels: NDArray[np.uint8], as_polygons: bool
) -> None:
    function = load("detection", words="ball, orange")
    found = function.detect(
        context(conf_threshold=0.0, conv_mask_to_poly=as_polygons), Image.fromarray(pixels)
    )
    assert found
    labels = [
        models.Label(name=name, id=7 + at, type="any", attributes=[], sublabels=[])
        for at, name in enumerate(("orange", "ball"))
    ]
    mapper = driver._AnnotationMapper(
        logging.getLogger(),
        function.spec.labels,
        labels,
        allow_unmatched_labels=False,
        conv_mask_to_poly=as_polygons,
    )
    tags, shapes = mapper.validate_and_remap(list(found), 0)
    assert (tags, len(shapes)) == ([], len(found))
    if as_polygons:
        return
    sure = function.detect(context(conf_threshold=1.1), Image.fromarray(pixels))
    assert (sure, all(read(shape).any() for shape in shapes)) == ([], True)


def test_polygons_are_the_outlines_of_masks() -> None:
    from splitseem_cvat.shapes import outlines_of

    mask = np.zeros((40, 50), np.bool_)
    mask[5:20, 5:20], mask[10:12, 10:12], mask[30:35, 30:45] = True, False, True
    drawn = Image.new("1", (50, 40))
    for points in outlines_of(mask):
        # Pillow fills to the corner pixel, CVAT to the corner.
        xs, ys = points[::2], points[1::2]
        ImageDraw.Draw(drawn).rectangle([min(xs), min(ys), max(xs) - 1, max(ys) - 1], fill=1)
    mask[10:12, 10:12] = True
    np.testing.assert_array_equal(np.asarray(drawn), mask)
