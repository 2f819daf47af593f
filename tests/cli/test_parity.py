"""`splitseem parity`, on a small set of golden cases whose features our own encoder makes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from splitseem_cli.parity import command
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.encode.backbones.focalnet import FocalNet
from splitseem_model.encode.folded_pyramid import FoldedPyramid
from splitseem_model.encode.mask_map import MaskSource, level_averages, mask_conv
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.preprocess import normalise, pad_to_multiple
from splitseem_parity.comparison import Comparison
from splitseem_parity.golden_set import GoldenSet, GoldenSetError

DATA = Path(__file__).parents[1] / "data"


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def features_of(image: np.ndarray) -> dict[str, np.ndarray]:
    """Features under the weight rule, on the fast way past the mask features. In float64, so that they do not
    depend on the machine: the decoder's attention masks are sign tests, and some logits of these cases are
    only 1e-4 away from zero."""
    backbone, pixel_decoder = FocalNet().eval(), FPN().eval()
    fill_with_golden_weights(backbone, prefix="backbone.")
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.")
    pixels = pad_to_multiple(normalise(image.transpose(1, 2, 0)), 32).double()
    with torch.inference_mode():
        source, levels = FoldedPyramid(pixel_decoder.double()).fuse(*backbone.double()(pixels))
        conv = mask_conv(pixel_decoder)
        masks = torch.from_numpy(MaskSource(source, level_averages(source, conv), conv).full())
        named = {f"ms_{i}": level for i, level in enumerate(levels)} | {"mask_features": masks}
    return {name: value.float().numpy() for name, value in named.items()}


@pytest.fixture(scope="module")
def golden_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A golden set: the decoder cases of tests/data, image features, a class matrix, resize rules."""
    folder = tmp_path_factory.mktemp("set") / "golden"
    shutil.copytree(DATA / "golden_decoder", folder)
    shutil.copy(DATA / "golden_preprocess.npz", folder / "preprocess.npz")
    shutil.copy(DATA / "golden_postprocess.npz", folder / "postprocess_generic.npz")
    shutil.copy(DATA / "golden_text.npz", folder / "text.npz")
    image = np.load(DATA / "golden_encoder.npz")["image_u8"]
    write_arrays(folder / "encoder_focalt_target.npz", {"image_u8": image, **features_of(image)})
    matrix = np.random.default_rng(0).standard_normal((134, 512)).astype(np.float32)
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    np.savez(folder / "vocab.npz", text_embeddings=rows)
    return folder


@pytest.fixture
def copied(golden_dir: Path, tmp_path: Path) -> Path:
    """A copy to spoil, with two small cases."""
    folder = tmp_path / "golden"
    folder.mkdir()
    for name in ("preprocess.npz", "vocab.npz"):
        shutil.copy(golden_dir / name, folder)
    (folder / "manifest.json").write_text('{"cases": {}}')
    return folder


