"""`splitseem evaluate`: the table, the file of figures, and what it refuses."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.evaluate import command
from splitseem_cli.options.model import ModelOptions
from splitseem_proto import encode_rle

CONTRACT_KEYS = {"noc85", "noc90", "nof85", "nof90", "iou1", "iou3", "iou5", "seconds_per_click"}
MORE_KEYS = {
    "iou_by_click",
    "largest_fall",
    "boundary5",
    "label1",
    "label5",
    "seconds_per_step",
    "seconds_per_image",
}

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def classes(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The class names that every model was held to; the fake one has only one name for everything."""
    calls: list[frozenset[str]] = []

    def held_to_classes(predictor: object, names: frozenset[str]) -> object:
        calls.append(names)
        return predictor

    monkeypatch.setattr("splitseem_eval.variants.held_to_classes", held_to_classes)
    return calls


def write_disks(folder: Path, **fields: str) -> Path:
    """Three images, each with one disk that a click finds at once."""
    yy, xx = np.mgrid[:24, :40] + 0.5
    disk = (xx - 20.5) ** 2 + (yy - 11.5) ** 2 < 36
    Image.new("RGB", (40, 24), "navy").save(folder / "a.png")
    record = {
        "image": "a.png",
        "dataset": "disks",
        "size_hw": [24, 40],
        "objects": [{"label": "disk", "rle": list(encode_rle(disk).counts)}],
    }
    with gzip.open(folder / "index.jsonl.gz", "wt") as file:
        file.write("\n".join([json.dumps({**record, **fields})] * 3))
    return folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return write_disks(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_table_names_every_measure(data_dir: Path) -> None:
    result = run(data_dir)
    assert result.exit_code == 0, result.output
    for heading in ("NoC@85", "NoC@90", "NoF85", "NoF90", "IoU@1", "IoU@3", "IoU@5", "seconds per click"):
        assert heading in result.stdout
    assert result.stderr == ""  # no progress bar where there is no terminal


def test_json_has_the_figures_and_the_conditions(data_dir: Path) -> None:
    path = data_dir / "figures.json"
    run(data_dir, "--json", path, "--protocol", "ritm", "--max-clicks", 7)
    figures = json.loads(path.read_text())
    assert figures.keys() >= CONTRACT_KEYS | MORE_KEYS
    assert (figures["noc85"], figures["nof85"], figures["iou1"], figures["images"]) == (1.0, 0, 1.0, 3)
    assert (figures["model"], figures["protocol"], figures["max_clicks"]) == ("disks", "ritm", 7)


def test_labels_are_measured_among_the_classes_of_the_set(
    data_dir: Path, classes: list[frozenset[str]]
) -> None:
    path = data_dir / "figures.json"
    run(data_dir, "--json", path)
    assert classes == [frozenset({"disk"})]
    assert json.loads(path.read_text())["label1"] == 1.0


def test_limit_takes_the_first_images(data_dir: Path) -> None:
    path = data_dir / "figures.json"
    run(data_dir, "--json", path, "--limit", 2)
    assert json.loads(path.read_text())["images"] == 2


def test_index_file_may_be_named_instead_of_its_folder(data_dir: Path) -> None:
    assert run(data_dir / "index.jsonl.gz").exit_code == 0


def test_model_options_reach_the_model(data_dir: Path, loaded: list[ModelOptions]) -> None:
    run(data_dir, "--model", "m", "--preset", "p", "--runtime", "onnx", "--codec", "int8", "--canvas", 256)
    assert loaded == [ModelOptions("m", "p", "onnx", "int8", 256)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prompt", "gaze"], "'text+click'"),
        (["--prompt", "scribble"], "human scribbles"),
        (["--protocol", "other"], "'ritm', 'seem'"),
        (["--codec", "float8"], "float16"),
        (["--max-clicks", "0"], "x>=1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_impossible_measurement_is_refused(data_dir: Path, arguments: list[str], message: str) -> None:
    result = run(data_dir, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_missing_set_is_refused_before_a_model_is_loaded(tmp_path: Path, loaded: list[ModelOptions]) -> None:
    result = run(tmp_path / "nowhere")
    assert (result.exit_code, loaded) == (2, [])
    assert "no such data set" in result.stderr
    assert "Traceback" not in result.output


def test_held_out_measures_only_validation_images(data_dir: Path) -> None:
    result = run(data_dir, "--held-out")
    assert result.exit_code == 2
    assert "nothing was measured" in result.output


def test_object_of_a_video_is_followed_in_every_way(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    result = run(write_disks(tmp_path, sequence="still"), "--json", path)
    assert "mean IoU over the other frames" in result.stdout
    video = json.loads(path.read_text())["video"]
    modes = {mode: figures["iou_rest"] for mode, figures in video.items()}
    assert modes == {"memory": 1.0, "hint": 1.0, "click": 1.0}
    assert "without example: disks takes no examples" in result.stderr


def test_one_way_to_follow_may_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    run(write_disks(tmp_path, sequence="still"), "--json", path, "--propagate", "click")
    assert json.loads(path.read_text())["video"].keys() == {"click"}


def test_frames_can_be_measured_as_photos(tmp_path: Path) -> None:
    assert "NoC@85" in run(write_disks(tmp_path, sequence="still"), "--propagate", "none").stdout


def test_way_to_follow_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    result = run(write_disks(tmp_path, sequence="still"), "--propagate", "example")
    assert result.exit_code == 2
    assert "disks takes no examples" in result.stderr


def test_report_is_a_page_beside_the_baseline(data_dir: Path) -> None:
    path = data_dir / "figures.json"
    result = run(data_dir, "--report", data_dir / "report", "--json", path, "--max-clicks", 2)
    page = data_dir / "report" / "index.html"
    assert str(page) in result.stdout.replace("\n", "")
    assert "opencv-grabcut" in page.read_text(encoding="utf-8")
    figures = json.loads(path.read_text())
    assert (figures["iou1"], figures["baseline"]["objects"]) == (1.0, 3)


def test_report_goes_without_a_baseline_that_does_not_take_the_prompt(data_dir: Path) -> None:
    result = run(data_dir, "--report", data_dir / "page", "--max-clicks", 2, "--prompt", "text+click")
    assert result.exit_code == 0, result.output
    assert "without the baseline: opencv-grabcut takes clicks and boxes only" in result.stderr


def test_report_of_a_video_is_refused(tmp_path: Path) -> None:
    result = run(write_disks(tmp_path, sequence="still"), "--report", tmp_path / "report")
    assert result.exit_code == 2
    assert "--propagate none" in result.stderr


def test_photo_that_cannot_be_read_is_left_out_and_named(data_dir: Path, tmp_path: Path) -> None:
    with gzip.open(data_dir / "index.jsonl.gz", "rt") as file:
        lines = [json.loads(line) for line in file.read().splitlines()]
    (data_dir / "torn.png").write_bytes((data_dir / "a.png").read_bytes()[:40])
    with gzip.open(data_dir / "index.jsonl.gz", "wt") as file:
        file.write("\n".join(json.dumps(line) for line in [{**lines[0], "image": "torn.png"}, *lines[1:]]))
    result = run(data_dir, "--json", tmp_path / "figures.json")
    assert result.exit_code != 0
    assert "torn.png" in result.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["left_out"] == 1
    assert figures["noc90"] == pytest.approx(json.loads(whole(data_dir, tmp_path))["noc90"])


def whole(data_dir: Path, tmp_path: Path) -> str:
    """The figures of the readable images alone."""
    with gzip.open(data_dir / "index.jsonl.gz", "rt") as file:
        lines = file.read().splitlines()[1:]
    with gzip.open(data_dir / "whole.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    assert run(data_dir / "whole.jsonl.gz", "--json", tmp_path / "whole.json").exit_code == 0
    return (tmp_path / "whole.json").read_text()
