"""`splitseem segment`: examples, words that were said, and rules for regions."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.options.model import ModelOptions
from splitseem_cli.segment import command
from splitseem_model.errors import PromptError
from splitseem_model.prompt.memory import MemoryPrompt
from splitseem_model.prompt.shapes import RegionRules
from splitseem_model.step.options import StepOptions
from splitseem_proto import Click, ImageGeometry

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class FakeStep:
    mask: Any
    memory: MemoryPrompt
    score: float = 1.0
    label: str | None = None
    label_score: float | None = None


@dataclass
class NotingPredictor:
    """Notes what it is asked; an example is the mean colour of its photo and the items on it."""

    name: str = "notes"
    fingerprint: str = "0f" * 8
    options: StepOptions = field(default_factory=StepOptions)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def encode(self, image_rgb: Any, **_options: Any) -> Any:
        size_hw = image_rgb.shape[:2]
        geometry = ImageGeometry.whole_image(size_hw, (64, 96), (64, 96))
        return SimpleNamespace(pixels=image_rgb, geometry=geometry)

    @property
    def region_rules(self) -> RegionRules:
        return self.options.region_rules or RegionRules("filled", "outline")

    @property
    def decoder(self) -> "NotingPredictor":
        return self

    def with_options(self, options: StepOptions) -> "NotingPredictor":
        if options.region_rules is not None and options.region_rules.box == "corners":
            raise PromptError("no labels for corners")
        return replace(self, options=options)

    def example(self, image: Any, items: Any) -> Any:
        return int(image.pixels.mean()), tuple(items)

    def step(self, image: Any, items: Any, memory: Any, *, example: Any, transcript: Any) -> FakeStep:
        self.asked.append((tuple(items), memory is not None, example, transcript, self.region_rules))
        return FakeStep(
            np.ones(image.geometry.original_hw, np.bool_), MemoryPrompt(np.zeros((2, 2), np.float32))
        )

    def mask(self, image: Any, step: FakeStep) -> Any:
        return step.mask


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> NotingPredictor:
    made = NotingPredictor()
    monkeypatch.setattr(ModelOptions, "load", lambda options: made)
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (60, 40), "navy").save(path)
    Image.new("RGB", (20, 30), (50, 50, 50)).save(tmp_path / "shown.png")
    return path


def run(photo: Path, *arguments: object) -> Result:
    out = photo.with_name("out.json")
    return CliRunner().invoke(command, [str(photo), *(str(a) for a in arguments), "-o", str(out)])


def test_an_example_alone_is_one_step_without_prompts(photo: Path, predictor: NotingPredictor) -> None:
    arguments = ("--example-point", "5,25", "--example-point", "7,25")
    assert run(photo, "--example", photo.with_name("shown.png"), *arguments).exit_code == 0
    region = (50, (Click(5, 25, 1), Click(7, 25, 1)))
    assert predictor.asked == [((), False, region, None, RegionRules("filled", "outline"))]
    document = json.loads(photo.with_name("out.json").read_text())
    assert document["prompts"] == []
    assert document["num_prompts"] == 0
    assert document["example"] == {"image": "shown.png", "points": [[5.0, 25.0], [7.0, 25.0]]}


def test_an_example_and_words_are_known_in_every_round(photo: Path, predictor: NotingPredictor) -> None:
    arguments = ("--example", photo.with_name("shown.png"), "--example-point", "5,25")
    assert run(photo, "--point", "9,9", *arguments, "--point", "8,8", "--audio-text", "a ship").exit_code == 0
    assert [(len(items), remembers) for items, remembers, *_ in predictor.asked] == [(1, False), (2, True)]
    assert [(region[0], words) for *_, region, words, _ in predictor.asked] == [(50, "a ship")] * 2
    assert json.loads(photo.with_name("out.json").read_text())["audio_text"] == "a ship"


def test_a_place_beside_the_example_is_refused(photo: Path, predictor: NotingPredictor) -> None:
    result = run(photo, "--example", photo.with_name("shown.png"), "--example-point", "25,5")
    assert result.exit_code == 2
    assert "(25, 5) is outside the image of 20 x 30 pixels" in result.output


def test_rules_for_regions_reach_the_model(photo: Path, predictor: NotingPredictor) -> None:
    assert run(photo, "--box", "1,1,9,9", "--box-as", "surround", "--polygon-as", "filled").exit_code == 0
    assert predictor.asked[0][-1] == RegionRules("surround", "filled")
    result = run(photo, "--box", "1,1,9,9", "--box-as", "corners")
    assert result.exit_code == 2
    assert "no labels for corners" in result.output


def test_a_mask_is_places_and_a_memory_and_no_prompt_of_its_own(
    photo: Path, predictor: NotingPredictor
) -> None:
    drawn = Image.new("L", (60, 40))
    drawn.paste(255, (10, 10, 14, 13))
    drawn.save(photo.with_name("known.png"))
    assert run(photo, "--mask", photo.with_name("known.png"), "--negative", "50,30").exit_code == 0
    (items, remembers, *_) = predictor.asked[0]
    assert remembers
    assert [(item.x, item.y) for item in items[:2]] == [(10.5, 10.5), (11.5, 10.5)]
    assert len(items) == 12 + 1
    document = json.loads(photo.with_name("out.json").read_text())
    assert document["mask"] == "known.png"
    assert document["num_prompts"] == len(document["prompts"]) == 1


def test_a_mask_of_another_size_is_refused(photo: Path, predictor: NotingPredictor) -> None:
    result = run(photo, "--mask", photo.with_name("shown.png"))
    assert result.exit_code == 2
    assert "shown.png has 20 x 30 pixels, the image 60 x 40 pixels" in result.output
