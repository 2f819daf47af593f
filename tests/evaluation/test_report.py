"""The page: what it shows, of which objects, and that it needs nothing beside it."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.data import DataImage, read_index
from splitseem_eval.evaluate import EvaluationSettings, evaluate
from splitseem_eval.figures import ImageResult, ObjectResult
from splitseem_eval.grabcut import GrabCutPredictor
from splitseem_eval.report.cases import Contestant, choose
from splitseem_eval.report.curves import click_curves
from splitseem_eval.report.page import write_report
from splitseem_eval.report.pictures import outline, picture
from splitseem_proto import Box, Click, PromptItem, encode_rle

if TYPE_CHECKING:
    from splitseem_model.predictor import Predictor

pytestmark = pytest.mark.unit

SHAPES = {"round": 14, "narrow": 6, "wide": 26}
"""Name -> half the width of an ellipse, pixels; the label of the object and the name of the photo."""


class OutlinePredictor(GrabCutPredictor):
    """Answers every prompt with the same disk, and calls it round."""

    name = "disk & co"

    def step(self, image: Any, items: Sequence[PromptItem], memory: Any = None) -> Any:
        return replace(cast(Any, super().step(image, items, memory)), label="round")

    def mask(self, image: Any, step: Any) -> NDArray[np.bool_]:
        return ellipse(14)


def ellipse(half_width: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:48, :64] + 0.5
    inside: NDArray[np.bool_] = ((columns - 30.5) / half_width) ** 2 + ((rows - 24.5) / 14) ** 2 < 1
    return inside


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[DataImage]:
    """Rendered photos, one ellipse each, red on grey."""
    folder = tmp_path_factory.mktemp("shapes")
    lines = []
    for name, half_width in SHAPES.items():
        mask = ellipse(half_width)
        pixels = np.random.default_rng(0).integers(90, 130, (48, 64, 3), dtype=np.uint8)
        pixels[mask] = (210, 40, 40)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        entry = {"label": name, "rle": list(encode_rle(mask).counts)}
        record = {"image": f"{name}.png", "dataset": "shapes", "size_hw": [48, 64], "objects": [entry]}
        lines.append(json.dumps(record))
    with gzip.open(folder / "index.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    return read_index(folder / "index.jsonl.gz")


def contestant(
    predictor: GrabCutPredictor, records: list[DataImage], settings: EvaluationSettings
) -> Contestant:
    measured = cast("Predictor", predictor)
    return Contestant(measured, settings, list(evaluate(measured, records, settings)))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, records: list[DataImage]) -> str:
    settings = EvaluationSettings(max_clicks=6)
    contestants = {p.name: contestant(p, records, settings) for p in (OutlinePredictor(), GrabCutPredictor())}
    folder = tmp_path_factory.mktemp("report") / "new"
    path = write_report(folder, "disks < shapes", {"data": "shapes", "codec": None}, records, contestants)
    assert [entry.name for entry in folder.iterdir()] == [path.name] == ["index.html"]
    return path.read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Keeps the tags with their attributes, and sees that all are closed in turn."""

    VOID = frozenset({"meta", "input", "link", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in attributes.items())]


def test_page_is_complete_and_needs_nothing_beside_it(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    links = [a[key] or "" for _, a in reader.tags for key in ("href", "src") if key in a]
    assert links
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in links)
    assert "http" not in page


def test_figures_stand_side_by_side_and_the_better_is_marked(page: str) -> None:
    assert '<th scope="row">NoF90</th><td>2</td><td class=best>' in page
    assert ">disk &amp; co</th>" in page
    assert ">opencv-grabcut</th>" in page


def test_every_object_is_shown_once_with_both_answers(page: str) -> None:
    reader = Reader(page)
    names = [f"<h3>{name}.png <span>{name}</span></h3>" for name in SHAPES]
    assert [page.count(name) for name in names] == [1, 1, 1]
    assert page.index(names[0]) < page.index(names[2])  # the round one is the best
    assert len(reader.all("image")) == 3  # every photo is in the page once
    assert len(reader.all("svg", **{"class": "picture"})) >= 2 * 3


