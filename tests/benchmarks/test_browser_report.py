"""The tables of the browser benchmark."""

import pytest
from benchmarks.browser.report import SAM_FP32, SAM_INT8, Measured, Row, ratio, rows_of, table, verdicts

pytestmark = pytest.mark.unit

MFLOP = 1_000_000
MEASURED = [
    Measured(SAM_FP32, 1024, {"run": [100.0, 200.0, 100.0], "products": [50.0, 100.0, 50.0]}, 4_000, 3_000),
    Measured(SAM_INT8, 1024, {"run": [50.0, 100.0, 50.0]}),
    Measured("nano whole click", 512, {"run": [10.0, 20.0, 10.0], "open": [30.0, 60.0, 30.0]}),
    Measured(
        "nano step fp32", 512, {"run": [4.0, 8.0, 5.0], "products": [2.0, 8.0, 4.0]}, 8_000_000, 4_000_000
    ),
    Measured("nano prepare fp32", 512, {"run": [12.0, 24.0, 12.0]}),
    Measured("official step fp32", 512, {"run": [90.0, 180.0, 90.0]}),
    Measured("official as written fp32", 512, {"run": [990.0, 1980.0, 990.0]}),
]


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return {row.name: row for row in rows_of(MEASURED, threads=1)}


def test_ratios_are_taken_round_by_round(rows: dict[str, Row]) -> None:
    assert ratio([1.0, 20.0, 3.0], [1.0, 10.0, 3.0]) == 1.0
    assert rows["nano whole click"].to_sam_fp32 == 0.1
    assert rows["nano whole click"].to_sam_int8 == 0.2


def test_a_slow_round_of_the_whole_machine_changes_no_ratio(rows: dict[str, Row]) -> None:
    assert rows["official step fp32"].to_sam_fp32 == 0.9
    assert rows["official step fp32"].least_to_sam_fp32 == 0.9


def test_share_is_that_of_matrices_alone(rows: dict[str, Row]) -> None:
    step = rows["nano step fp32"]
    assert step.gflop == 0.008
    assert step.gflops == 1.6  # 8 MFLOP in 5 ms
    assert step.matmul_gflops == 1.0  # 4 MFLOP in 4 ms
    assert step.share == 1.6  # convolutions count for the graph, and have no product beside them


def test_preparing_is_added_to_the_click(rows: dict[str, Row]) -> None:
    assert rows["nano whole click + prepare"].median == 40.0
    assert rows["nano step fp32 + prepare"].median == 17.0
    assert rows["nano whole click + prepare"].to_sam_fp32 == 0.4


def test_parts_have_medians(rows: dict[str, Row]) -> None:
    assert rows["nano whole click"].parts == {"open": 30.0}


def test_without_sam_there_are_no_ratios() -> None:
    (row,) = rows_of([Measured("nano whole click", 512, {"run": [1.0]})], threads=1)
    assert row.to_sam_fp32 is None
    assert verdicts([row]) == []


def test_table_has_a_line_for_every_row(rows: dict[str, Row]) -> None:
    text = table(list(rows.values()))
    assert [name for name in rows if f"| {name} " not in text] == []
    assert "nano whole click, 512: open 30.0" in text


def test_verdicts_name_what_is_asked(rows: dict[str, Row]) -> None:
    assert verdicts(list(rows.values())) == [
        "nano step 512 / SAM click: 0.040 (at most 0.08, goal 0.04)",
        "official step 512 / SAM click: 0.900 (at most 1.2, goal 0.8)",
        "official as written / step, 512: 11.0 (at least 10)",
    ]


def test_everything_is_told_in_seconds() -> None:
    samples = {"run": [10.0], "everything": [2400.0, 2600.0]}
    assert verdicts(rows_of([Measured("nano whole click", 512, samples)], threads=1)) == [
        "everything in the photo, 512: 2.5 s (at most 1.5 at 512)"
    ]


def test_a_click_while_the_image_is_opened_is_held_to_an_idle_one() -> None:
    samples = {"run": [10.0, 20.0], "while opening": [12.0, 24.0], "longest slice": [30.0, 50.0]}
    assert verdicts(rows_of([Measured("nano whole click", 512, samples)], threads=1)) == [
        "nano whole click while the image is opened / idle, 512: 1.20 (at most 1.5)",
        "longest slice of opening it, 512: 40 ms (at most 50)",
    ]
