"""The pages state the figures of the bundled nano as they were measured."""

import json
from pathlib import Path

import pytest
from benchmarks.marked_places import with_figures
from benchmarks.nano_figures import PAGES, PARTS, RESULT
from benchmarks.service_page import PAGE as SERVICE_PAGE
from benchmarks.service_page import PARTS as SERVICE_PARTS
from benchmarks.service_page import figures as service_figures

pytestmark = pytest.mark.unit
FIGURES = {
    "grabcut": {
        "noc85": 1.5,
        "noc90": 2.5,
        "iou1": 0.7,
        "iou3": 0.8,
        "iou5": 0.9,
        "boundary5": 0.5,
        "obeyed": 1,
    },
    "coco": {"noc85": 4, "noc90": 6, "iou1": 0.6, "iou3": 0.7, "iou5": 0.8, "boundary5": 0.4, "obeyed": 1}
    | {"label1": 0.625, "label5": 0.65},
    "text": {"iou1": 0.35},
    "everything": {"met70": 0.575, "proposals": 81.2},
}


def test_marked_places_are_written_and_the_rest_stays() -> None:
    page = "before\n<!-- figures: NAME -->\nold\n<!-- end of figures -->\nafter"
    clicks = with_figures(page.replace("NAME", "clicks"), FIGURES, PARTS)
    assert clicks.startswith("before\n")
    assert clicks.endswith("\nafter")
    assert "| COCO_MVal, 120 | 4.00 | 6.00 | 0.600 | 0.700 | 0.800 | 0.400 | 1.000 |" in clicks
    assert "old" not in clicks
    prompts = with_figures(page.replace("NAME", "prompts"), FIGURES, PARTS)
    assert "| the name alone | COCO_MVal | 0.350 |  |  | `--prompt text --max-clicks 1` |" in prompts
    assert "scribble" not in prompts  # it was not measured
    assert "0.625 after one click, 0.650 after five" in with_figures(
        page.replace("NAME", "names"), FIGURES, PARTS
    )
    assert "0.575 of the objects" in with_figures(page.replace("NAME", "everything"), FIGURES, PARTS)
    assert "1.5 clicks to an IoU of 85 %" in with_figures(page.replace("NAME", "quality"), FIGURES, PARTS)
    assert with_figures(clicks, FIGURES, PARTS) == clicks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_state_what_was_measured(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_figures(text, json.loads(RESULT.read_text(encoding="utf-8")), PARTS) == text


def test_the_page_of_benchmarks_states_what_the_service_was_measured_at() -> None:
    text = SERVICE_PAGE.read_text(encoding="utf-8")
    assert "<!-- figures: service -->" in text
    assert "<!-- figures: overload -->" in text
    assert with_figures(text, service_figures(), SERVICE_PARTS) == text
