"""A known mask as a prompt: places and memory."""

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.metrics import iou
from splitseem_model.errors import PromptError
from splitseem_model.mask.postprocess import mask_of_image
from splitseem_model.predictor import Predictor
from splitseem_model.prompt.painted_mask import SURE_LOGIT, mask_prompt
from splitseem_model.prompt.shapes import REGION_POINTS
from splitseem_proto import ImageGeometry

pytestmark = pytest.mark.unit

WHOLE = ImageGeometry.whole_image((90, 131), (176, 256), (192, 256))


def disk(x: float, y: float, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:90, :131] + 0.5
    inside: NDArray[np.bool_] = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return inside


def test_memory_is_the_mask() -> None:
    memory = mask_prompt(disk(60, 40, 20), WHOLE).memory
    assert memory.mask_logits.shape == (48, 64)
    assert np.abs(memory.mask_logits).max() == pytest.approx(SURE_LOGIT)
    assert iou(mask_of_image(memory.mask_logits, WHOLE), disk(60, 40, 20)) > 0.96
    assert (memory.mask_logits[44:] < 0).all(), "padding is not the object"


def test_places_lie_all_over_the_mask() -> None:
    clicks = mask_prompt(disk(60, 40, 20), WHOLE).clicks
    assert len(clicks) == REGION_POINTS
    places = np.array([(click.x, click.y) for click in clicks])
    assert disk(60, 40, 20)[(places[:, 1]).astype(int), places[:, 0].astype(int)].all()
    assert np.ptp(places, axis=0).min() > 28


def test_only_the_region_of_interest_counts() -> None:
    geometry = ImageGeometry((90, 131), (60, 30, 40, 40), (128, 128), (128, 128))
    clicks = mask_prompt(disk(60, 40, 20), geometry).clicks
    assert min(click.x for click in clicks) >= 60
    with pytest.raises(PromptError, match="empty in the encoded part"):
        mask_prompt(disk(20, 20, 8), geometry)


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(PromptError, match=r"the mask is \[131, 90\], the image \[90, 131\] pixels"):
        mask_prompt(disk(60, 40, 20).T, WHOLE)


def test_nano_gives_a_mask_back() -> None:
    predictor = Predictor.load("nano")
    truth = disk(60, 40, 24)
    photo = np.where(truth[..., None], [220, 60, 40], [30, 90, 160]).astype(np.uint8)
    image = predictor.encode(photo)
    prompt = mask_prompt(truth, image.geometry)
    step = predictor.step(image, prompt.clicks, prompt.memory)
    assert iou(predictor.mask(image, step), truth) > 0.9