def test_caption_has_clicks_overlap_and_label(page: str) -> None:
    assert "<figcaption>1 click <b>1.000</b>, round</figcaption>" in page
    assert "<figcaption>3 clicks <b>" in page


def test_title_is_escaped_and_conditions_that_are_not_set_are_left_out(page: str) -> None:
    assert "<title>disks &lt; shapes</title>" in page
    assert "<dt>data</dt><dd>shapes</dd>" in page
    assert "<dt>codec</dt>" not in page


def test_first_prompt_other_than_a_click_is_named(tmp_path: Path, records: list[DataImage]) -> None:
    baseline = GrabCutPredictor()
    settings = EvaluationSettings(prompt="box", max_clicks=3)
    path = write_report(tmp_path, "box", {}, records, {"cut": contestant(baseline, records, settings)})
    page = path.read_text(encoding="utf-8")
    assert "<figcaption>box <b>" in page
    assert Reader(page).all("rect")


def results_of(*scores: float) -> list[ImageResult]:
    return [ImageResult((ObjectResult((s,), (s,), (None,), None, 1, 0.1, 0.1),), 0.1) for s in scores]


@pytest.mark.parametrize(
    ("scores", "best", "median", "worst"),
    [
        ((0.1, 0.9, 0.5, 0.3, 0.7, 0.8, 0.2), (1, 5), (2, 3), (6, 0)),
        ((0.5, 0.1, 0.9), (2,), (0,), (1,)),
        ((0.5, 0.1), (0,), (), (1,)),
        ((0.5,), (0,), (), ()),
    ],
)
def test_best_middle_and_worst_objects_are_chosen(
    scores: tuple[float, ...], best: tuple[int, ...], median: tuple[int, ...], worst: tuple[int, ...]
) -> None:
    chosen = choose(results_of(*scores), each=2)
    assert {group: tuple(image for image, _ in places) for group, places in chosen.items()} == {
        "best": best,
        "median": median,
        "worst": worst,
    }


def test_outline_follows_borders_and_holes() -> None:
    mask = np.zeros((7, 8), np.bool_)
    mask[1:6, 1:7] = True
    mask[3, 3:5] = False
    assert outline(mask).count("Z") == 2
    assert "M1.5 1.5" in outline(mask)
    assert outline(np.zeros((3, 4), np.bool_)) == ""


def test_picture_draws_clicks_by_their_label_and_boxes() -> None:
    mask = np.ones((40, 60), np.bool_)
    items = (Click(10.5, 20.5, 1), Click(30.5, 5.5, 0), Box(1, 2, 30, 22))
    reader = Reader(picture("photo1", "a &amp; b", mask, mask, items))
    assert reader.all("svg", viewbox="0 0 60 40")
    assert [len(reader.all("g", **{"class": kind})) for kind in ("positive", "negative")] == [1, 1]
    assert reader.all("rect", x="1", y="2", width="29", height="20")
    assert reader.all("use", href="#photo1")


def test_pixels_of_a_scribble_are_dots_without_a_sign() -> None:
    mask = np.ones((40, 60), np.bool_)
    strokes, click = (Click(4.5, 4.5, 1), Click(5.5, 4.5, 1)), Click(30.5, 5.5, 1)
    reader = Reader(picture("photo1", "a", mask, mask, (*strokes, click), strokes))
    assert len(reader.all("circle", **{"class": "stroke positive"})) == 2
    assert len(reader.all("g", **{"class": "positive"})) == 1


def test_names_of_curves_that_meet_are_moved_apart() -> None:
    reader = Reader(click_curves("IoU", {"a": (0.5, 0.8), "b": (0.4, 0.8), "c": (0.3, 0.79)}))
    heights = [float(a["y"] or 0) for a in reader.all("text") if "name" in (a.get("class") or "")]
    assert all(below - above >= 16 for above, below in pairwise(heights))
    assert len(reader.all("circle")) == 6


def test_curve_of_one_perfect_click_is_a_dot() -> None:
    assert len(Reader(click_curves("IoU", {"a": (1.0,)})).all("circle")) == 1
