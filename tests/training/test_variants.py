"""Parts left out: the masks change, the model they are taken from does not."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.predictor import Predictor
from splitseem_model.registry import load_model
from splitseem_proto import Click
from splitseem_train.variants import WITHOUT

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """The tiny model with a refiner that changes masks, as a trained one does."""
    model = load_model("tiny")
    assert model.refiner is not None
    generator = torch.Generator().manual_seed(0)
    for parameter in model.refiner.parameters():
        parameter.data.normal_(std=0.3, generator=generator)
    return Predictor(model)


def first_mask_logits(predictor: Predictor) -> NDArray[np.float32]:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    clicks = [Click(40.5, 30.5), Click(44.5, 30.5, 0)]  # so near each other that not both are obeyed as it is
    return predictor.step(predictor.encode(pixels), clicks).mask_logits


@pytest.mark.parametrize("part", WITHOUT)
def test_without_a_part_the_mask_is_another(predictor: Predictor, part: str) -> None:
    whole = first_mask_logits(predictor)
    assert not np.array_equal(first_mask_logits(WITHOUT[part](predictor)), whole)
    assert np.array_equal(first_mask_logits(predictor), whole)


def test_without_all_parts_the_decoder_answers(predictor: Predictor) -> None:
    plain = predictor
    for leave_out in WITHOUT.values():
        plain = leave_out(plain)
    assert plain.config.refiner is None
    assert plain.config.correction is None
