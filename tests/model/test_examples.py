"""A region of an image as a prompt, and what was said of an object."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_export.runtime import onnx_runtime_of
from splitseem_model.config import TINY
from splitseem_model.errors import FingerprintMismatch, PromptError
from splitseem_model.layers.sampling import sample_points
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import Box, Click, PromptItem, Scribble, TextPrompt

MakeModel = Callable[[str], SegmentationModel]
MakePhoto = Callable[..., NDArray[np.uint8]]

OFFICIAL = ["demo", "v0", "v1"]
STROKE = Scribble(((20.0, 20.0), (60.0, 30.0)), 1)
CLICK = Click(60.5, 30.5)


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_an_example_on_the_same_image_is_a_stroke(
    wiring: str, official_like: MakeModel, photo: MakePhoto
) -> None:
    """Tokens and pooled features are those of the stroke, in whichever group of columns they stand."""
    predictor = Predictor(official_like(wiring))
    image = predictor.encode(photo())
    drawn = predictor.step(image, [STROKE])
    shown = predictor.step(image, [], example=predictor.example(image, [STROKE]))
    np.testing.assert_allclose(shown.mask_logits, drawn.mask_logits, atol=1e-4)
    assert shown.score == pytest.approx(drawn.score, abs=1e-4)


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_an_example_needs_nothing_of_its_image_but_the_region(
    wiring: str, official_like: MakeModel, photo: MakePhoto
) -> None:
    predictor = Predictor(official_like(wiring))
    shown, image = predictor.encode(photo(1)), predictor.encode(photo())
    marked: list[list[PromptItem]] = [[STROKE], [STROKE, Click(3.5, 3.5, 0)], [CLICK]]
    steps = [predictor.step(image, [], example=predictor.example(shown, items)) for items in marked]
    assert np.array_equal(steps[0].mask_logits, steps[1].mask_logits)
    assert not np.allclose(steps[0].mask_logits, steps[2].mask_logits, atol=1e-3)


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_points_choose_before_the_example(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like(wiring))
    shown, image = predictor.encode(photo(1)), predictor.encode(photo())
    step = predictor.step(image, [CLICK], example=predictor.example(shown, [STROKE]))
    place = torch.from_numpy(image.geometry.image_to_input([(CLICK.x, CLICK.y)])).float()
    logits = torch.from_numpy(step.mask_logits)[None, None]
    at_click = sample_points(logits, place[None], image.geometry.padded_hw, "corner")
    assert step.score == pytest.approx(float(at_click), abs=1e-4)
    assert not np.allclose(step.mask_logits, predictor.step(image, [CLICK]).mask_logits, atol=1e-3)


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_onnx_runtime_gives_the_same_answer(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    model = official_like(wiring)
    answers = []
    for runtime in (None, onnx_runtime_of(model)):
        predictor = Predictor(model, runtime)
        shown, image = predictor.encode(photo(1)), predictor.encode(photo())
        step = predictor.step(
            image, [TextPrompt("a dog")], example=predictor.example(shown, [STROKE]), transcript="the cat"
        )
        answers.append(step.mask_logits)
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_a_transcript_alone_is_a_text(wiring: str, official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like(wiring))
    image = predictor.encode(photo())
    said = predictor.step(image, [], transcript="the left dog")
    written = predictor.step(image, [TextPrompt("the left dog")])
    np.testing.assert_allclose(said.mask_logits, written.mask_logits, atol=1e-4)
    assert said.score == pytest.approx(written.score, abs=1e-4)


def test_a_transcript_stands_apart_from_texts_in_the_demo(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("demo"))
    image = predictor.encode(photo())
    apart = predictor.step(image, [TextPrompt("a dog")], transcript="the umbrella")
    among = predictor.step(image, [TextPrompt("a dog"), TextPrompt("the umbrella")])
    assert not np.allclose(apart.mask_logits, among.mask_logits, atol=1e-4)
    cosine = apart.score / predictor.decoder.config.logit_scale
    assert -1 <= cosine <= 1


def test_an_example_of_another_model_is_refused(official_like: MakeModel, photo: MakePhoto) -> None:
    v0, demo = (Predictor(official_like(wiring)) for wiring in ("v0", "demo"))
    example = demo.example(demo.encode(photo()), [CLICK])
    with pytest.raises(FingerprintMismatch, match=f"{demo.fingerprint}.*make it again"):
        v0.step(v0.encode(photo()), [], example=example)


@pytest.mark.parametrize("items", [[Click(5, 5, 0)], [TextPrompt("a dog")]], ids=["negative", "text"])
def test_an_example_without_a_place_is_refused(
    items: list[Click | TextPrompt], official_like: MakeModel, photo: MakePhoto
) -> None:
    predictor = Predictor(official_like("v0"))
    with pytest.raises(PromptError, match="needs a place on the object"):
        predictor.example(predictor.encode(photo()), items)


def test_a_step_without_any_prompt_is_refused(official_like: MakeModel, photo: MakePhoto) -> None:
    predictor = Predictor(official_like("v0"))
    with pytest.raises(PromptError, match="give at least one"):
        predictor.step(predictor.encode(photo()), [])


def test_the_class_of_interactive_masks_is_known_in_every_wiring(
    official_like: MakeModel, photo: MakePhoto
) -> None:
    for wiring in OFFICIAL:
        predictor = Predictor(official_like(wiring))
        image = predictor.encode(photo())
        step = predictor.step(image, [], example=predictor.example(image, [Box(5, 5, 30, 30), CLICK]))
        assert step.label in TINY.vocabulary


def disc_at(x: int, y: int) -> NDArray[np.uint8]:
    """A dark red disc of radius 40 on a light ground with a soft gradient, 240 x 320."""
    rows, columns = np.mgrid[:240, :320]
    ground = np.stack([200 + columns / 16, 205 + rows / 16, np.full_like(rows, 190)], axis=-1)
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= 40**2
    return np.where(inside[..., None], (150, 30, 40), ground).astype(np.uint8)


def test_nano_looks_for_an_example_by_its_meaning_as_for_a_word() -> None:
    """The photo of the example may be another; what is found is what a click there gives."""
    predictor = Predictor.load("nano")
    shown, image = predictor.encode(disc_at(80, 90)), predictor.encode(disc_at(230, 150))
    region = predictor.example(shown, [Click(80.5, 90.5)])
    assert region.meaning is not None
    meant = predictor.step(shown, [Click(80.5, 90.5)]).class_embed
    assert meant is not None
    np.testing.assert_allclose(region.meaning, meant, atol=1e-5)
    found = predictor.mask(image, predictor.step(image, [], example=region))
    inside = np.hypot(*np.mgrid[-150:90, -230:90]) <= 40
    assert (found & inside).sum() / (found | inside).sum() > 0.8
