"""The figures of a data set, against examples worked by hand."""

import pytest

from splitseem_eval.figures import ImageResult, ObjectResult, summarise

pytestmark = pytest.mark.unit


def object_result(
    *ious: float, labels: tuple[str | None, ...] = (None,), truth_label: str | None = None, obeyed: int = 0
) -> ObjectResult:
    steps = len(ious)
    return ObjectResult(
        ious, ious, labels, truth_label, obeyed, step_seconds=0.3 * steps, mask_seconds=0.1 * steps
    )


def test_figures_are_means_over_objects() -> None:
    results = [
        ImageResult(
            (object_result(0.85, 0.95, obeyed=2), object_result(0.2, 0.8, 0.88, 0.89, obeyed=3)), 1.0
        ),
        ImageResult((object_result(0.1, 0.3, 0.5, 0.6, obeyed=1),), encode_seconds=3.0),
    ]
    figures = summarise(results, max_clicks=4).to_dict()
    assert figures.pop("iou_by_click") == pytest.approx((1.15 / 3, 2.05 / 3, 2.33 / 3, 2.44 / 3))
    assert figures == pytest.approx(
        {
            "noc85": (1 + 3 + 4) / 3,
            "noc90": (2 + 4 + 4) / 3,
            "nof85": 1,
            "nof90": 2,
            "iou1": (0.85 + 0.2 + 0.1) / 3,
            "iou3": (0.95 + 0.88 + 0.5) / 3,
            "iou5": (0.95 + 0.89 + 0.6) / 3,
            "largest_fall": 0.0,
            "boundary5": (0.95 + 0.89 + 0.6) / 3,
            "label1": None,
            "label5": None,
            "obeyed": 6 / 10,
            "seconds_per_click": 0.4,
            "seconds_per_step": 0.3,
            "seconds_per_mask": 0.1,
            "seconds_per_image": 2.0,
            "images": 2,
            "objects": 3,
        },
        abs=1e-12,  # float64 sums
    )


def test_largest_fall_is_of_the_mean_and_of_the_first_five_clicks() -> None:
    falls_and_rises = object_result(0.5, 0.4, 0.8, 0.74, 0.7, 0.1)
    rises_and_falls = object_result(0.5, 0.6, 0.6, 0.60, 0.6, 0.1)
    summary = summarise([ImageResult((falls_and_rises, rises_and_falls), 1.0)], max_clicks=20)
    assert summary.largest_fall == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("labels", "truth_label", "right"),
    [
        (("dog", "cat"), "cat", (0.0, 1.0)),
        (("cat",), "cat", (1.0, 1.0)),
        (("motorbike",), "motorcycle", (1.0, 1.0)),
        (("grass-merged",), "grass", (1.0, 1.0)),
        ((None,), "cat", (None, None)),
        ((None, "cat"), "cat", (0.0, 1.0)),
        (("cat",), None, (None, None)),
    ],
    ids=[
        "named later",
        "at once",
        "another set's word",
        "suffix",
        "model without names",
        "named at last",
        "not labelled",
    ],
)
def test_label_is_right_by_its_common_name(
    labels: tuple[str | None, ...], truth_label: str | None, right: tuple[float | None, float | None]
) -> None:
    entry = object_result(*[0.5] * len(labels), labels=labels, truth_label=truth_label)
    summary = summarise([ImageResult((entry,), 1.0)], max_clicks=20)
    assert (summary.label1, summary.label5) == right


def test_objects_without_a_label_do_not_count_for_the_labels() -> None:
    named, unnamed = object_result(0.5, labels=("cat",), truth_label="cat"), object_result(0.5)
    assert summarise([ImageResult((named, unnamed), 1.0)], max_clicks=20).label1 == 1.0
