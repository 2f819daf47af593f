"""The simulated user: where it clicks, with which sign, and when it stops."""

import builtins
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_proto import Click

pytestmark = pytest.mark.unit

RITM, SEEM = PROTOCOLS["ritm"], PROTOCOLS["seem"]


def rectangle(top: int, left: int, height: int, width: int, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(size_hw, np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


def nothing(size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    return np.zeros(size_hw, np.bool_)


def exact_depth(region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance to the nearest pixel outside, by trying them all."""
    padded = np.pad(region, 1)
    outside = np.argwhere(~padded)
    depth = np.zeros(padded.shape)
    for pixel in np.argwhere(padded):
        depth[tuple(pixel)] = np.sqrt(((outside - pixel) ** 2).sum(axis=1).min())
    return depth[1:-1, 1:-1]


def test_first_click_is_the_deepest_pixel_of_the_object() -> None:
    truth = rectangle(2, 3, 5, 5, (12, 15))
    assert Clicker(truth, RITM).next_clicks(nothing(truth.shape)) == (Click(5.5, 4.5, 1),)


def test_depth_is_the_exact_euclidean_distance() -> None:
    yy, xx = np.mgrid[:31, :44]
    truth = (yy - 13) ** 2 / 100 + (xx - 21) ** 2 / 300 < 1
    truth[10:12, 15:30] = False
    (click,) = Clicker(truth, RITM).next_clicks(nothing(truth.shape))
    depth = exact_depth(truth)
    assert depth[int(click.y), int(click.x)] == pytest.approx(depth.max(), abs=1e-5)  # float32 distances


def test_border_of_the_image_counts_as_border_of_the_error() -> None:
    truth = rectangle(0, 0, 5, 9, (20, 20))
    (click,) = Clicker(truth, RITM).next_clicks(nothing(truth.shape))
    assert (click.x, click.y) == (2.5, 2.5)  # the middle of its height, not the edge of the image


@pytest.mark.parametrize(
    ("protocol", "expected_label"), [(RITM, 0), (SEEM, 1)], ids=["ritm-by-depth", "seem-by-area"]
)
def test_sign_follows_depth_or_area(protocol: Any, expected_label: int) -> None:
    # 3 x 40 missed pixels: many but narrow. 7 x 7 wrong ones: fewer but deep.
    truth = rectangle(2, 2, 3, 40, (30, 50))
    mask = rectangle(15, 20, 7, 7, (30, 50))
    clicks = Clicker(truth, protocol).next_clicks(mask)
    assert {click.label for click in clicks} == {expected_label}


def test_wrongly_covered_pixels_get_a_negative_click() -> None:
    truth = rectangle(1, 1, 4, 4, (20, 20))
    mask = truth | rectangle(10, 10, 5, 5, (20, 20))
    assert Clicker(truth, RITM).next_clicks(mask) == (Click(12.5, 12.5, 0),)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_perfect_mask_needs_no_click(protocol: Any) -> None:
    truth = rectangle(1, 1, 4, 4, (20, 20))
    assert Clicker(truth, protocol).next_clicks(truth) == ()


def test_object_of_one_pixel_is_clicked() -> None:
    truth = rectangle(0, 6, 1, 1, (4, 7))
    assert Clicker(truth, RITM).next_clicks(nothing((4, 7))) == (Click(6.5, 0.5, 1),)
    # The 3 x 3 square is cut at the border of the image.
    square = Clicker(truth, SEEM).next_clicks(nothing((4, 7)))
    assert [(click.x, click.y) for click in square] == [(5.5, 0.5), (6.5, 0.5), (5.5, 1.5), (6.5, 1.5)]


def test_seem_clicks_nine_pixels() -> None:
    truth = rectangle(2, 3, 5, 5, (12, 15))
    clicks = Clicker(truth, SEEM).next_clicks(nothing(truth.shape))
    assert [(click.x, click.y) for click in clicks] == [
        (x, y) for y in (3.5, 4.5, 5.5) for x in (4.5, 5.5, 6.5)
    ]


def test_seem_is_content_at_its_threshold() -> None:
    truth = rectangle(0, 0, 10, 40, (20, 50))
    almost = rectangle(0, 0, 10, 37, (20, 50))  # IoU 0.925
    assert Clicker(truth, SEEM).next_clicks(almost) == ()
    assert Clicker(truth, SEEM).next_clicks(rectangle(0, 0, 10, 36, (20, 50))) != ()
    assert Clicker(truth, RITM).next_clicks(almost) != ()


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_no_pixel_is_clicked_twice(protocol: Any) -> None:
    truth = rectangle(1, 1, 3, 3, (5, 5))
    clicker = Clicker(truth, protocol)
    centres = []
    while clicks := clicker.next_clicks(nothing((5, 5))):
        centres.append(clicks[len(clicks) // 2])
        assert len(centres) <= truth.sum()
    assert len(centres) == len(set(centres))


def test_ignored_pixels_are_no_error() -> None:
    truth = rectangle(2, 2, 5, 12, (20, 20))
    ignore = rectangle(0, 7, 20, 13, (20, 20))
    clicker = Clicker(truth, RITM, ignore)
    assert clicker.next_clicks(nothing(truth.shape)) == (Click(4.5, 4.5, 1),)
    right_where_it_counts = rectangle(2, 2, 5, 5, (20, 20))
    assert Clicker(truth, RITM, ignore).next_clicks(right_where_it_counts) == ()
    assert Clicker(truth, SEEM, ignore).next_clicks(right_where_it_counts) == ()


def test_empty_object_and_empty_mask_need_no_click() -> None:
    assert Clicker(nothing((4, 4)), RITM).next_clicks(nothing((4, 4))) == ()


def test_missing_opencv_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_opencv(name: str, *rest: Any, **named: Any) -> Any:
        if name == "cv2":
            raise ImportError("No module named 'cv2'")
        return real_import(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_opencv)
    with pytest.raises(ImportError, match=r"splitseem\[train\]"):
        Clicker(rectangle(0, 0, 2, 2, (4, 4)), RITM).next_clicks(nothing((4, 4)))
