"""Evaluation: what the simulated user gives the model, when it stops, and the figures that come out."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.clicker import PROTOCOLS
from splitseem_eval.data import DataImage, read_index
from splitseem_eval.errors import DataError, EvaluationError
from splitseem_eval.evaluate import EvaluationSettings, evaluate
from splitseem_eval.figures import ImageResult, summarise
from splitseem_model.errors import PromptError
from splitseem_proto import Box, Click, PromptItem, TextPrompt, encode_rle

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

pytestmark = pytest.mark.unit

HEIGHT, WIDTH = 20, 30
TRUTH = np.zeros((HEIGHT, WIDTH), np.bool_)
TRUTH[5:15, 5:15] = True  # 100 pixels


def part(pixels: int) -> NDArray[np.bool_]:
    """A mask that covers that many pixels of the object and nothing else: its IoU is pixels / 100."""
    mask = np.zeros_like(TRUTH)
    mask.flat[np.flatnonzero(TRUTH)[:pixels]] = True
    return mask


@dataclass
class FakeStep:
    mask: NDArray[np.bool_]
    memory: int
    label: str | None


@dataclass
class ScriptedPredictor:
    """Answers step k with the k-th mask and label, whatever it is asked, and keeps what it was asked."""

    pixels: Sequence[int]
    labels: Sequence[str | None] = (None,)
    takes_text: bool = True
    name: str = "scripted"
    encoded: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[tuple[PromptItem, ...]] = field(default_factory=list)
    memories: list[int | None] = field(default_factory=list)

    def encode(self, image_rgb: NDArray[np.uint8], **options: Any) -> None:
        self.encoded.append(options)

    def step(self, image: None, items: Sequence[PromptItem], memory: int | None) -> FakeStep:
        if not self.takes_text and any(isinstance(item, TextPrompt) for item in items):
            raise PromptError("scripted has no text tower")
        self.prompts.append(tuple(items))
        self.memories.append(memory)
        turn = (memory or 0) + 1
        pixels = self.pixels[min(turn, len(self.pixels)) - 1]
        return FakeStep(part(pixels), turn, self.labels[min(turn, len(self.labels)) - 1])

    def mask(self, image: None, step: FakeStep) -> NDArray[np.bool_]:
        return step.mask


def make_set(folder: Path, *objects: dict[str, Any], **fields: Any) -> list[DataImage]:
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "a.png")
    record = {"image": "a.png", "dataset": "toys", "size_hw": [HEIGHT, WIDTH], "objects": objects, **fields}
    with gzip.open(folder / "index.jsonl.gz", "wt") as file:
        file.write(json.dumps(record))
    return read_index(folder / "index.jsonl.gz")


def runs(mask: NDArray[np.bool_]) -> list[int]:
    return list(encode_rle(mask).counts)


def ious(result: ImageResult) -> tuple[tuple[float, ...], ...]:
    return tuple(entry.ious for entry in result.objects)


def run(predictor: ScriptedPredictor, records: list[DataImage], **settings: Any) -> ImageResult:
    (result,) = evaluate(cast("Predictor", predictor), records, EvaluationSettings(**settings))
    return result


def test_iou_is_kept_after_every_click(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([20, 60, 40, 86, 88, 91])
    result = run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}))
    assert ious(result) == ((0.20, 0.60, 0.40, 0.86, 0.88, 0.91),)
    assert predictor.memories == [None, 1, 2, 3, 4, 5]


def test_each_step_sees_all_clicks_so_far(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([50, 50, 50])
    run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}), max_clicks=3)
    assert [len(prompt) for prompt in predictor.prompts] == [1, 2, 3]
    assert predictor.prompts[2][:2] == predictor.prompts[1]
    assert predictor.prompts[0] == (
        Click(9.5, 9.5, 1),
    )  # the first of the deepest pixels of a 10 x 10 square


def test_object_ends_when_no_figure_can_change(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH)})
    at_once = run(ScriptedPredictor([95, 96, 97, 98, 99, 99]), records)
    assert len(ious(at_once)[0]) == 5  # IoU after 5 clicks is reported
    assert ious(run(ScriptedPredictor([100]), records)) == ((1.0,),)
    assert len(ious(run(ScriptedPredictor([10]), records, max_clicks=7))[0]) == 7


def test_seem_user_is_content_early_and_clicks_nine_pixels(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([92, 93])
    result = run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}), protocol=PROTOCOLS["seem"])
    assert ious(result) == ((0.92, 0.93),)
    assert [len(prompt) for prompt in predictor.prompts] == [9, 18]


def test_encoder_runs_once_per_image_with_the_given_options(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([100])
    records = make_set(tmp_path, {"rle": runs(TRUTH)}, {"rle": runs(TRUTH)})
    result = run(predictor, records, canvas=256, codec="int8")
    assert predictor.encoded == [{"canvas": 256, "codec": "int8"}]
    assert ious(result) == ((1.0,), (1.0,))


def test_box_comes_first_and_clicks_correct_it(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([50, 100])
    run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}), prompt="box")
    assert predictor.prompts[0] == (Box(5.0, 5.0, 15.0, 15.0),)
    assert isinstance(predictor.prompts[1][1], Click)


def test_mask_as_first_prompt_is_a_stroke_over_all_of_it(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([100])
    run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}), prompt="mask")
    assert len(predictor.prompts[0]) == 100
    assert predictor.prompts[0][0] == Click(5.5, 5.5, 1)


def test_every_person_who_scribbled_is_one_target(tmp_path: Path) -> None:
    inside, outside = np.zeros_like(TRUTH), np.zeros_like(TRUTH)
    inside[7, 7:9] = outside[0, 0] = True
    drawn = {"positive_rle": runs(inside), "negative_rle": runs(outside)}
    predictor = ScriptedPredictor([100])
    result = run(
        predictor, make_set(tmp_path, {"rle": runs(TRUTH)}, scribbles=[drawn, drawn]), prompt="scribble"
    )
    assert len(ious(result)) == 2
    assert predictor.prompts[0] == (Click(7.5, 7.5, 1), Click(8.5, 7.5, 1), Click(0.5, 0.5, 0))


def test_ignored_pixels_do_not_count(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH), "ignore_rle": runs(TRUTH & ~part(50))})
    assert ious(run(ScriptedPredictor([50]), records)) == ((1.0,),)


def test_object_without_a_counted_pixel_is_left_out(tmp_path: Path) -> None:
    nothing = [HEIGHT * WIDTH]
    records = make_set(tmp_path, {"rle": nothing}, {"rle": runs(TRUTH), "ignore_rle": runs(TRUTH)})
    with pytest.raises(EvaluationError, match="nothing was measured"):
        summarise([run(ScriptedPredictor([50]), records)], max_clicks=20)


@pytest.mark.parametrize(
    ("prompt", "items"),
    [("text", (TextPrompt("couch"),)), ("text+click", (TextPrompt("couch"), Click(9.5, 9.5, 1)))],
)
def test_text_comes_first_by_the_common_name(
    tmp_path: Path, prompt: str, items: tuple[PromptItem, ...]
) -> None:
    predictor = ScriptedPredictor([50, 100])
    run(predictor, make_set(tmp_path, {"rle": runs(TRUTH), "label": "sofa"}), prompt=prompt)
    assert predictor.prompts[0] == items
    assert isinstance(predictor.prompts[1][-1], Click)


def test_model_that_takes_no_text_says_so(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH), "label": "sofa"})
    with pytest.raises(PromptError, match="no text tower"):
        run(ScriptedPredictor([50], takes_text=False), records, prompt="text")


def test_every_click_is_given_when_asked_for(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH)})
    assert len(ious(run(ScriptedPredictor([91]), records, max_clicks=9, every_click=True))[0]) == 9


def test_labels_are_kept_after_every_click(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH), "label": "sofa"})
    (entry,) = run(ScriptedPredictor([50], ["cat", "sofa"]), records, max_clicks=3).objects
    assert (entry.labels, entry.truth_label) == (("cat", "sofa", "sofa"), "sofa")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("text", "needs labels"),
        ("text+click", "needs labels"),
        ("scribble", "needs human scribbles"),
        ("gaze", "unknown prompt 'gaze'"),
    ],
)
def test_prompt_that_the_set_has_nothing_for_is_refused(tmp_path: Path, prompt: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        run(ScriptedPredictor([50]), make_set(tmp_path, {"rle": runs(TRUTH)}), prompt=prompt)


def test_image_of_another_size_than_its_index_is_refused(tmp_path: Path) -> None:
    records = make_set(tmp_path, {"rle": runs(TRUTH)})
    Image.new("RGB", (WIDTH + 1, HEIGHT)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="its index says"):
        run(ScriptedPredictor([50]), records)


def test_without_memory_no_step_sees_the_one_before(tmp_path: Path) -> None:
    predictor = ScriptedPredictor([20])
    run(predictor, make_set(tmp_path, {"rle": runs(TRUTH)}), max_clicks=3, memory=False)
    assert predictor.memories == [None, None, None]


def test_steps_that_miss_a_click_are_not_counted_as_obeying(tmp_path: Path) -> None:
    result = run(ScriptedPredictor([0, 100]), make_set(tmp_path, {"rle": runs(TRUTH)}), max_clicks=2)
    assert len(ious(result)[0]) == 2
    assert result.objects[0].obeyed_steps == 1
