"""Example regions, transcripts, everything at once and two objects at once, held to numbers of the official
code."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import DecoderConfig, ModelConfig, preset
from splitseem_model.decode.decoder import PromptDecoder
from splitseem_model.encode.backbones.focalnet import FocalNet
from splitseem_model.encode.mask_features import MaskFeatures
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.preprocess import normalise, pad_to_multiple
from splitseem_model.network import SegmentationModel
from splitseem_model.prompt.prompts import PromptPoints, no_points, prompt_points
from splitseem_model.prompt.strokes import clicks_of_stroke
from splitseem_model.step.answering import Answering, answer
from splitseem_model.step.asking import ObjectPrompt, ask
from splitseem_model.step.example import example_region
from splitseem_model.step.prepared_image import PreparedImage
from splitseem_model.step.torch_runtime import TorchRuntime
from splitseem_model.text.tower import TextEncoding
from splitseem_parity.comparison import Comparison
from splitseem_parity.decoder_cases import CONFIG, step_inputs
from splitseem_parity.decoder_prompts import DecoderCase, Features
from splitseem_parity.decoder_results import Results
from splitseem_proto import Embedding, ImageGeometry, encode_tensor

DATA = Path(__file__).parents[1] / "data"
CASES = np.load(DATA / "golden_prompts.npz")

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def encoder() -> tuple[FocalNet, FPN]:
    """In float64, so that attention masks, which are sign tests, do not depend on the machine."""
    backbone, pixel_decoder = FocalNet().eval(), FPN().eval()
    fill_with_golden_weights(backbone, prefix="backbone.")
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.")
    return backbone.double(), pixel_decoder.double()


@pytest.fixture(scope="module")
def decoder() -> PromptDecoder:
    decoder = PromptDecoder(DecoderConfig("demo")).eval()
    fill_with_golden_weights(decoder, prefix="decoder.")
    return decoder


def prepare(image: Image, encoder: tuple[FocalNet, FPN], runtime: TorchRuntime) -> PreparedImage:
    """The stored image, channel first, is at network resolution already."""
    pixels = pad_to_multiple(normalise(image.transpose(1, 2, 0)), 32).double()
    with torch.inference_mode():
        mask_features, levels = encoder[1](*encoder[0](pixels))
    size_hw = (image.shape[1], image.shape[2])
    geometry = ImageGeometry.whole_image(size_hw, size_hw, (pixels.shape[2], pixels.shape[3]))
    maps = {f"level{i}": level.float().numpy() for i, level in enumerate(levels)}
    maps["mask_features"] = mask_features.float().numpy()
    tensors = tuple(encode_tensor(name, x, "float32") for name, x in maps.items())
    embedding = Embedding(1, "0" * 16, "", geometry, "float32", tensors)
    masks, rest = MaskFeatures(maps.pop("mask_features")), tuple(maps.values())
    return PreparedImage(geometry, embedding, masks, rest, runtime.prepare(rest, masks), None)


def runtime_of(decoder: PromptDecoder, name: str) -> tuple[ModelConfig, TorchRuntime]:
    config = preset(name)
    model = SimpleNamespace(decoder=decoder, refiner=None, config=config)
    return config, TorchRuntime(cast(SegmentationModel, model))


def points_of(case: str, image: PreparedImage, kind: str = "") -> PromptPoints:
    """Stored prompt masks as points, the positive ones first."""
    clicks = [
        click
        for label, name in ((1, f"{case}.in_{kind}pos_mask"), (0, f"{case}.in_{kind}neg_mask"))
        if name in CASES
        for click in clicks_of_stroke(CASES[name][0, 0], label)
    ]
    return prompt_points(clicks, image.geometry) if clicks else no_points()


def text_of(case: str, kind: str, sentence: str) -> tuple[TextEncoding, ...]:
    if f"{case}.in_{kind}_tokens" not in CASES:
        return ()
    tokens = CASES[f"{case}.in_{kind}_tokens"][:, 0]
    return (TextEncoding(tokens, CASES[f"{case}.in_{sentence}_class_emb"][0]),)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "selected"),
    [("demo_refimg", "visual"), ("v0_refimg", "spatial"), ("demo_all", "stroke")],
)
def test_answer_is_that_of_the_official_code(
    case: str, selected: str, encoder: tuple[FocalNet, FPN], decoder: PromptDecoder
) -> None:
    config, runtime = runtime_of(decoder, f"focalt-{case.partition('_')[0]}")
    target = prepare(np.load(DATA / "golden_encoder.npz")["image_u8"], encoder, runtime)
    shown = prepare(CASES["ref_image_u8"], encoder, runtime)
    prompt = ObjectPrompt(
        points_of(case, target),
        text_of(case, "grounding", "text"),
        text_of(case, "audio", "audio"),
        example_region(config.decoder, shown, points_of(case, shown, "ref_")),
    )
    candidates = ask(config.decoder, runtime, target, prompt)
    step = answer(Answering(config, runtime, target, candidates, prompt.sentences))
    name = "out_prev_mask" if case.startswith("v0") else "out_sel_mask_low"
    np.testing.assert_allclose(step.mask_logits, CASES[f"{case}.{name}"][0, 0], atol=2e-3)
    best = int(CASES[f"{case}.out_sel_{selected}"][0])
    chosen = np.einsum("c,chw->hw", candidates.head.mask_embed[0, best], target.mask_features[0])
    np.testing.assert_allclose(step.mask_logits, chosen, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["v1_two", "v1_two_round2"])
def test_two_objects_in_a_pass_are_answered_as_by_the_official_code(
    case: str, encoder: tuple[FocalNet, FPN], decoder: PromptDecoder
) -> None:
    target = prepare(
        np.load(DATA / "golden_encoder.npz")["image_u8"], encoder, runtime_of(decoder, "focalt-v1")[1]
    )
    arrays = {key.removeprefix(f"{case}."): CASES[key] for key in CASES if key.startswith(f"{case}.")}
    entry = {
        "variant": "v1",
        "task": "spatial",
        "batch": 1,
        "cross_groups": ["queries_spatial"],
        "image_size": arrays["out_mask_up"].shape[-2:],
    }
    features = Features(tuple(map(torch.from_numpy, target.levels)), torch.from_numpy(target.mask_features))
    parts = DecoderCase(entry, arrays, features, None, CONFIG.num_queries)
    with torch.inference_mode():
        prepared = decoder.prepare(features.levels, features.mask_features, parts.query_index)
        head = decoder.step(prepared, step_inputs(parts), parts.query_index)
        comparison = Comparison(arrays)
        Results(parts, CONFIG, head, torch.eye(512), 0.0).check(comparison)
    assert comparison.within_tolerance(), (comparison.unchecked(), comparison.worst())
