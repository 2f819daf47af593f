"""Weight files: what is saved comes back, and what is not one of ours is refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from splitseem_model.checkpoints.checkpoint import to_upstream_name
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import load_weights, save_weights
from splitseem_model.config import PRESETS, TINY, ModelConfig, preset
from splitseem_model.errors import CheckpointError, UnknownModelError
from splitseem_model.network import SegmentationModel
from splitseem_model.official import FocalNetConfig, FpnConfig

pytestmark = pytest.mark.unit


def test_saved_weights_come_back_in_half_precision(tmp_path: Path) -> None:
    model = load_model("tiny")
    save_weights(model, tmp_path / "tiny.safetensors")
    loaded = load_weights(tmp_path / "tiny.safetensors")
    assert loaded.config == model.config
    assert not loaded.training
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, atol=1e-3, rtol=1e-3)


def test_saving_twice_gives_the_same_fingerprint(tmp_path: Path) -> None:
    save_weights(load_model("tiny"), tmp_path / "a.safetensors")
    once = load_weights(tmp_path / "a.safetensors")
    save_weights(once, tmp_path / "b.safetensors")
    assert load_weights(tmp_path / "b.safetensors").fingerprint() == once.fingerprint()


def test_the_fingerprint_follows_weights_and_configuration() -> None:
    model = load_model("tiny")
    other_canvas = SegmentationModel(replace(TINY, canvas=128))
    other_canvas.load_state_dict(model.state_dict())
    assert len({model.fingerprint(), other_canvas.fingerprint(), SegmentationModel(TINY).fingerprint()}) == 3


@pytest.mark.parametrize("content", [b"", b"not a weight file", b"\x00" * 64])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="broken"):
        load_model(str(path))


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    save_weights(load_model("tiny"), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="cut"):
        load_model(str(path))


def test_a_file_without_configuration_asks_for_a_preset(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "plain.safetensors")
    with pytest.raises(CheckpointError, match="preset"):
        load_model(str(tmp_path / "plain.safetensors"))


@pytest.mark.parametrize("name", PRESETS)
def test_configurations_survive_plain_data(name: str) -> None:
    assert ModelConfig.from_dict(preset(name).to_dict()) == preset(name)


def test_an_unknown_kind_of_backbone_is_named() -> None:
    data = TINY.to_dict()
    data["backbone"] = {"kind": "mlp"}
    with pytest.raises(
        ValueError, match="'mlp'; known: davit, efficientnet-lite, focalnet, residual, samvit"
    ):
        ModelConfig.from_dict(data)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="focalt-v1"):
        load_model(__file__, "focalt-v9")


def test_an_official_file_loads_by_upstream_names_with_its_learned_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    small = ModelConfig(
        "small-v1",
        FocalNetConfig(embed_dim=32, depths=(1, 1, 1, 1)),
        FpnConfig(conv_dim=64, encoder_layers=1, ffn_dim=64),
        replace(preset("focalt-v1").decoder, dim=64, mask_dim=64, class_dim=64, num_layers=3, ffn_dim=64),
    )
    monkeypatch.setitem(PRESETS, "small-v1", small)
    torch.manual_seed(0)
    source = SegmentationModel(small)
    state = {
        to_upstream_name(k): v.contiguous() for k, v in source.state_dict().items() if k != "class_matrix"
    }
    state["sem_seg_head.predictor.lang_encoder.logit_scale"] = torch.tensor(4.0)
    state["criterion.empty_weight"] = torch.ones(134)
    save_file(state, tmp_path / "official.safetensors")
    with caplog.at_level("INFO"):
        model = load_model(str(tmp_path / "official.safetensors"), "small-v1")
    assert model.config.logit_scale == pytest.approx(54.598, abs=1e-3)
    assert "criterion.empty_weight" in caplog.text
    torch.testing.assert_close(model.decoder.prompt_embed[1], source.decoder.prompt_embed[1])

    del state["sem_seg_head.predictor.query_feat.weight"]
    save_file(state, tmp_path / "official.safetensors")
    with pytest.raises(CheckpointError, match="query_feat"):
        load_model(str(tmp_path / "official.safetensors"), "small-v1")


def test_the_preset_nano_has_the_decoder_of_the_bundled_weights() -> None:
    bundled, ours = load_model("nano").config, preset("nano")
    for part in (
        "decoder",
        "pixel_decoder",
        "canvas",
        "canvas_side",
        "codec",
        "sentence_dim",
        "correction",
        "photo",
    ):
        assert getattr(bundled, part) == getattr(ours, part), part
