"""Several objects in one run of the decoder: answers are those of a run each, where the wiring says so."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from splitseem_export.runtime import OnnxRuntime
from splitseem_model.decode.query_choice import drawn_queries
from splitseem_model.errors import PromptError
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor, Step
from splitseem_proto import Click, PromptItem, Scribble, TextPrompt

MakeModel = Callable[[str], SegmentationModel]
MakePhoto = Callable[..., NDArray[np.uint8]]

FIRST: list[list[PromptItem]] = [
    [Click(60.5, 30.5)],
    [Click(20.5, 10.5), Click(22.5, 14.5), Click(90.5, 50.5, 0)],
    [Scribble(((5.0, 50.0), (30.0, 55.0)), 1)],
]
SECOND = [[*items, Click(70.5, 20.5, 0)] for items in FIRST]


def assert_same(ours: Sequence[Step], expected: Sequence[Step]) -> None:
    assert len(ours) == len(expected)
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one.mask_logits, other.mask_logits, atol=1e-4)
        assert one.score == pytest.approx(other.score, abs=1e-4)
        assert one.label == other.label


@pytest.mark.parametrize("wiring", ["demo", "v0", "v1"])
def test_first_round_is_that_of_each_alone(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like(wiring))
    image = predictor.encode(photo())
    together = predictor.step_objects(image, FIRST)
    assert_same(together, [predictor.step(image, items) for items in FIRST])


@pytest.mark.parametrize("wiring", ["demo", "v0", "nano"])
def test_second_round_is_that_of_each_alone(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor.load("tiny") if wiring == "nano" else Predictor(official_like(wiring))
    image = predictor.encode(photo())
    first = [predictor.step(image, items).memory for items in FIRST]
    memories = [first[0], None, first[2]]
    together = predictor.step_objects(image, SECOND, memories)
    alone = [predictor.step(image, *pair) for pair in zip(SECOND, memories, strict=True)]
    assert_same(together, alone)


def test_objects_of_a_shared_pass_do_not_see_each_other(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v1"))
    image = predictor.encode(photo())
    memories = [step.memory for step in predictor.step_objects(image, FIRST)]
    before = predictor.step_objects(image, SECOND, memories)
    moved: list[list[PromptItem]] = [SECOND[0], [Click(3.5, 3.5)], SECOND[2]]
    after = predictor.step_objects(image, moved, [memories[0], memories[2], memories[2]])
    assert_same([before[0], before[2]], [after[0], after[2]])
    assert not np.allclose(before[1].mask_logits, after[1].mask_logits, atol=1e-3)


def test_memories_of_a_shared_pass_are_dealt_out(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v1"))
    image = predictor.encode(photo())
    memories = [step.memory for step in predictor.step_objects(image, FIRST)]
    shared = predictor.step_objects(image, SECOND, memories)
    alone = predictor.step(image, SECOND[0], memories[0])
    assert not np.allclose(shared[0].mask_logits, alone.mask_logits, atol=1e-4)
    forgetful = predictor.step_objects(image, SECOND, [None, memories[1], memories[2]])
    expected = predictor.step(image, SECOND[0])
    np.testing.assert_allclose(forgetful[0].mask_logits, expected.mask_logits, atol=1e-4)


def test_more_objects_than_memories_take_several_runs(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v1"))
    image = predictor.encode(photo())
    many: list[list[PromptItem]] = [
        [Click(5.5 + 3 * k, 20.5)] for k in range(predictor.config.decoder.num_memories + 1)
    ]
    together = predictor.step_objects(image, many)
    assert_same(together, [predictor.step(image, items) for items in many])


def test_an_object_with_a_text_gets_a_run_of_its_own(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v1"))
    image = predictor.encode(photo())
    mixed: list[list[PromptItem]] = [FIRST[0], [TextPrompt("a dog")], FIRST[1]]
    assert_same(predictor.step_objects(image, mixed), [predictor.step(image, items) for items in mixed])


def test_no_object_gives_no_step(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    assert predictor.step_objects(predictor.encode(photo()), []) == []


def test_memories_must_be_as_many_as_objects(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    with pytest.raises(ValueError, match="shorter"):
        predictor.step_objects(predictor.encode(photo()), FIRST, [None])


@pytest.mark.parametrize("wiring", ["demo", "v0", "v1"])
def test_onnx_runtime_gives_the_same_answers(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    model = official_like(wiring)
    rounds = []
    for runtime in (None, OnnxRuntime.of_model(model)):
        predictor = Predictor(model, runtime)
        image = predictor.encode(photo())
        first = predictor.step_objects(image, FIRST)
        second = predictor.step_objects(image, SECOND, [step.memory for step in first])
        rounds.append((first, second))
    assert_same(rounds[0][0], rounds[1][0])
    assert_same(rounds[0][1], rounds[1][1])


def test_queries_can_be_chosen_or_drawn(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v1"))
    image = predictor.encode(photo())
    decoder = predictor.config.decoder
    fixed = predictor.with_queries(lambda objects: (0, 1, 2) * objects)
    assert_same(fixed.step_objects(image, FIRST), predictor.step_objects(image, FIRST))
    runs = [
        predictor.with_queries(drawn_queries(decoder, seed)).step_objects(image, FIRST) for seed in (1, 1, 2)
    ]
    assert_same(runs[0], runs[1])
    assert not np.allclose(runs[0][0].mask_logits, runs[2][0].mask_logits, atol=1e-3)
    again = predictor.with_queries(drawn_queries(decoder, 1))
    first, second = (again.step(image, FIRST[0]).mask_logits for _ in range(2))
    assert not np.allclose(first, second, atol=1e-3)


def test_queries_are_no_choice_where_all_answer(official_like: MakeModel) -> None:
    predictor = Predictor(official_like("v0"))
    with pytest.raises(PromptError, match="wiring v0 answers points by all its queries"):
        predictor.with_queries(lambda objects: (0,))


def test_official_resampling_can_be_chosen(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    image = predictor.encode(photo(), roi_xywh=(10, 5, 70, 40))
    step = predictor.step(image, FIRST[0])
    direct, official = predictor.mask(image, step), predictor.mask(image, step, "official")
    logits = interpolate(
        torch.from_numpy(step.mask_logits)[None, None], size=image.geometry.padded_hw, mode="bilinear"
    )
    input_h, input_w = image.geometry.input_hw
    cropped = logits[:, :, :input_h, :input_w]
    expected = interpolate(cropped, size=(40, 70), mode="bicubic", antialias=True)[0, 0] > 0
    assert np.array_equal(official[5:45, 10:80], expected.numpy())
    assert official.sum() == expected.sum()
    assert np.mean(direct == official) > 0.98
