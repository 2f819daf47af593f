"""The whole path in one process, with random weights: shapes, frames, determinism, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.errors import FingerprintMismatch, ImageInputError, PromptError, UnknownModelError
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import StepOptions
from splitseem_proto import Click, pack, unpack
from splitseem_proto.messages import Embedding

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load("tiny")


def photo(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size_hw", [(61, 97), (97, 61), (64, 64), (1, 1), (1, 300), (300, 2)])
def test_mask_has_the_size_of_the_photo(predictor: Predictor, size_hw: tuple[int, int]) -> None:
    image = predictor.encode(photo(*size_hw))
    step = predictor.step(image, [Click(0.5, 0.5)])
    assert predictor.mask(image, step).shape == size_hw


def test_the_same_prompts_give_the_same_bits(predictor: Predictor) -> None:
    def logits() -> NDArray[np.float32]:
        image = predictor.encode(photo(61, 97))
        first = predictor.step(image, [Click(30.5, 20.5)])
        return predictor.step(image, [Click(30.5, 20.5), Click(3, 3, 0)], first.memory).mask_logits

    assert np.array_equal(logits(), logits())


def test_steps_do_not_change_the_image(predictor: Predictor) -> None:
    image = predictor.encode(photo(61, 97))
    first = predictor.step(image, [Click(30.5, 20.5)])
    predictor.step(image, [Click(80.5, 50.5, 0)], first.memory)
    assert np.array_equal(predictor.step(image, [Click(30.5, 20.5)]).mask_logits, first.mask_logits)


def test_an_embedding_from_the_wire_gives_the_same_mask(predictor: Predictor) -> None:
    image = predictor.encode(photo(61, 97))
    received = unpack(pack(image.embedding))
    assert isinstance(received, Embedding)
    there = predictor.step(predictor.decoder.prepare(received), [Click(30.5, 20.5)])
    assert np.array_equal(there.mask_logits, predictor.step(image, [Click(30.5, 20.5)]).mask_logits)


def test_the_mask_is_empty_outside_the_region_of_interest(predictor: Predictor) -> None:
    image = predictor.encode(photo(80, 90), roi_xywh=(20, 10, 30, 40))
    mask = predictor.mask(image, predictor.step(image, [Click(30.5, 20.5)]))
    assert mask.shape == (80, 90)
    mask[10:50, 20:50] = False
    assert not mask.any()


def test_geometry_is_known_before_encoding(predictor: Predictor) -> None:
    promised = predictor.encoder.geometry_for((80, 90), (20, 10, 30, 40), 128)
    assert predictor.encode(photo(80, 90), roi_xywh=(20, 10, 30, 40), canvas=128).geometry == promised


def test_an_embedding_of_another_model_is_refused(predictor: Predictor) -> None:
    embedding = replace(predictor.encode(photo(40, 40)).embedding, fingerprint="0123456789abcdef")
    with pytest.raises(FingerprintMismatch, match="0123456789abcdef"):
        predictor.decoder.prepare(embedding)


def test_a_region_outside_the_photo_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ImageInputError, match="not inside"):
        predictor.encode(photo(40, 40), roi_xywh=(30, 0, 20, 20))


def test_a_canvas_out_of_range_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ImageInputError, match="canvas"):
        predictor.encode(photo(40, 40), canvas=16)


def test_a_click_outside_the_photo_is_refused(predictor: Predictor) -> None:
    with pytest.raises(PromptError, match="outside"):
        predictor.step(predictor.encode(photo(40, 40)), [Click(40.6, 3)])


@pytest.mark.parametrize(
    ("name", "message"), [("nona", "bundled models are:? .*nano"), ("focalt-v1", "no bundled weights")]
)
def test_an_unknown_model_names_the_known_ones(name: str, message: str) -> None:
    with pytest.raises(UnknownModelError, match=message):
        load_model(name)


def test_without_correction_the_answer_is_that_of_the_decoder() -> None:
    corrected = Predictor.load("tiny")
    plain = corrected.with_options(StepOptions(without=frozenset({"correct"})))
    clicks = [Click(30.5, 20.5), Click(80.5, 50.5, 0)]
    answers = [p.step(p.encode(photo(61, 97)), clicks).mask_logits for p in (corrected, plain)]
    assert not np.array_equal(answers[0], answers[1])
    assert corrected.decoder.config.correction is not None
