"""The decoder of a model that lives on a GPU: what goes in and out is on the CPU, its answers the same."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.torch_decoder import decoder_of
from splitseem_proto import Click, TextPrompt

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]


@pytest.mark.parametrize("wiring", ["demo", "v0", "v1"])
def test_answers_on_a_gpu_are_those_of_the_cpu(
    wiring: str,
    official_like: Callable[[str], SegmentationModel],
    photo: Callable[..., NDArray[np.uint8]],
) -> None:
    here = Predictor(official_like(wiring))
    image = here.encode(photo(), codec="float32")
    model = official_like(wiring)
    ImageEncoder(model, "cuda")  # takes the whole model along
    there = decoder_of(model, here.fingerprint)
    same = there.prepare(image.embedding)
    for items in ([Click(60.5, 30.5)], [TextPrompt("a dog")]):
        expected, step = here.step(image, items), there.step(same, items)
        assert np.mean((step.mask_logits > 0) == (expected.mask_logits > 0)) > 0.99
        assert step.label == expected.label
    assert np.mean(there.panoptic(same, "semantic").ids == here.panoptic(image, "semantic").ids) > 0.99
