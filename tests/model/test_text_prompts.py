"""Texts as prompts, with small models that have the rules of the official ones and random weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_export.runtime import onnx_runtime_of
from splitseem_model.config import TINY
from splitseem_model.decode.decoder import StepInputs
from splitseem_model.decode.wiring import WIRINGS, Slots, attention_bias
from splitseem_model.errors import PromptError, TextTowerError
from splitseem_model.layers.arrays import Floats, unit
from splitseem_model.layers.sampling import sample_points
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor, PreparedImage
from splitseem_model.step.options import StepOptions
from splitseem_model.text.minilm import MiniLm
from splitseem_model.text.unicl import UniClTower
from splitseem_proto import Click, PromptItem, TextPrompt

OFFICIAL = ["demo", "v0", "v0-grounding-sees-points", "v1"]
CLICK = Click(60.5, 30.5)

MakeModel = Callable[[str], SegmentationModel]
MakePhoto = Callable[..., NDArray[np.uint8]]


def every_group(
    model: SegmentationModel, image: PreparedImage, wiring_name: str, click: Click | None, *texts: str
) -> dict[str, tuple[Floats, Floats]]:
    """Mask and class embeddings of each query group when all run together, as in the official code."""
    config, wiring = model.config.decoder, WIRINGS[wiring_name]
    assert model.text is not None
    encoded = [text.tokens for text in UniClTower(model.text).encode(texts)]
    tokens = torch.from_numpy(np.concatenate(encoded))[None]
    place = [(click.x, click.y)] if click else [(0.0, 0.0)]
    coords = torch.from_numpy(image.geometry.image_to_input(place)).float()[None]
    labels = torch.tensor([[1 if click else -1]])
    copies = {group: wiring.learned_queries(group, config.num_queries) for group in wiring.queries}
    rows = [Slots(group, len(learned)) for group, learned in copies.items()]
    rows.append(Slots("text", tokens.shape[1]))
    padded_hw = image.geometry.padded_hw
    levels, mask_features = tuple(map(torch.from_numpy, image.levels)), torch.from_numpy(image.mask_features)
    inputs = StepInputs(
        tuple(sample_points(level, coords, padded_hw, config.point_sampling) for level in levels),
        coords,
        labels,
        torch.from_numpy(attention_bias(wiring, rows, [Slots("point", 1, valid=labels.numpy() >= 0)], 1)),
        text_tokens=tokens,
    )
    index = torch.tensor([query for learned in copies.values() for query in learned])
    with torch.inference_mode():
        head = model.decoder.step(model.decoder.prepare(levels, mask_features, index), inputs, index)
    sizes = [len(learned) for learned in copies.values()]
    masks, classes = (
        [part.numpy() for part in torch.split(tensor[0], sizes)]
        for tensor in (head.mask_embed, head.class_embed)
    )
    return dict(zip(copies, zip(masks, classes, strict=True), strict=True))


@pytest.mark.parametrize("wiring", OFFICIAL)
def test_a_text_is_answered_as_by_all_groups_together(
    wiring: str, official_like: MakeModel, photo: MakePhoto
) -> None:
    model = official_like(wiring)
    predictor = Predictor(model)
    image = predictor.encode(photo())
    masks, classes = every_group(model, image, wiring, None, "a dog")[
        "object" if wiring == "demo" else "grounding"
    ]
    sentence = UniClTower(model.text).sentences(["a dog"])[0] if model.text else np.empty(0, np.float32)
    cosines = unit(classes) @ unit(sentence)
    best = int(cosines.argmax())
    step = predictor.step(image, [TextPrompt("a dog")])
    expected = np.einsum("c,chw->hw", masks[best], image.mask_features[0])
    np.testing.assert_allclose(step.mask_logits, expected, atol=1e-4)
    assert step.score == pytest.approx(TINY.logit_scale * float(cosines[best]), abs=1e-4)


@pytest.mark.parametrize(
    ("wiring", "together", "group"),
    [
        ("demo", "demo", "object"),
        ("v0", "v0-spatial-sees-text", "spatial"),
        ("v0-grounding-sees-points", "v0-grounding-sees-points", "grounding"),
        ("v1", "v1-spatial-sees-text", "spatial"),
    ],
)
def test_text_and_click_are_answered_by_the_group_that_sees_both(
    wiring: str, together: str, group: str, official_like: MakeModel, photo: MakePhoto
) -> None:
    model = official_like(wiring)
    predictor = Predictor(model)
    image = predictor.encode(photo())
    masks, _ = every_group(model, image, together, CLICK, "a dog")[group]
    answers = np.einsum("qc,chw->qhw", masks, image.mask_features[0])
    step = predictor.step(image, [TextPrompt("a dog"), CLICK])
    assert min(np.abs(answer - step.mask_logits).max() for answer in answers) < 1e-4
    alone = predictor.step(image, [CLICK])
    assert np.abs(alone.mask_logits - step.mask_logits).max() > 1e-3


@pytest.mark.parametrize("wiring", OFFICIAL)
@pytest.mark.parametrize("items", [[TextPrompt("a dog")], [TextPrompt("a dog"), CLICK], [CLICK]])
def test_onnx_runtime_gives_the_same_answer(
    wiring: str, items: Sequence[PromptItem], official_like: MakeModel, photo: MakePhoto
) -> None:
    model = official_like(wiring)
    steps = []
    for runtime in (None, onnx_runtime_of(model)):
        predictor = Predictor(model, runtime)
        image = predictor.encode(photo())
        first = predictor.step(image, items)
        steps.append(predictor.step(image, [*items, Click(10.5, 50.5, 0)], first.memory))
    np.testing.assert_allclose(steps[0].mask_logits, steps[1].mask_logits, atol=1e-4)


def test_texts_of_one_object_count_for_their_mean(official_like: MakeModel, photo: MakePhoto) -> None:
    model, texts = official_like("v0"), ("a dog", "the red umbrella")
    assert model.text is not None
    predictor = Predictor(model)
    image = predictor.encode(photo())
    _, classes = every_group(model, image, "v0", None, *texts)["grounding"]
    cosines = unit(classes) @ unit(UniClTower(model.text).sentences(texts)).T
    step = predictor.step(image, [TextPrompt(text) for text in texts])
    assert step.score == pytest.approx(TINY.logit_scale * float(cosines.mean(1).max()), abs=1e-4)


def test_a_model_without_text_tower_says_so(photo: MakePhoto) -> None:
    predictor = Predictor.load("tiny")
    image = predictor.encode(photo())
    with pytest.raises(PromptError, match="tiny has no text tower, so it cannot look for 'a dog'"):
        predictor.step(image, [CLICK, TextPrompt("a dog")])
    with pytest.raises(TextTowerError, match="no text tower"):
        predictor.decoder.vocabulary_of(["cat"])


def test_labels_come_from_the_vocabulary_that_was_given(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    official_like: MakeModel,
    photo: MakePhoto,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    predictor = Predictor(official_like("v0"))
    image = predictor.encode(photo())
    names = predictor.decoder.vocabulary_of(["lamp", "boat"])
    renamed = predictor.with_options(StepOptions(vocabulary=names))
    assert renamed.step(image, [CLICK]).label in {"lamp", "boat"}
    assert predictor.step(image, [CLICK]).label in TINY.vocabulary


class FakeEncoder:
    """A sentence vector that follows from the letters."""

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[float(text.count(c)) for c in "aeiout"] for text in texts])


def test_a_model_with_sentence_vectors_takes_texts_too(
    monkeypatch: pytest.MonkeyPatch, photo: MakePhoto
) -> None:
    monkeypatch.setattr(MiniLm, "load", lambda: FakeEncoder())
    torch.manual_seed(5)
    predictor = Predictor(SegmentationModel(replace(TINY, sentence_dim=6)).eval())
    image = predictor.encode(photo())
    dog, umbrella = (predictor.step(image, [TextPrompt(text)]) for text in ("a dog", "the umbrella"))
    assert np.isfinite(dog.mask_logits).all()
    assert not np.array_equal(dog.mask_logits, umbrella.mask_logits)
    clicked = predictor.step(image, [TextPrompt("a dog"), CLICK], dog.memory)
    assert not np.array_equal(clicked.mask_logits, predictor.step(image, [CLICK], dog.memory).mask_logits)
