"""Official checkpoint files: what is loaded, refused, warned of and converted."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from splitseem_cli.convert import command
from splitseem_model.checkpoints import registry
from splitseem_model.checkpoints.checkpoint import to_upstream_name
from splitseem_model.checkpoints.hub import sha256_of
from splitseem_model.checkpoints.known import KNOWN, KnownCheckpoint
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.config import PRESETS, DecoderConfig, ModelConfig, preset
from splitseem_model.errors import CheckpointError, FetchError, UnknownModelError
from splitseem_model.network import SegmentationModel
from splitseem_model.official import FocalNetConfig, FpnConfig

pytestmark = pytest.mark.unit

DECODER = DecoderConfig("v1", dim=64, mask_dim=64, class_dim=64, num_layers=3, ffn_dim=64, num_queries=5)
V1 = ModelConfig(
    "focalt-v1",
    FocalNetConfig(embed_dim=32, depths=(1, 1, 1, 1)),
    FpnConfig(conv_dim=64, encoder_layers=1, ffn_dim=64),
    DECODER,
)
SMALL = (
    V1,
    replace(V1, name="focalt-v0", decoder=replace(DECODER, wiring="v0")),
    replace(V1, name="focalt-demo", decoder=replace(DECODER, wiring="demo")),
    replace(V1, name="focall-v1", decoder=replace(DECODER, num_queries=6)),
)


@pytest.fixture(autouse=True)
def small_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The official presets, small."""
    for name in [name for name in PRESETS if name not in ("nano", "tiny")]:
        monkeypatch.delitem(PRESETS, name)
    for config in SMALL:
        monkeypatch.setitem(PRESETS, config.name, config)


@pytest.fixture
def state() -> dict[str, Tensor]:
    """What an official file holds."""
    torch.manual_seed(0)
    parameters = SegmentationModel(preset("focalt-v1")).state_dict()
    del parameters["class_matrix"]
    named = {to_upstream_name(name): value.contiguous() for name, value in parameters.items()}
    return {**named, "dilation_kernel": torch.ones(1, 1, 3, 3), "criterion.empty_weight": torch.ones(134)}


