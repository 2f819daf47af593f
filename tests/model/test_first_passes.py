"""An object's first prompts are asked again, with the decoder's own answer as memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.config import TINY, ModelConfig, SemanticConfig, preset
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import Click

pytestmark = pytest.mark.unit
CLICKS = [Click(30.5, 20.5), Click(70.5, 40.5, 0)]


def photo() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (61, 97, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def once_and_twice() -> tuple[Predictor, Predictor]:
    """The same weights, asked once and twice."""
    torch.manual_seed(3)
    config = replace(TINY, semantic=SemanticConfig(channels=4), sentence_dim=12)
    weights = SegmentationModel(config).eval().state_dict()

    def asked(times: int) -> Predictor:
        decoder = replace(config.decoder, first_passes=times)
        model = SegmentationModel(replace(config, decoder=decoder)).eval()
        model.load_state_dict(weights)
        return Predictor(model)

    return asked(1), asked(2)


def test_the_second_pass_remembers_the_first(once_and_twice: tuple[Predictor, Predictor]) -> None:
    once, twice = once_and_twice
    image, same = once.encode(photo()), twice.encode(photo())
    first = once.step(image, CLICKS)
    second = once.step(image, CLICKS, first.memory)
    answered = twice.step(same, CLICKS)
    assert np.array_equal(answered.mask_logits, second.mask_logits)
    assert not np.array_equal(answered.mask_logits, first.mask_logits)


def test_later_prompts_are_asked_once(once_and_twice: tuple[Predictor, Predictor]) -> None:
    once, twice = once_and_twice
    image, same = once.encode(photo()), twice.encode(photo())
    memory = twice.step(same, CLICKS[:1]).memory
    assert np.array_equal(
        twice.step(same, CLICKS, memory).mask_logits, once.step(image, CLICKS, memory).mask_logits
    )


def test_a_proposal_is_what_a_step_with_its_click_gives(once_and_twice: tuple[Predictor, Predictor]) -> None:
    _, twice = once_and_twice
    image = twice.encode(photo())
    proposals = twice.decoder.everything(image, most=3)
    assert proposals
    for one in proposals:
        assert np.array_equal(one.step.mask_logits, twice.step(image, [one.click]).mask_logits)


def test_models_that_are_asked_once_keep_their_fingerprint() -> None:
    assert "first_passes" not in preset("focalt-v1").to_dict()["decoder"]
    assert ModelConfig.from_dict(preset("nano").to_dict()).decoder.first_passes == 2
