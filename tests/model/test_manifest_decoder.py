"""A decoder that is opened of a manifest answers as the model does, in every wiring."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem.local_decoder import KnownTexts, open_decoder
from splitseem_export.graphs import trace_general_graphs, trace_graphs
from splitseem_export.manifest import VerifiedGraphs, make_manifest
from splitseem_model.image_decoder import ImageDecoder
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor, PreparedImage, Step
from splitseem_model.text.unicl import UniClTower
from splitseem_proto import Box, Click, Polygon, PromptItem, TextPrompt

CLICK = Click(60.5, 30.5)
ROUNDS: list[list[PromptItem]] = [
    [CLICK],
    [Box(10, 10, 70, 50), Click(80.5, 50.5, 0)],
    [Polygon(((10, 10), (70, 10), (40, 50)))],
    [TextPrompt("a dog")],
    [TextPrompt("a dog"), CLICK],
]


def opened(model: SegmentationModel, folder: Path) -> ImageDecoder:
    """Of the manifest and the files of an export, which is not verified here."""
    click, general = trace_graphs(model.decoder), trace_general_graphs(model.decoder)
    graphs = {
        "prepare": (click.prepare, click.prepare_spec),
        "step": (click.step, click.step_spec),
        "general_prepare": (general.prepare, general.prepare_spec),
        "general_step": (general.step, general.step_spec),
    }
    manifest = make_manifest(model, [VerifiedGraphs("cases", graphs, [])], folder, {"wasm": "float32"})
    entries = {**manifest["graphs"], "vocabulary": manifest["vocabulary"]}
    files = {name: (folder / entry["file"]).read_bytes() for name, entry in entries.items()}
    assert model.text is not None
    (encoding,) = UniClTower(model.text).encode(["a dog"])
    return open_decoder(manifest, files, lambda: files, KnownTexts({"a dog": encoding}))


@pytest.mark.parametrize("wiring", ["demo", "v0-grounding-sees-points", "v1"])
def test_answers_are_those_of_the_model(
    wiring: str,
    official_like: Callable[[str], SegmentationModel],
    photo: Callable[..., NDArray[np.uint8]],
    tmp_path: Path,
) -> None:
    model = official_like(wiring)
    predictor, decoder = Predictor(model), opened(model, tmp_path)
    embedding = predictor.encoder.encode(photo(), maps="features")
    here, there = decoder.prepare(embedding), predictor.decoder.prepare(embedding)
    for items in ROUNDS:
        ours, expected = answer(decoder, here, items), answer(predictor.decoder, there, items)
        np.testing.assert_allclose(ours.mask_logits, expected.mask_logits, atol=1e-4)
        assert ours.label == expected.label
        assert ours.score == pytest.approx(expected.score, abs=1e-4)


def answer(decoder: ImageDecoder, image: PreparedImage, items: Sequence[PromptItem]) -> Step:
    """After a round with the items, and one more click."""
    memory = decoder.step(image, items).memory
    return decoder.step(image, [*items, Click(10.5, 50.5, 0)], memory)