def saved(state: dict[str, Tensor], path: Path) -> Path:
    torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_file_loads_with_its_preset(
    tmp_path: Path, state: dict[str, Tensor], suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"mine{suffix}"
    (saved if suffix == ".pt" else save_file)(state, path)
    with caplog.at_level("INFO"):
        model = load_model(str(path), "focalt-v1")
    expected = state["sem_seg_head.predictor.query_feat.weight"]
    assert torch.equal(model.decoder.query_feat.weight, expected)
    assert not model.training
    assert "ignored 2 tensors that focalt-v1 has no place for: criterion.empty_weight" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_tensors_that_no_official_file_has_are_listed_in_a_warning(
    tmp_path: Path, state: dict[str, Tensor], caplog: pytest.LogCaptureFixture
) -> None:
    load_model(str(saved({**state, "ema.step": torch.ones(1)}, tmp_path / "mine.pt")), "focalt-v1")
    assert "ema.step" in caplog.text


def test_missing_and_misshapen_parameters_are_named(tmp_path: Path, state: dict[str, Tensor]) -> None:
    del state["sem_seg_head.predictor.decoder_norm.bias"]
    state["backbone.norm2.weight"] = torch.ones(7)
    with pytest.raises(CheckpointError) as caught:
        load_model(str(saved(state, tmp_path / "mine.pt")), "focalt-v1")
    assert "mine.pt as focalt-v1" in str(caught.value)
    assert "missing: decoder.decoder_norm.bias" in str(caught.value)
    assert "backbone.norms.2.weight is [7], expected [128]" in str(caught.value)
    assert "it fits no official preset" in str(caught.value)


def test_another_architecture_is_refused_with_the_presets_that_fit(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    with pytest.raises(CheckpointError, match="it fits focalt-v1, focalt-v0, focalt-demo"):
        load_model(str(saved(state, tmp_path / "mine.pt")), "focall-v1")


def test_file_without_preset_asks_for_one_that_fits(tmp_path: Path, state: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"does not say which wiring.*--preset; it fits focalt-v1"):
        load_model(str(saved(state, tmp_path / "mine.pt")))


@pytest.mark.parametrize(
    ("stem", "preset_name", "warning"),
    [
        ("seem_focalt_v0", "focalt-v1", "by its name this file is seem_focalt_v0, trained for focalt-v0"),
        ("seem_focalt_v0", "focalt-demo", None),
        ("seem_focalt_v1", "focalt-v1", "the name seem_focalt_v1 means two files"),
        ("seem_focalt_v2", "focalt-v0", "older name of seem_focalt_v0"),
        ("mine", "focalt-v1", None),
    ],
)
def test_name_that_may_mean_another_wiring_is_a_warning(
    tmp_path: Path,
    state: dict[str, Tensor],
    caplog: pytest.LogCaptureFixture,
    stem: str,
    preset_name: str,
    warning: str | None,
) -> None:
    load_model(str(saved(state, tmp_path / f"{stem}.pt")), preset_name)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (warning is not None)
    assert warning is None or warning in warnings[0]


@pytest.fixture
def recognised(monkeypatch: pytest.MonkeyPatch) -> KnownCheckpoint:
    """Every file has the digest of this checkpoint."""
    monkeypatch.setattr(registry, "recognise", lambda path: KNOWN["seem_focalt_v0"])
    return KNOWN["seem_focalt_v0"]


@pytest.mark.usefixtures("recognised")
def test_recognised_file_needs_no_preset(
    tmp_path: Path, state: dict[str, Tensor], caplog: pytest.LogCaptureFixture
) -> None:
    model = load_model(str(saved(state, tmp_path / "seem_focalt_v1.pt")))
    assert model.config.name == "focalt-v0"
    assert "two files" not in caplog.text


@pytest.mark.usefixtures("recognised")
def test_recognised_v0_file_under_a_v1_preset_is_a_warning(
    tmp_path: Path, state: dict[str, Tensor], caplog: pytest.LogCaptureFixture
) -> None:
    load_model(str(saved(state, tmp_path / "mine.pt")), "focalt-v1")
    assert "mine.pt: this file is seem_focalt_v0, trained for focalt-v0 or focalt-demo" in caplog.text


def test_known_name_is_fetched_and_runs_with_its_usual_preset(
    tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(state, tmp_path / "seem_focalt_v0.pt")
    monkeypatch.setattr(registry, "fetch", lambda known: path)
    assert load_model("seem_focalt_v0").config.name == "focalt-v0"
    assert load_model("seem_focalt_v0.pt", "focalt-demo").config.name == "focalt-demo"


def test_known_name_that_cannot_be_fetched_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(known: KnownCheckpoint) -> Path:
        raise FetchError("no network")

    monkeypatch.setattr(registry, "fetch", offline)
    with pytest.raises(FetchError, match="no network"):
        load_model("seem_focalt_v0")


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="seem_samvitl_v1"):
        load_model("seem_focalx_v0")


def convert(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_conversion_keeps_names_and_numbers(tmp_path: Path, state: dict[str, Tensor]) -> None:
    state["backbone.norm0.bias"] = state["backbone.norm0.weight"]  # one storage, as .pt files may have
    source, out = saved(state, tmp_path / "mine.pt"), tmp_path / "out.safetensors"
    result = convert(source, "-o", out)
    assert result.exit_code == 0, result.output
    assert f"{len(state)} tensors" in result.output
    written = load_file(out)
    assert written.keys() == state.keys()
    assert all(torch.equal(written[name], value) for name, value in state.items())
    with safe_open(out, framework="pt") as file:
        assert file.metadata()["source_sha256"] == sha256_of(source)


def test_file_converted_with_a_preset_loads_without_one(tmp_path: Path, state: dict[str, Tensor]) -> None:
    out = tmp_path / "out.safetensors"
    assert convert(saved(state, tmp_path / "mine.pt"), "-o", out, "--preset", "focalt-v0").exit_code == 0
    assert load_model(str(out)).config.name == "focalt-v0"
    assert load_model(str(out), "focalt-v1").config.name == "focalt-v1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine.pt", "-o", "out.bin"), "expected a name that ends in .safetensors"),
        (("absent.pt", "-o", "out.safetensors"), "no such checkpoint file"),
        (("mine.pt", "-o", "out.safetensors", "--preset", "focall-v1"), "it fits focalt-v1"),
        (("mine.pt", "-o", "out.safetensors", "--preset", "resnet"), "unknown preset 'resnet'"),
    ],
    ids=["suffix", "absent", "another architecture", "unknown preset"],
)
def test_conversion_that_cannot_be_says_why_and_writes_nothing(
    tmp_path: Path,
    state: dict[str, Tensor],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(state, tmp_path / "mine.pt")
    result = convert(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.pt"]
