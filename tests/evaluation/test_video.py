"""Video: the prompt of the first frame, the overlap in every frame, and the means."""

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.data import DataImage, read_index
from splitseem_eval.errors import EvaluationError
from splitseem_eval.evaluate import EvaluationSettings
from splitseem_eval.grabcut import GrabCutPredictor
from splitseem_eval.video import FrameResult, follow, is_one_video, summarise_video
from splitseem_model.errors import PromptError
from splitseem_proto import encode_rle

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

pytestmark = pytest.mark.unit


def square(left: int) -> NDArray[np.bool_]:
    mask = np.zeros((48, 64), np.bool_)
    mask[16:32, left : left + 16] = True
    return mask


def make_video(folder: Path, *lefts: int | None, sequence: str | None = "walk") -> list[DataImage]:
    """Frames of a red square on grey; where there is none, the frame has no object."""
    lines = []
    for number, left in enumerate(lefts):
        pixels = np.full((48, 64, 3), 120, np.uint8)
        mask = np.zeros((48, 64), np.bool_) if left is None else square(left)
        pixels[mask] = (210, 30, 30)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        objects = [] if left is None else [{"label": None, "rle": list(encode_rle(mask).counts)}]
        record: dict[str, Any] = {"image": f"{number}.png", "dataset": "toys", "size_hw": [48, 64]}
        lines.append(json.dumps({**record, "objects": objects, "sequence": sequence}))
    with gzip.open(folder / "index.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    return read_index(folder / "index.jsonl.gz")


def run(records: list[DataImage], mode: str = "memory", prompt: str = "click") -> list[FrameResult]:
    """The baseline finds what colour tells apart, so a square of another colour is easy for it."""
    predictor = cast("Predictor", GrabCutPredictor())
    return list(follow(predictor, records, EvaluationSettings(prompt=prompt), mode))


@pytest.mark.parametrize("mode", ["memory", "click"])
def test_object_of_the_first_frame_is_followed(tmp_path: Path, mode: str) -> None:
    results = run(make_video(tmp_path, 10, 12, 14), mode)
    assert [result.sequence for result in results] == ["walk"] * 3
    assert min(result.iou for result in results) > 0.9


def test_every_sequence_begins_at_its_own_first_frame(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    records = [*make_video(near, 10, 12), *make_video(far, 40, 38, sequence="run")]
    results = run(records)
    assert [result.sequence for result in results] == ["walk", "walk", "run", "run"]
    assert min(result.iou for result in results) > 0.9


def test_frame_without_the_object_has_an_empty_truth(tmp_path: Path) -> None:
    assert run(make_video(tmp_path, 10, None))[1].iou == 0.0  # the baseline obeys its click


def test_figures_are_means_over_frames_then_over_sequences() -> None:
    ious = {"a": (0.9, 0.8, 0.6), "b": (0.5, 0.1)}
    results = [FrameResult(name, iou, seconds=0.5) for name, part in ious.items() for iou in part]
    assert summarise_video(results).to_dict() == {
        "iou_first": pytest.approx(0.7),
        "iou_rest": pytest.approx((0.7 + 0.1) / 2),
        "iou_last": pytest.approx((0.6 + 0.1) / 2),
        "iou_by_frame": ious,
        "seconds_per_frame": 0.5,
        "frames": 5,
        "sequences": 2,
    }


def test_only_frames_of_one_sequence_are_one_video(tmp_path: Path) -> None:
    video = make_video(tmp_path, 10, 12)
    assert is_one_video(video)
    assert not is_one_video(video[:1])
    assert not is_one_video(make_video(tmp_path, 10, 12, sequence=None))


@pytest.mark.parametrize(
    ("lefts", "wish", "message"),
    [
        ((10, 12), {"mode": "example"}, "takes no examples"),
        ((10, 12), {"prompt": "text"}, "needs labels"),
        ((None, 12), {}, "no object to follow"),
        ((10,), {}, "one frame only"),
    ],
    ids=["mode", "prompt", "empty first frame", "one frame"],
)
def test_what_cannot_be_followed_is_refused(
    tmp_path: Path, lefts: tuple[int | None, ...], wish: dict[str, str], message: str
) -> None:
    with pytest.raises((PromptError, EvaluationError), match=message):
        summarise_video(run(make_video(tmp_path, *lefts), **wish))


def test_photos_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no frame of a sequence"):
        run(make_video(tmp_path, 10, 12, sequence=None))
