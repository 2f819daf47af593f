"""The mask refiner: what it sees of a prompt, and what leaves a mask unchanged."""

import pytest
import torch

from splitseem_export.refiner_graphs import random_case, trace_refiner
from splitseem_export.sessions import OnnxRefiner
from splitseem_export.verify import verify_refiner
from splitseem_model.config import RefinerConfig
from splitseem_model.mask.refiner import MaskRefiner, RefinerInputs

pytestmark = pytest.mark.unit
CONFIG = RefinerConfig(widths=(8, 12, 16), look_dim=8)


@pytest.fixture
def refiner() -> MaskRefiner:
    torch.manual_seed(0)
    fresh = MaskRefiner(CONFIG, level_channels=(32, 32, 32), mask_dim=16).eval()
    torch.nn.init.normal_(fresh.change.weight)
    return fresh


def refined(refiner: MaskRefiner, labels: tuple[int, ...], points: slice = slice(None)) -> torch.Tensor:
    maps, inputs = random_case(refiner, (2, 3), labels, seed=1)
    mask, previous, coords, given, features = inputs
    with torch.inference_mode():
        answer: torch.Tensor = refiner(
            refiner.prepare(*maps), mask, previous, coords[:, points], given[:, points], features[:, points]
        )
    return answer


def test_a_fresh_refiner_leaves_the_mask_as_it_is() -> None:
    fresh = MaskRefiner(CONFIG, level_channels=(32, 32, 32), mask_dim=16)
    maps, inputs = random_case(fresh, (2, 3), (1, 0), seed=0)
    torch.testing.assert_close(fresh(fresh.prepare(*maps), *inputs), inputs[0])


def test_padding_says_nothing(refiner: MaskRefiner) -> None:
    with_padding = refined(refiner, (1, 0, -1, -1))
    torch.testing.assert_close(with_padding, refined(refiner, (1, 0, -1, -1), slice(2)))


def test_the_order_of_points_does_not_matter(refiner: MaskRefiner) -> None:
    maps, inputs = random_case(refiner, (2, 2), (1, 0, 1, 2, 3), seed=2)
    turned = RefinerInputs(*inputs[:2], *(part.flip(1) for part in inputs[2:]))
    features = refiner.prepare(*maps)
    torch.testing.assert_close(refiner(features, *inputs), refiner(features, *turned))


@pytest.mark.parametrize("labels", [(1,), (0,), (2, 3)], ids=["positive", "negative", "box"])
def test_every_kind_of_point_changes_the_mask(refiner: MaskRefiner, labels: tuple[int, ...]) -> None:
    maps, (mask, previous, coords, given, features) = random_case(refiner, (3, 3), labels, seed=3)
    if labels == (2, 3):
        coords = torch.tensor([[[20.0, 20.0], [70.0, 70.0]]])
    looks = refiner.prepare(*maps)
    answer = refiner(looks, mask, previous, coords, given, features)
    silent = refiner(looks, mask, previous, coords, torch.full_like(given, -1), features)
    assert (answer - silent).abs().max() > 1e-3


def test_the_exported_refiner_agrees(refiner: MaskRefiner) -> None:
    reports = verify_refiner(refiner, OnnxRefiner.of_graphs(trace_refiner(refiner)))
    assert {"one point", "box and clicks of both labels", "no point"} <= {r["name"] for r in reports}
