"""Everything in an image, by a whole model with random weights."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_export.runtime import onnx_runtime_of
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.errors import TaskError
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.torch_decoder import decoder_of
from splitseem_proto import Embedding, pack, unpack

MakeModel = Callable[[str], SegmentationModel]
MakePhoto = Callable[..., NDArray[np.uint8]]

MODES = ["panoptic", "semantic", "instance"]


@pytest.mark.parametrize("mode", MODES)
def test_every_wiring_gives_the_same(mode: str, official_like: MakeModel, photo: MakePhoto) -> None:
    found = []
    for wiring in ("v0", "v1", "demo") if mode != "panoptic" else ("v0", "v1"):
        predictor = Predictor(official_like(wiring))
        found.append(predictor.panoptic(predictor.encode(photo()), mode))
    assert found[0].ids.shape == (61, 97)
    assert found[0].ids.dtype == np.int32
    for other in found[1:]:
        assert np.array_equal(other.ids, found[0].ids)
        assert [s.label for s in other.segments] == [s.label for s in found[0].segments]


@pytest.mark.parametrize("wiring", ["demo", "v0", "v1"])
def test_onnx_runtime_gives_the_same(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    model = official_like(wiring)
    found = []
    for runtime in (None, onnx_runtime_of(model)):
        predictor = Predictor(model, runtime)
        found.append(predictor.panoptic(predictor.encode(photo()), "semantic"))
    assert np.mean(found[0].ids == found[1].ids) > 0.999


def test_an_embedding_of_a_servers_encoder_gives_the_same(official_like: MakeModel, photo: MakePhoto) -> None:
    model = official_like("v1")
    encoder = ImageEncoder(model)
    predictor = Predictor(model)
    received = unpack(pack(encoder.encode(photo())))
    assert isinstance(received, Embedding)
    decoder = decoder_of(model, encoder.fingerprint)
    from_wire = decoder.panoptic(decoder.prepare(received), "semantic")
    assert np.array_equal(from_wire.ids, predictor.panoptic(predictor.encode(photo()), "semantic").ids)


def test_outside_the_region_of_interest_there_is_nothing(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    image = predictor.encode(photo(), roi_xywh=(20, 10, 40, 30))
    ids = predictor.panoptic(image, "semantic").ids
    assert (ids[10:40, 20:60] > 0).all()
    ids[10:40, 20:60] = 0
    assert not ids.any()


def test_an_unknown_mode_names_the_known_ones(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    with pytest.raises(TaskError, match="unknown mode 'stuff'; known: panoptic, semantic, instance"):
        predictor.panoptic(predictor.encode(photo()), "stuff")


def test_a_model_that_answers_prompts_only_says_so(photo: MakePhoto) -> None:
    predictor = Predictor.load("tiny")
    with pytest.raises(TaskError, match="tiny answers prompts only: it has neither object queries nor"):
        predictor.panoptic(predictor.encode(photo()))
