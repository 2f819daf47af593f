"""The picture of a run is drawn from its log, also during the run."""

import json
from pathlib import Path

import pytest
from PIL import Image

from splitseem_eval.errors import DataError
from splitseem_train.plot import plot_log, read_log


@pytest.mark.parametrize("count", [1, 250])
@pytest.mark.parametrize("panoptic", [{}, {"validation_panoptic": 0.3}], ids=["clicks alone", "all tasks"])
def test_a_log_of_any_length_becomes_a_picture(
    tmp_path: Path, count: int, panoptic: dict[str, float]
) -> None:
    rows = [
        {"step": n + 1, "side": 128 if n < 100 else 192, "loss": 9 - n / 100, "iou": [0.3, 0.4, 0.5]}
        for n in range(count)
    ]
    rows[-1] |= {"validation_iou1": 0.4, "validation_iou2": 0.5, "validation_iou3": 0.6, **panoptic}
    log = tmp_path / "metrics.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plot_log(read_log(log), tmp_path / "run.png")
    with Image.open(tmp_path / "run.png") as image:
        assert image.size[0] > 600


@pytest.mark.parametrize("content", ["", "not json\n"])
def test_a_log_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "metrics.jsonl").write_text(content)
    with pytest.raises(DataError, match="metrics"):
        read_log(tmp_path / "metrics.jsonl")
