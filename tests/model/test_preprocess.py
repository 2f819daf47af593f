"""Image to model input: sizes, normalisation, padding, regions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from splitseem_model.encode.preprocess import preprocess, resize_stroke, resized_hw
from splitseem_model.encode.resize import resize_image
from splitseem_model.errors import ImageInputError

pytestmark = pytest.mark.unit

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "golden_preprocess.npz")


def test_resized_image_equals_upstream_bit_for_bit() -> None:
    image = GOLDEN["original_u8"].transpose(1, 2, 0)
    size_hw = resized_hw(image.shape[:2], 96, "shortest")
    np.testing.assert_array_equal(resize_image(image, size_hw).transpose(2, 0, 1), GOLDEN["resized_u8"])


def test_resized_stroke_equals_upstream() -> None:
    expected = GOLDEN["stroke_resized"]
    np.testing.assert_array_equal(resize_stroke(GOLDEN["stroke_u8"], expected.shape), expected)


@pytest.mark.parametrize(
    ("size_hw", "canvas", "side", "expected_hw"),
    [
        ((60, 83), 96, "shortest", (96, 132)),  # 132.8 is cut off, not rounded
        ((83, 60), 96, "shortest", (132, 96)),
        ((512, 512), 512, "shortest", (512, 512)),
        ((300, 500), 384, "longest", (230, 384)),
        ((500, 300), 384, "longest", (384, 230)),
        ((10, 20), 384, "longest", (192, 384)),
        ((1, 5000), 384, "longest", (1, 384)),
    ],
)
def test_size_rules(size_hw: tuple[int, int], canvas: int, side: str, expected_hw: tuple[int, int]) -> None:
    assert resized_hw(size_hw, canvas, side) == expected_hw  # type: ignore[arg-type]


def test_input_is_normalised_before_it_is_padded() -> None:
    image = np.full((40, 61, 3), 255, dtype=np.uint8)
    x, geometry = preprocess(image, canvas=61, canvas_side="longest")
    assert (geometry.input_hw, geometry.padded_hw) == ((40, 61), (64, 64))
    white = torch.tensor([(255 - 123.675) / 58.395, (255 - 116.28) / 57.12, (255 - 103.53) / 57.375])
    torch.testing.assert_close(x[0, :, 39, 60], white)
    assert not x[:, :, 40:].any()
    assert not x[:, :, :, 61:].any()


def test_region_is_cropped_before_resizing() -> None:
    image = np.zeros((50, 70, 3), dtype=np.uint8)
    image[10:20, 30:60] = 200
    x, geometry = preprocess(image, canvas=32, canvas_side="longest", roi_xywh=(30, 10, 30, 10))
    assert geometry.roi_xywh == (30, 10, 30, 10)
    assert geometry.input_hw == (11, 32)
    assert (x[0, :, :11] == x[0, :, :1, :1]).all()  # nothing of the black surroundings


@pytest.mark.parametrize(
    "roi", [(-1, 0, 5, 5), (0, 0, 0, 5), (0, 0, 71, 5), (60, 0, 11, 5), (0, 46, 5, 5)], ids=str
)
def test_region_outside_the_image_is_refused(roi: tuple[int, int, int, int]) -> None:
    with pytest.raises(ImageInputError, match="not inside the image of 70 x 50"):
        preprocess(np.zeros((50, 70, 3), np.uint8), canvas=32, canvas_side="longest", roi_xywh=roi)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
    ],
    ids=["grey", "alpha", "float", "empty"],
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ImageInputError, match="expected a uint8 image"):
        preprocess(image, canvas=32, canvas_side="longest")
