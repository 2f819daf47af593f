"""The semantic map is fitted to photos: it names what it has seen, and becomes part of the weights."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor
from torch.nn import functional

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import NANO, TINY, SemanticConfig
from splitseem_model.encode.semantic import cosines
from splitseem_model.network import SegmentationModel
from splitseem_train import bundle
from splitseem_train.bundle import with_map_of
from splitseem_train.errors import TrainingError
from splitseem_train.release import release
from splitseem_train.semantic import Features, Fit, Region, fit_map, kept_features, main, with_map

pytestmark = pytest.mark.unit
NAMES = ("cat", "dog", "sky")
IN_DIMS = (3, 5)
"""Channels at strides 16 and 32."""


def features(objects: int = 60) -> Features:
    """Objects whose kind is told by one channel of the coarse map and one of the fine one."""
    draw = torch.Generator().manual_seed(0)
    kinds = torch.arange(objects) % 3
    pooled = 10 + 0.3 * torch.randn(objects, sum(IN_DIMS), generator=draw)
    pooled[torch.arange(objects), kinds] += 4
    pooled[torch.arange(objects), 5 + kinds] += 4
    regions = tuple(
        Region("animals", f"{number}.png", NAMES[kind], number >= objects - 15)
        for number, kind in enumerate(kinds.tolist())
    )
    return Features(
        regions, pooled, pooled.repeat_interleave(2, 0), torch.arange(objects).repeat_interleave(2)
    )


def sentences(names: tuple[str, ...] = NAMES) -> Tensor:
    draw = torch.Generator().manual_seed(len(names))
    return functional.normalize(torch.randn(len(names), 6, generator=draw), dim=-1)


def test_a_fitted_map_names_what_was_held_out() -> None:
    semantic, right = fit_map(features(), NAMES, sentences(), IN_DIMS, Fit(channels=4, steps=500, batch=64))
    assert right == 1.0
    coarse, fine = torch.zeros(1, 5, 2, 2) + 10, torch.zeros(1, 3, 4, 4) + 10
    coarse[:, 1] += 4
    fine[:, 1] += 4
    cell = semantic(fine, coarse)[0, :, 1, 1]
    assert int(cosines(semantic, cell, semantic.names).argmax()) == 1


def test_an_object_is_told_from_the_names_of_its_set_alone() -> None:
    given = features()
    dogs = tuple(
        replace(region, dataset="dogs") if region.name == "dog" else region for region in given.regions
    )
    _, right = fit_map(
        replace(given, regions=dogs), NAMES, sentences(), IN_DIMS, Fit(channels=4, steps=1, batch=64)
    )
    assert right >= 1 / 3  # whatever has been learnt, a dog has no rivals


def test_features_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    given = features(6)
    given.save(tmp_path / "f.safetensors")
    read = Features.load(tmp_path / "f.safetensors")
    assert read.regions == given.regions
    torch.testing.assert_close(read.pooled, given.pooled)
    torch.testing.assert_close(read.cells, given.cells, rtol=1e-3, atol=1e-2)


def test_the_command_fits_the_map_of_weights_and_a_release_cuts_its_names(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Encoder:
        def encode(self, texts: tuple[str, ...]) -> Tensor:
            return sentences(texts)

    monkeypatch.setattr("splitseem_train.semantic.CommonFirst", Encoder)
    torch.manual_seed(0)
    start, out = tmp_path / "start.safetensors", tmp_path / "out.safetensors"
    config = replace(TINY, sentence_dim=6, vocabulary=("disk", "square"))
    save_weights(SegmentationModel(config), start)
    arguments = [start, "--data", shapes, "--features", tmp_path / "f.safetensors", "--canvas", 96, "-o", out]
    for _ in range(2):  # the second time without photos
        result = CliRunner().invoke(main, [*map(str, arguments), "--steps", "2", "--channels", "4"])
        assert result.exit_code == 0, result.output
    model = load_model(str(out))
    assert model.semantic is not None
    torch.testing.assert_close(model.decoder.state_dict(), load_model(str(start)).decoder.state_dict())
    released = release(model, ["square"], canvas=64)
    assert released.semantic is not None
    torch.testing.assert_close(released.semantic.names, model.semantic.names[1:])
    assert with_map(released, released.semantic).config == released.config
    other = load_model(str(start))
    mapped = with_map_of(other, released, ["square"])
    assert mapped.semantic is not None
    torch.testing.assert_close(mapped.semantic.state_dict(), released.semantic.state_dict())
    with pytest.raises(TrainingError, match="no map of meanings"):
        with_map_of(other, other, ["square"])


def test_features_of_another_backbone_are_read_again(shapes: Path, tmp_path: Path) -> None:
    file = tmp_path / "f.safetensors"
    torch.manual_seed(0)
    first, second = SegmentationModel(TINY).eval(), SegmentationModel(TINY).eval()
    read = kept_features(first, shapes, file, canvas=96, limit=4)
    written = file.stat().st_mtime_ns
    torch.testing.assert_close(kept_features(first, shapes, file, canvas=96, limit=4).pooled, read.pooled)
    assert file.stat().st_mtime_ns == written
    assert not torch.equal(kept_features(second, shapes, file, canvas=96, limit=4).pooled, read.pooled)


def test_nano_is_bundled_with_the_names_of_the_common_set_and_its_map(shapes: Path, tmp_path: Path) -> None:
    for photo in shapes.iterdir():
        (tmp_path / photo.name).symlink_to(photo)
    index = gzip.decompress((shapes / "shapes.jsonl.gz").read_bytes())
    common = index.replace(b'"disk"', b'"ball"').replace(b'"square"', b'"box"')  # whose vectors are bundled
    (tmp_path / "shapes.jsonl.gz").unlink()
    (tmp_path / "coco_mini.jsonl.gz").write_bytes(gzip.compress(common))
    torch.manual_seed(0)
    config = replace(TINY, name="nano", sentence_dim=384, vocabulary=("ball", "rocket", "box"))
    run, out = tmp_path / "run.safetensors", tmp_path / "nano.safetensors"
    save_weights(SegmentationModel(config), run)
    given = [run, "--data", tmp_path, "--features", tmp_path / "f.safetensors", "--limit", 9, "-o", out]
    result = CliRunner().invoke(bundle.main, [*map(str, given)])
    assert result.exit_code == 0, result.output
    made = load_model(str(out)).config
    assert made.vocabulary == ("ball", "box")
    assert (made.canvas, made.codec, made.semantic) == (NANO.canvas, NANO.codec, SemanticConfig())
    again = CliRunner().invoke(
        bundle.main, [*map(str, [*given[:3], "--map-of", out, "-o", tmp_path / "b.safetensors"])]
    )
    assert again.exit_code == 0, again.output
    assert load_model(str(tmp_path / "b.safetensors")).fingerprint() == load_model(str(out)).fingerprint()
