"""Layers that oneDNN runs give the same numbers, and stay what they were for everything else."""

import pytest
import torch
from torch import nn

from splitseem_model.layers.onednn import OneDnnLinear, OneDnnPointwise, linear_gelu, use_onednn

pytestmark = pytest.mark.unit

TOLERANCE = 1e-5  # sums of at most 40 products of order 1, in another order


@pytest.fixture
def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 40), nn.GELU(), nn.Linear(40, 8, bias=False))


@pytest.fixture
def convolutions() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(6, 12, 1), nn.Conv2d(12, 12, 1, bias=False), nn.Conv2d(12, 4, 3, padding=1)
    )


def test_linear_layers_give_the_same_numbers(linear: nn.Module) -> None:
    x = torch.randn(2, 5, 7, 24)
    names = list(linear.state_dict())
    with torch.inference_mode():
        expected = linear(x)
        use_onednn(linear)
        torch.testing.assert_close(linear(x), expected, atol=TOLERANCE, rtol=0)
        turned, expected_turned = linear(x.permute(0, 2, 1, 3)), expected.permute(0, 2, 1, 3)
        torch.testing.assert_close(turned, expected_turned, atol=TOLERANCE, rtol=0)
    assert isinstance(linear[0], OneDnnLinear)  # type: ignore[index]
    assert list(linear.state_dict()) == names


def test_gelu_follows_a_layer_in_one_go() -> None:
    torch.manual_seed(0)
    layers, x = nn.Sequential(nn.Linear(24, 40)), torch.randn(2, 5, 24) * 3
    first = layers[0]
    assert isinstance(first, nn.Linear)
    with torch.inference_mode():
        expected = nn.functional.gelu(first(x))
        assert torch.equal(linear_gelu(first, x), expected)
        use_onednn(layers)
        torch.testing.assert_close(linear_gelu(first, x), expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_convolutions_give_the_same_numbers(convolutions: nn.Module, layout: torch.memory_format) -> None:
    x = torch.randn(2, 6, 5, 7).contiguous(memory_format=layout)
    with torch.inference_mode():
        expected = convolutions(x)
        use_onednn(convolutions)
        torch.testing.assert_close(convolutions(x), expected, atol=TOLERANCE, rtol=0)
    kinds = [type(part) for part in convolutions.children()]
    assert kinds == [OneDnnPointwise, OneDnnPointwise, nn.Conv2d]


def test_layers_still_learn(linear: nn.Module) -> None:
    use_onednn(linear)
    linear(torch.randn(3, 24)).sum().backward()
    assert all(parameter.grad is not None for parameter in linear.parameters())


def test_other_precisions_go_the_usual_way(linear: nn.Module) -> None:
    use_onednn(linear)
    with torch.inference_mode():
        assert linear.double()(torch.randn(3, 24).double()).dtype == torch.float64
        with torch.autocast("cpu", torch.bfloat16):
            assert linear.float()(torch.randn(3, 24)).dtype == torch.bfloat16
