"""Reading weight files, renaming, strict loading."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from splitseem_model.checkpoints.checkpoint import (
    load_strictly,
    read_checkpoint,
    to_our_name,
    to_upstream_name,
)
from splitseem_model.errors import CheckpointError

pytestmark = pytest.mark.unit

UPSTREAM_KEYS: dict[str, list[int]] = json.loads(
    (Path(__file__).parents[1] / "data" / "upstream_focalt_keys.json").read_text()
)


@pytest.mark.parametrize(
    ("upstream", "ours"),
    [
        ("backbone.layers.0.blocks.1.dw1.bias", "backbone.layers.0.blocks.1.dw1.bias"),
        ("backbone.norm3.weight", "backbone.norms.3.weight"),
        ("sem_seg_head.pixel_decoder.adapter_1.norm.bias", "pixel_decoder.adapter_1.norm.bias"),
        (
            "sem_seg_head.pixel_decoder.transformer.encoder.layers.5.norm1.bias",
            "pixel_decoder.encoder_layers.5.norm1.bias",
        ),
        ("sem_seg_head.predictor.mask_sptial_embed.2", "decoder.prompt_embed.2"),
        ("sem_seg_head.predictor.class_embed", "decoder.class_embed"),
        (
            "sem_seg_head.predictor.lang_encoder.lang_encoder.ln_final.bias",
            "text.encoder.ln_final.bias",
        ),
        ("sem_seg_head.predictor.lang_encoder.logit_scale", "text.logit_scale"),
    ],
)
def test_upstream_names_become_ours(upstream: str, ours: str) -> None:
    assert to_our_name(upstream) == ours
    assert to_upstream_name(ours) == upstream


def test_renaming_every_official_key_there_and_back_is_the_identity() -> None:
    ours = {to_our_name(name) for name in UPSTREAM_KEYS}
    assert len(ours) == len(UPSTREAM_KEYS)
    assert {to_upstream_name(name) for name in ours} == set(UPSTREAM_KEYS)
    assert not any("sptial" in name for name in ours)


def test_safetensors_and_pt_files_read_the_same(tmp_path: Path) -> None:
    state = {"sem_seg_head.predictor.decoder_norm.weight": torch.arange(4.0)}
    save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "a.pt")
    torch.save({"model": state}, tmp_path / "wrapped.pth")
    for name in ("a.safetensors", "a.pt", "wrapped.pth"):
        read = read_checkpoint(tmp_path / name)
        assert list(read) == ["decoder.decoder_norm.weight"]
        assert torch.equal(read["decoder.decoder_norm.weight"], torch.arange(4.0))


def test_our_own_names_are_left_alone(tmp_path: Path) -> None:
    save_file({"backbone.norm1.weight": torch.ones(2)}, tmp_path / "ours.safetensors")
    assert list(read_checkpoint(tmp_path / "ours.safetensors")) == ["backbone.norm1.weight"]


def test_half_precision_is_read_as_float32_and_integers_stay(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2).half(), "n": torch.tensor(7)}, tmp_path / "half.safetensors")
    read = read_checkpoint(tmp_path / "half.safetensors")
    assert (read["a"].dtype, read["n"].dtype) == (torch.float32, torch.int64)


class _Payload:
    """Unpickling it would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def save_raw(content: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


def save_zipped(content: object, path: Path) -> None:
    torch.save(content, path)


def save_in_old_format(content: object, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("save", [save_raw, save_zipped, save_in_old_format])
def test_pickle_that_runs_code_is_refused_unrun(tmp_path: Path, save: Callable[[object, Path], None]) -> None:
    content = {"weight": torch.ones(4), "hook": _Payload(tmp_path / "ran")}
    save(content, tmp_path / "evil.pt")
    with pytest.raises(CheckpointError, match=r"evil\.pt: .*refused, nothing of it was run") as caught:
        read_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()
    assert "weights_only" not in str(caught.value)


def test_refused_pickle_names_what_it_asks_for(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(CheckpointError, match=r"it asks for torch\.nn\.modules\.linear\.Linear"):
        read_checkpoint(tmp_path / "module.pt")


@pytest.mark.parametrize("save", [save_zipped, save_in_old_format])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_file_that_is_cut_short_says_so(
    tmp_path: Path, save: Callable[[object, Path], None], share: float
) -> None:
    path = tmp_path / "cut.pt"
    save({"weight": torch.ones(1000)}, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=r"cut\.pt: "):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.bin", b"", "expected one of"),
        ("cut.safetensors", b"\x08\x00", "not a readable checkpoint"),
        ("cut.pt", b"PK\x03\x04", "not a readable checkpoint"),
    ],
)
def test_damaged_file_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_checkpoint(tmp_path / name)
    assert name in str(caught.value)


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint file"):
        read_checkpoint(tmp_path / "absent.pt")


def test_entries_that_are_no_tensors_are_named(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1), "epoch": 3}, tmp_path / "mixed.pt")
    with pytest.raises(CheckpointError, match="epoch"):
        read_checkpoint(tmp_path / "mixed.pt")


def test_loading_copies_all_and_lists_what_is_left_over() -> None:
    module = nn.Linear(2, 1)
    state = {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0]), "z": torch.ones(1)}
    assert load_strictly(module, state) == ("z",)
    assert torch.equal(module.weight, state["weight"])


def test_loading_names_missing_and_misshapen_parameters_and_changes_nothing() -> None:
    module = nn.Linear(2, 1)
    before = module.weight.clone()
    with pytest.raises(CheckpointError, match=r"missing: bias; .* weight is \[2, 2\], expected \[1, 2\]"):
        load_strictly(module, {"weight": torch.ones(2, 2)})
    assert torch.equal(module.weight, before)
