"""The semantic map: masks get their names from what lies under them, and words find their place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import load_weights, save_weights
from splitseem_model.config import NANO, TINY, SemanticConfig
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.meaning import SEMANTIC, meaning_of
from splitseem_model.errors import PromptError
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.finding import fit_of, peaks_of
from splitseem_model.step.options import StepOptions
from splitseem_model.text.towers import SentenceTower
from splitseem_proto import Click, TextPrompt

pytestmark = pytest.mark.unit
CONFIG = replace(TINY, semantic=SemanticConfig(channels=4), sentence_dim=4)
PIXELS = np.random.default_rng(0).integers(0, 256, (80, 96, 3), dtype=np.uint8)


class Axes:
    """Instead of the sentence encoder: the text "n" is the n-th axis."""

    def encode(self, texts: tuple[str, ...]) -> torch.Tensor:
        return torch.eye(4)[[int(text) for text in texts]]


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """Channels of the map are axes of the sentence space, and the first three of them its names."""
    monkeypatch.setattr(SentenceTower, "_encoder", Axes())
    torch.manual_seed(0)
    model = SegmentationModel(CONFIG).eval()
    assert model.semantic is not None
    with torch.no_grad():
        model.semantic.to_sentence.weight.copy_(torch.eye(4))
        model.semantic.to_sentence.bias.zero_()
        model.semantic.names.copy_(torch.eye(3, 4))
    return Predictor(model)


def test_the_meaning_of_a_mask_is_the_mean_of_the_cells_under_it() -> None:
    cells = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    logits = np.full((8, 12), -1, np.float32)
    logits[:4, :4] = 1.0
    logits[:4, 4:6] = 1.0  # half of the second cell
    half = (cells[0, :, 0, 0] + cells[0, :, 0, 1] / 2) / 1.5
    np.testing.assert_allclose(meaning_of(cells, logits), half, rtol=1e-6)
    np.testing.assert_allclose(meaning_of(cells, -abs(logits)), cells[0].mean((1, 2)), rtol=1e-6)


def test_a_label_is_what_lies_under_the_mask(predictor: Predictor) -> None:
    image = predictor.encode(PIXELS)
    assert image.semantic is not None
    for channel, name in enumerate(CONFIG.vocabulary):
        cells = np.zeros_like(image.semantic)
        cells[:, channel] = 5.0
        step = predictor.step(replace(image, semantic=cells), [Click(40.5, 30.5)])
        assert step.label == name
        assert step.label_score == pytest.approx(1 / (1 + 2 * np.exp(-CONFIG.logit_scale)), abs=1e-6)
        names = predictor.decoder.vocabulary_of(["3", "2", "1", "0"])
        renamed = predictor.with_options(StepOptions(vocabulary=names))
        assert renamed.step(replace(image, semantic=cells), [Click(40.5, 30.5)]).label == str(channel)


def test_a_word_alone_finds_the_place_that_fits(predictor: Predictor) -> None:
    image = predictor.encode(PIXELS)
    assert image.semantic is not None
    for row, column in ((0, 5), (4, 0), (2, 3)):
        cells = np.zeros_like(image.semantic)
        cells[:, 1] = 1.0
        cells[:, :, row, column] = [0.0, 0.0, 1.0, 0.0]
        shown = replace(image, semantic=cells)
        steps = [one.step for one in predictor.decoder.find(shown, "2")]
        masks = [predictor.mask(shown, step) for step in steps]
        assert any(mask[row * 16 + 8, column * 16 + 8] for mask in masks)
        asked = predictor.step(shown, [TextPrompt("2")])
        np.testing.assert_array_equal(asked.mask_logits, steps[0].mask_logits)


def test_found_masks_come_in_the_order_of_their_fit() -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[:2, :2] = 1.0
    exact, whole, elsewhere = (np.full((16, 16), -1.0, np.float32) for _ in range(3))
    exact[:8, :8] = 1.0
    whole[:] = 1.0
    elsewhere[8:, 8:] = 1.0
    assert fit_of(exact, heat) == 1.0
    assert fit_of(whole, heat) == pytest.approx(0.25)
    assert fit_of(elsewhere, heat) == 0.0


def test_peaks_are_inside_the_photo(predictor: Predictor) -> None:
    geometry = predictor.encode(PIXELS[:66]).geometry  # 66 of 96 rows: the fifth row of cells has two pixels
    fit = np.full((6, 6), -1, np.float32)
    fit[:5] = 0.0
    fit[4, 5], fit[0, 0] = 0.9, 0.5
    first, second = peaks_of(fit, geometry, most=2)
    assert first.tolist() == [88.0, 65.5]
    assert second.tolist() == [8.0, 8.0]
    assert len(peaks_of(np.zeros((6, 6), np.float32), geometry)) == 12


def test_a_model_without_the_map_says_so() -> None:
    predictor = Predictor(load_model("tiny"))
    with pytest.raises(PromptError, match="tiny has no semantic map"):
        predictor.decoder.find(predictor.encode(PIXELS), "cat")


def test_the_map_travels_small() -> None:
    config = replace(NANO, semantic=SemanticConfig(), vocabulary=("cat",))
    encoder = ImageEncoder(SegmentationModel(config).eval())
    embedding = encoder.encode(np.zeros((512, 512, 3), np.uint8), canvas=512)
    cells = embedding.tensor(SEMANTIC).array
    assert cells.shape == (1, SemanticConfig().channels, 32, 32)
    assert 25_000 < cells.nbytes < 100_000


def test_weights_with_the_map_are_saved_and_others_keep_their_fingerprint(tmp_path: Path) -> None:
    model = SegmentationModel(CONFIG)
    save_weights(model, tmp_path / "with.safetensors")
    assert load_weights(tmp_path / "with.safetensors").config == CONFIG
    assert "semantic" not in TINY.to_dict()
