"""The encoder on a GPU gives the masks of the CPU, at every precision, on both ways."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from splitseem_eval.metrics import iou
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import preset
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.network import EncoderOptions
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]

# Drawn weights have no margins, so rounding turns signs of mask logits near zero. Convolutions of float32 are
# TF32 there, with the 10 bits of float16.
LOWEST_MEDIAN_IOU = {"float32": 0.99, "float16": 0.99, "bfloat16": 0.95}


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    """Focal-T without text encoder, with drawn weights."""
    built = SegmentationModel(replace(preset("focalt-v1"), text=None)).eval()
    fill_with_golden_weights(built)
    return built


def masks(model: SegmentationModel, device: str, options: EncoderOptions) -> list[np.ndarray]:
    """Masks of the learned queries as they start, on a photo of noise."""
    photo = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    embedding = ImageEncoder(model, device, options).encode(photo, codec="float32")
    model.to("cpu")
    image = Predictor(model).decoder.prepare(embedding)
    with torch.inference_mode():
        learned = model.decoder.head(model.decoder.query_feat.weight[None]).mask_embed
        return list(image.masks.logits(learned.numpy())[0] > 0)


@pytest.mark.parametrize("precision", LOWEST_MEDIAN_IOU)
@pytest.mark.parametrize("mask_source", [False, True], ids=["features", "source"])
def test_masks_equal_those_of_the_cpu(model: SegmentationModel, precision: str, mask_source: bool) -> None:
    expected = masks(model, "cpu", EncoderOptions())
    options = EncoderOptions(mask_source=mask_source, precision=precision)  # type: ignore[arg-type]
    ours = masks(model, "cuda", options)
    agreement = [iou(a, b) for a, b in zip(ours, expected, strict=True)]
    assert np.median(agreement) > LOWEST_MEDIAN_IOU[precision]


@pytest.mark.slow
def test_compiled_backbone_gives_the_same_masks(model: SegmentationModel) -> None:
    expected = masks(model, "cuda", EncoderOptions(mask_source=True))
    ours = masks(model, "cuda", EncoderOptions(mask_source=True, compile=True))
    assert np.median([iou(a, b) for a, b in zip(ours, expected, strict=True)]) > LOWEST_MEDIAN_IOU["float32"]