def parity(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(command, [str(folder), *options])


def line_of(result: Result, case: str) -> str:
    return next(line for line in result.output.splitlines() if line.startswith(f"{case} "))


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    write_arrays(path, arrays)


CASES = list(json.loads((DATA / "golden_decoder" / "manifest.json").read_text())["cases"])


@pytest.mark.slow
def test_cases_of_the_official_code_pass_in_torch(golden_dir: Path) -> None:
    result = parity(golden_dir)
    assert [line.split()[:2] for line in result.output.splitlines()] == [
        *([case, "ok"] for case in CASES),
        ["encoder_focalt_target", "ok"],
        ["postprocess_generic", "ok"],
        ["preprocess", "ok"],
        ["text", "ok"],
        ["vocab", "ok"],
        ["10", "ok,"],
    ], result.output
    assert result.exit_code == 0


@pytest.mark.slow
def test_cases_of_the_official_code_pass_in_onnx_runtime(golden_dir: Path) -> None:
    result = parity(golden_dir, "--runtime", "onnx")
    for case in CASES:
        assert line_of(result, case).startswith(f"{case} ok "), result.output
        assert line_of(result, case).endswith("[onnx]")
    assert line_of(result, "vocab").endswith("[torch]")
    assert result.output.splitlines()[-1].endswith("; 5 in torch, 5 with the decoder in ONNX Runtime")
    assert result.exit_code == 0


def test_all_cases_ok_ends_with_0(copied: Path) -> None:
    result = parity(copied)
    assert result.output.splitlines()[-1].startswith("2 ok, 0 failed, 0 not supported; 2 in torch")
    assert result.exit_code == 0


def spoil(name: str, array: str) -> Callable[[Path], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[array] = arrays[array] + arrays[array].dtype.type(1)

    return lambda folder: rewrite(folder / name, change)


def add_unknown_result(folder: Path) -> None:
    rewrite(folder / "preprocess.npz", lambda arrays: arrays.update(out_new=np.zeros(3)))


def cut(folder: Path) -> None:
    content = (folder / "preprocess.npz").read_bytes()
    (folder / "preprocess.npz").write_bytes(content[:100])


def announce_missing(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"cases": {}, "sha256": {"encoder_focalt_lost.npz": "00"}}')


def add_unsupported(folder: Path) -> None:
    shutil.copy(DATA / "golden_encoder.npz", folder / "encoder_resnet50.npz")


def spoil_tasks(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """A post-processing case of the official code with one result changed."""

    def write(folder: Path) -> None:
        shutil.copy(DATA / "golden_postprocess.npz", folder / "postprocess_generic.npz")
        rewrite(folder / "postprocess_generic.npz", change)

    return write


def relabel_pixels(arrays: dict[str, Any]) -> None:
    arrays["semseg_argmax"][:10, :10] = 0


def rename_instance(arrays: dict[str, Any]) -> None:
    arrays["inst_classes_sorted"][0] = 79


def lose_instance(arrays: dict[str, Any]) -> None:
    arrays["inst_scores_sorted"] = arrays["inst_scores_sorted"][:-1]


def list_shapes(change: dict[str, list[int] | None]) -> Callable[[Path], None]:
    """A list of parameters of Focal-T with shapes changed, added or (None) left out."""

    def write(folder: Path) -> None:
        listed = json.loads((DATA / "upstream_focalt_keys.json").read_text()) | change
        entries = {name: [shape, "float32"] for name, shape in listed.items() if shape is not None}
        (folder / "keys").mkdir()
        (folder / "keys" / "focalt_v1.json").write_text(json.dumps(entries))

    return write


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (spoil("preprocess.npz", "resized_u8"), "preprocess FAIL 38016 unequal in resized_u8"),
        (spoil("vocab.npz", "text_embeddings"), "vocab FAIL 1."),
        (add_unknown_result, "preprocess FAIL not compared: out_new"),
        (cut, "preprocess FAIL GoldenSetError: preprocess.npz is missing or unreadable"),
        (announce_missing, "encoder_focalt_lost FAIL GoldenSetError: encoder_focalt_lost.npz is missing"),
        (add_unsupported, "encoder_resnet50 not supported: no backbone resnet50 in this version"),
        (spoil_tasks(relabel_pixels), "postprocess_generic FAIL 100 unequal in semseg_argmax"),
        (spoil_tasks(rename_instance), "postprocess_generic FAIL"),
        (spoil_tasks(lose_instance), "postprocess_generic FAIL not compared: inst_classes_sorted"),
        (
            list_shapes({"backbone.norm0.weight": [97]}),
            "keys/focalt_v1 FAIL 1 unequal in backbone.norm0.weight",
        ),
        (
            list_shapes({"backbone.norm9.weight": [96]}),
            "keys/focalt_v1 FAIL not compared: backbone.norm9.weight",
        ),
        (
            list_shapes({"backbone.norm0.weight": None}),
            "keys/focalt_v1 FAIL inf unequal in backbone.norm0.weight",
        ),
    ],
    ids=[
        "exact",
        "tolerance",
        "unknown-result",
        "cut-file",
        "missing-file",
        "unsupported",
        "other-pixels",
        "other-instance",
        "lost-instance",
        "other-shape",
        "unknown-parameter",
        "missing-parameter",
    ],
)
def test_wrong_case_says_so_and_ends_with_1(copied: Path, change: Callable[[Path], None], line: str) -> None:
    change(copied)
    result = parity(copied)
    assert line_of(result, line.split()[0]).startswith(line)
    assert result.exit_code == 1


def test_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    result = parity(tmp_path)
    assert "manifest.json is not a readable manifest" in result.output
    assert result.exit_code == 2


def test_manifest_without_cases_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(GoldenSetError, match="names no cases"):
        GoldenSet(tmp_path).case_names()


@pytest.mark.parametrize(
    ("ours", "expected", "within"),
    [
        (np.array([1.0, 2.00005]), np.array([1.0, 2.0]), True),
        (np.array([1.0, 2.001]), np.array([1.0, 2.0]), False),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), False),
        (np.array([1.0]), np.array([1.0, 2.0]), False),
        (np.array([1, 3]), np.array([1, 2]), False),
        (np.array([True, False]), np.array([True, False]), True),
    ],
    ids=["close", "far", "nan", "shape", "integers", "booleans"],
)
def test_comparison_holds_to_the_tolerance(ours: np.ndarray, expected: np.ndarray, within: bool) -> None:
    comparison = Comparison({"layer_out": expected})
    comparison.check("layer_out", ours)
    assert comparison.within_tolerance() is within


def test_worst_difference_is_relative_to_its_tolerance() -> None:
    comparison = Comparison({"layer_out": np.zeros(1), "out_prev_mask": np.zeros(1)})
    comparison.check("layer_out", np.array([1e-4]))  # half of its tolerance
    comparison.check("out_prev_mask", np.array([5e-4]))  # a quarter
    assert comparison.worst().array == "layer_out"


def test_result_that_was_not_compared_is_named() -> None:
    comparison = Comparison({"in_pos_mask": np.zeros(1), "layer_out": np.zeros(1), "token_out": np.zeros(1)})
    comparison.skip("token_out")
    assert comparison.unchecked() == ["layer_out"]
    assert not comparison.within_tolerance()
