"""Sine position codes, against values worked by hand."""

import math

import pytest
import torch

from splitseem_model.layers.position import sine_at, sine_position

pytestmark = pytest.mark.unit

CPU = torch.device("cpu")


def test_rows_fill_the_first_half_of_the_channels_and_columns_the_second() -> None:
    code = sine_position(3, 5, 16, CPU, torch.float32)
    assert code.shape == (1, 16, 3, 5)
    assert (code[:, :8] == code[:, :8, :, :1]).all()
    assert (code[:, 8:] == code[:, 8:, :1, :]).all()


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (0, math.sin(2 * math.pi * 2 / 3)),
        (1, math.cos(2 * math.pi * 2 / 3)),
        (2, math.sin(2 * math.pi * 2 / 3 / 10000 ** (2 / 4))),
        (3, math.cos(2 * math.pi * 2 / 3 / 10000 ** (2 / 4))),
        (4, math.sin(2 * math.pi * 4 / 5)),
        (5, math.cos(2 * math.pi * 4 / 5)),
    ],
)
def test_code_of_second_row_and_fourth_column(channel: int, expected: float) -> None:
    # 3e-6: upstream divides by the size + 1e-6, and angles reach 2 pi.
    assert sine_position(3, 5, 8, CPU, torch.float32)[0, channel, 1, 3].item() == pytest.approx(
        expected, abs=3e-6
    )


def test_point_at_the_far_corner_of_a_cell_has_the_code_of_the_cell() -> None:
    coords_xy = torch.tensor([[[4 / 5, 2 / 3], [1.0, 1.0]]])
    code = sine_position(3, 5, 16, CPU, torch.float32)
    expected = torch.stack((code[0, :, 1, 3], code[0, :, 2, 4]))
    torch.testing.assert_close(sine_at(coords_xy, 16)[0], expected, atol=5e-6, rtol=0)


def test_dtype_is_the_one_asked_for() -> None:
    assert sine_position(2, 2, 8, CPU, torch.float16).dtype == torch.float16
