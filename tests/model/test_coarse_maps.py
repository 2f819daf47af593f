"""Images of coarser maps: what they hold, and that clicks on them find the same things."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.predictor import Predictor
from splitseem_model.step.answering import STAGES
from splitseem_model.step.coarse_maps import coarse_factor, coarsened, on_coarse_cells
from splitseem_model.step.options import StepOptions
from splitseem_model.step.proposals import cells_of
from splitseem_model.step.torch_runtime import TorchRuntime
from splitseem_proto import Click, ImageGeometry

pytestmark = pytest.mark.unit

COFFEE = Path(__file__).parents[2] / "client" / "public" / "samples" / "coffee.jpg"


def geometry(height: int, width: int) -> ImageGeometry:
    padded = (-(-height // 32) * 32, -(-width // 32) * 32)
    return ImageGeometry.whole_image((height, width), (height, width), padded)


@pytest.mark.parametrize(("side", "factor"), [(320, 1), (321, 2), (640, 2), (641, 4), (1024, 4)])
def test_maps_are_averaged_until_the_longer_side_is_short(side: int, factor: int) -> None:
    assert coarse_factor(geometry(96, side)) == factor


def test_a_click_on_coarser_maps_finds_about_the_same() -> None:
    model = load_model("nano")
    predictor = Predictor(model)
    with Image.open(COFFEE) as photo:
        image = predictor.encode(np.asarray(photo.convert("RGB")), canvas=500)
    runtime = TorchRuntime(model)
    factor = coarse_factor(image.geometry)
    coarse = coarsened(runtime, image, factor)
    assert factor == 2
    assert [level.shape[2] for level in coarse.levels] == [6, 12, 24]
    assert coarse.geometry.padded_hw == (384, 512)
    assert coarse.masks.size_hw == (48, 64)
    assert coarsened(runtime, image, 1) is image
    decoder = predictor.decoder.with_options(StepOptions(without=frozenset(STAGES)))
    rough, fine = (decoder.step(one, [Click(258.5, 116.5)]) for one in (coarse, image))
    small = cells_of(rough, on_coarse_cells(image.geometry, factor)).reshape(42, 63)
    large = cells_of(fine, image.geometry).reshape(84, 125)
    same = small[np.arange(84) // 2][:, np.arange(125) // 2]
    assert (same * large).sum() > 0.7 * np.maximum(same, large).sum()
